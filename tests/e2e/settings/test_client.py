"""The Python client follows the deployed hub: settings and flags reach it within their limits (CFG-11, CFG-12)."""

from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import uuid4

import httpx
import pytest
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

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


def test_changes_reach_a_client_by_push_and_by_polling_and_its_receipts_are_shown(
    cloud: Cloud, token: str, http: httpx.Client, tmp_path: Path
) -> None:
    config, flags = "/api/v1/system-config", "/api/v1/feature-flags"
    http.post(config, json={"configKey": "line.speed", "configValue": "3", "configType": "NUMBER"}).raise_for_status()
    flag = {"flagKey": "new-ui", "isEnabled": True, "targetRules": {"users": ["u-1"]}}
    http.post(flags, json=flag).raise_for_status()

    def took(client: Client, is_enabled: bool, speed: int) -> tuple[float, float]:
        began = monotonic()
        http.put(f"{flags}/new-ui", json={"isEnabled": is_enabled}).raise_for_status()
        until(lambda: client.flag("new-ui", not is_enabled, {"targetingKey": "u-1"}) is is_enabled)
        switched = monotonic()
        changed = {"configValue": str(speed)}
        http.patch(f"{config}/line.speed", json=changed, params={"layer": "tenant"}).raise_for_status()
        until(lambda: client.get("line.speed") == speed, seconds=60)
        return switched - began, monotonic() - switched

    with Client(cloud.api_base, token, keys=["line.*"], cache=tmp_path / "cache", name="line-7") as client:
        assert (client.get("line.speed"), client.flag("new-ui", False, {"targetingKey": "u-1"})) == (3, True)
        until(lambda: client.is_pushed)
        pushed = took(client, False, 5)
        seen = until(lambda: [one for one in clients(http) if one["revision"] == client.status.revision])
    assert (seen[0]["clientId"], seen[0]["status"], seen[0]["isBehind"]) == ("line-7", "ACTIVE", False)
    with Client(cloud.api_base, token, keys=["line.*"], push=False) as client:
        polled = took(client, True, 6)
    for flag_took, setting_took in (pushed, polled):
        assert flag_took < 6, (pushed, polled)  # 5 s, and what the requests themselves take here
        assert setting_took < 30, (pushed, polled)
    with Client("http://127.0.0.1:9", token, keys=["line.*"], cache=tmp_path / "cache") as other:
        assert other.status.revision is None, "the cache of another hub"


def test_nobody_listens_without_a_token_or_the_right(cloud: Cloud, token: str) -> None:
    with Client(cloud.api_base, token, push=False) as client:
        url = str(client.push_url)
    stranger = cloud.token(tenant="acme", factories=("sh-01",), user="olga", roles=("OPERATOR",))
    for headers in ({}, {"Authorization": "Bearer forged"}, {"Authorization": f"Bearer {stranger}"}):
        with pytest.raises(WebSocketException), connect(url, additional_headers=headers, proxy=None):
            pass


def clients(http: httpx.Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = http.get("/api/v1/settings/clients").json()["data"]["items"]
    return found
