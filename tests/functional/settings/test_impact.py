"""Whom a change would hit, before it is saved (CFG-30), and what it costs to know."""

from typing import Any

import pytest

from tests.factories.http import a_principal
from tests.factories.settings import ADMIN, EVERYTHING, data


@pytest.fixture(autouse=True)
def table(account: Any) -> None:
    account("settings")


def create(config_key: str, value: str, layer: str, user: str = "admin", tenant: str = "acme", **more: Any) -> None:
    caller = a_principal(*EVERYTHING, "config:read", user=user, tenant=tenant)
    data("POST", body={"configKey": config_key, "configValue": value, **more}, layer=layer, caller=caller)


def impact(layer: str, config_key: str, value: str | None) -> dict[str, Any]:
    body = {"configs": [{"configKey": config_key, "configValue": value}]}
    found: dict[str, Any] = data("POST", "/impact", body, caller=ADMIN, layer=layer)["items"][0]
    return found


def test_a_global_change_hits_the_tenants_that_do_not_override_it() -> None:
    create("theme", "grey", "global")
    for tenant in ("acme", "globex", "initech"):
        create("other", "x", "tenant", tenant=tenant)
    create("theme", "blue", "tenant", tenant="globex")
    create("theme", "red", "tenant", tenant="initech", isActive=False)
    found = impact("global", "theme", "white")
    assert (found["changes"], found["before"], found["after"]) == (True, "grey", "white")
    assert found["reach"] == {"layer": "tenant", "known": 3, "affected": 2, "unaffected": 1, "exact": True}
    assert not impact("global", "theme", "grey")["changes"]
    assert data("GET", "/theme", layer="global")["configValue"] == "grey"


def test_a_tenant_change_hits_users_whose_objects_it_is_merged_into() -> None:
    create("limits", '{"a":1}', "tenant", configType="JSON")
    create("limits", '{"b":2}', "user", user="ann", configType="JSON")
    create("limits", "[1]", "user", user="bob", configType="JSON")
    create("limits", '{"c":3}', "user", user="eve", tenant="globex", configType="JSON")
    found = impact("tenant", "limits", '{"a":5}')
    assert found["reach"] == {"layer": "user", "known": 2, "affected": 1, "unaffected": 1, "exact": True}


def test_a_deletion_shows_what_answers_then_and_what_depends_on_it() -> None:
    create("host", "a", "global")
    create("host", "b", "tenant")
    create("url", "https://${host}", "tenant")
    found = impact("tenant", "host", None)
    assert (found["before"], found["after"]) == ("b", "a")
    assert found["dependants"] == [{"configKey": "url", "layer": "tenant", "userId": ""}]
    assert impact("user", "host", "mine")["reach"] is None
