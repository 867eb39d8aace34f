"""The Python client follows the deployed hub: settings and flags reach it within their limits (CFG-11, CFG-12)."""

from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import uuid4

import httpx
import pytest

from enghub_cli.context import Cloud
from enghub_client import Client
from tests.waiting import until

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def token(cloud: Cloud) -> str:
    """A tenant of these tests alone."""
    return cloud.token(tenant=f"t-{uuid4().hex[:8]}", factories=("sh-01",), user="tina", roles=("TENANT_ADMIN",))


@pytest.fixture
def http(cloud: Cloud, token: str) -> Iterator[httpx.Client]:
    with cloud.http(token) as found:
        yield found


def test_changes_reach_a_client_that_polls_and_its_receipts_are_shown(
    cloud: Cloud, token: str, http: httpx.Client, tmp_path: Path
) -> None:
    config, flags = "/api/v1/system-config", "/api/v1/feature-flags"
    http.post(config, json={"configKey": "line.speed", "configValue": "3", "configType": "NUMBER"}).raise_for_status()
    http.post(
        flags, json={"flagKey": "new-ui", "isEnabled": True, "targetRules": {"users": ["u-1"]}}
    ).raise_for_status()
    context = {"targetingKey": "u-1"}
    with Client(cloud.api_base, token, keys=["line.*"], cache=tmp_path / "cache", name="line-7") as client:
        assert (client.get("line.speed"), client.flag("new-ui", False, context)) == (3, True)
        began = monotonic()
        http.put(f"{flags}/new-ui", json={"isEnabled": False}).raise_for_status()
        until(lambda: not client.flag("new-ui", True, context))
        flag_took = monotonic() - began
        began = monotonic()
        http.patch(f"{config}/line.speed", json={"configValue": "5"}, params={"layer": "tenant"}).raise_for_status()
        until(lambda: client.get("line.speed") == 5, seconds=60)
        setting_took = monotonic() - began
        seen = until(lambda: [one for one in clients(http) if one["revision"] == client.status.revision])
    print(f"a flag took {flag_took:.1f} s, a setting {setting_took:.1f} s")  # noqa: T201 - a figure for the report
    assert (seen[0]["clientId"], seen[0]["status"], seen[0]["isBehind"]) == ("line-7", "ACTIVE", False)
    assert setting_took < 30
    with Client("http://127.0.0.1:9", token, keys=["line.*"], cache=tmp_path / "cache") as other:
        assert other.status.revision is None, "the cache of another hub"


def clients(http: httpx.Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = http.get("/api/v1/settings/clients").json()["data"]["items"]
    return found
