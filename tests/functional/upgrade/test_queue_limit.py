"""How many upgrades of a tenant run at once is the stage's number, or the tenant's own (UPG-10)."""

import json
from typing import Any

import pytest

from enghub.core import audit, config
from enghub.upgrade.executions import wiring
from enghub.upgrade.origin import queue_origin
from enghub.upgrade.queue import wiring as queue_wiring
from enghub.upgrade.queue.dynamo import AUDITED
from tests.factories.handlers import sample_event
from tests.factories.http import Context, a_principal
from tests.factories.upgrade import baseline, step
from tests.functional.upgrade.conftest import Upgrade

PATH = "/api/v1/upgrade/queue"


@pytest.fixture
def hub(upgrade: Upgrade, monkeypatch: pytest.MonkeyPatch) -> Upgrade:
    monkeypatch.setenv("UPGRADE_SLOTS", "2")
    for made in (config.load, queue_wiring.queue, wiring.admission):
        made.cache_clear()
    works = step("enghub.SqlScripts", "s", sql_scripts=["s.sql"])
    upgrade.upload(baseline(upgrade_steps={"startup_pre_process": [works]}), {"s.sql": "SELECT 1"})
    return upgrade


def seen(hub: Upgrade) -> Any:
    return hub.send("read_queue", "GET", PATH)[1]["data"]


def limit(hub: Upgrade, number: Any, **options: Any) -> tuple[int, Any]:
    return hub.send("change_queue", "PUT", PATH, {"limit": number}, **options)


def begun(hub: Upgrade, site: str) -> str:
    hub.site(site)
    body = {"upgradeBeforeVersion": "2.16.4", "upgradeAfterVersion": "2.16.5", "siteId": site}
    status, answer = hub.send("execute_upgrade", "POST", "/api/v1/upgrade/execute", body)
    assert status == 202, answer
    return str(answer["data"]["executionId"])


def test_a_raised_limit_lets_the_waiting_begin_and_a_lowered_one_lets_the_running_end(hub: Upgrade) -> None:
    found = [begun(hub, site) for site in ("A", "B", "C", "D")]
    assert {key: seen(hub)[key] for key in ("limit", "ownLimit", "defaultLimit", "running", "waitingCount")} == {
        "limit": 2,
        "ownLimit": None,
        "defaultLimit": 2,
        "running": 2,
        "waitingCount": 2,
    }
    assert [who["executionId"] for who in seen(hub)["waiting"]] == found[2:]
    status, answer = limit(hub, 3)
    assert (status, answer["data"]["limit"], answer["data"]["ownLimit"]) == (200, 3, 3)
    assert wiring.admission().admit(queue_origin("acme")).done == 1
    assert limit(hub, 1)[0] == 200
    assert hub.work(found[0]) == "SUCCEEDED"
    assert wiring.admission().admit(queue_origin("acme")).done == 0
    assert (seen(hub)["running"], seen(hub)["waitingCount"]) == (2, 1)
    assert limit(hub, None)[1]["data"]["ownLimit"] is None
    assert [entry.after["limit"] for entry in audit.history("acme", AUDITED)] == [3, 1, None]


@pytest.mark.parametrize("number", [0, -1, 51, 2.5, "3", True])
def test_a_limit_out_of_bounds_is_refused_naming_the_field(hub: Upgrade, number: Any) -> None:
    status, answer = limit(hub, number)
    assert (status, answer["details"]["error"], answer["details"]["field"]) == (400, "VALIDATION_ERROR", "limit")
    assert seen(hub)["ownLimit"] is None


def test_a_body_without_the_limit_changes_nothing(hub: Upgrade) -> None:
    limit(hub, 3)
    assert hub.send("change_queue", "PUT", PATH, {})[0] == 400
    assert seen(hub)["ownLimit"] == 3


def test_only_who_manages_upgrades_may_change_the_limit(hub: Upgrade) -> None:
    assert limit(hub, 3, caller=a_principal("upgrade:read", "upgrade:execute"))[0] == 403
    assert hub.send("read_queue", "GET", PATH, caller=a_principal("upgrade:execute"))[0] == 403
    assert limit(hub, 3, caller=a_principal("upgrade:manage"))[0] == 200


def test_a_limit_is_of_one_tenant(hub: Upgrade) -> None:
    limit(hub, 3)
    other = hub.send("read_queue", "GET", PATH, caller=a_principal("upgrade:read", tenant="beta"))[1]["data"]
    assert other["limit"] == 2


def test_the_functions_take_their_samples(hub: Upgrade) -> None:
    for function, wanted in (("change_queue", 8), ("read_queue", 8)):
        answer = hub.handler(function)(sample_event("upgrade", function), Context())
        assert json.loads(answer["body"])["data"]["limit"] == wanted
