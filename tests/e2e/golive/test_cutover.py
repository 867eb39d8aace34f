"""A cut-over on the deployed application, by the real state machine: hub and people by turns (OPS-05)."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from enghub.golive.content.model import readiness_items
from enghub_cli.context import Cloud
from tests.fakes.erp_server import Erp, erp_server
from tests.waiting import until

pytestmark = pytest.mark.e2e
BASE = "/api/v1/golive"


@pytest.fixture
def erp() -> Iterator[Erp]:
    with erp_server() as found:
        yield found


class Hub:
    """The deployed hub, for a tenant of this test's own."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        tenant = f"t{uuid4().hex[:10]}"
        self.token = cloud.token(tenant=tenant, factories=(), user="lena", roles=("TENANT_ADMIN",))

    def call(self, method: str, path: str, body: Any = None, expect: int = 200) -> Any:
        with self.cloud.http(self.token) as client:
            answer = client.request(method, BASE + path, json=body)
        assert answer.status_code == expect, answer.text
        return answer.json()["data"]

    def state(self, run_id: str) -> dict[str, Any]:
        found = self.call("GET", f"/cutover-runs/{run_id}")
        return {"run": found["state"], **{one["taskId"]: one for one in found["tasks"]}}


def a_go_live() -> dict[str, Any]:
    """A go-live without a checklist."""
    without = [entry["id"] for _, _, entry in readiness_items()]
    wanted = {"name": "ERP 3", "system": "erp", "liveAt": "2026-12-12T00:00:00+08:00", "zone": "Asia/Shanghai"}
    return {**wanted, "team": [{"userId": "lena", "name": "Lena", "roles": ["commander"]}], "without": without}


def test_the_state_machine_and_people_run_a_cutover_by_turns(cloud: Cloud, erp: Erp) -> None:
    hub = Hub(cloud)
    made = hub.call("POST", "/go-lives", a_go_live(), 201)
    path = f"/go-lives/{made['goLiveId']}"
    summary = hub.call("GET", f"{path}/summary")
    for window in summary["gates"]:
        hub.call("POST", f"{path}/windows/{window['window']['windowId']}/close", {})
    seen = hub.call("GET", f"{path}/summary")["hash"]
    hub.call("POST", f"{path}/decision", {"answer": "GO", "seen": seen, "reason": "nothing is asked for"})
    hub.call("PUT", f"{path}/cutover-plan", {"tasks": tasks(erp, "lena")})
    run_id = hub.call("POST", f"{path}/cutover-runs", {"byClock": False}, 201)["runId"]
    until(lambda: hub.state(run_id)["look"]["state"] == "READY")
    assert erp.paths() == ["/freeze"]
    hub.call("POST", f"/cutover-runs/{run_id}/tasks/look/end", {"passed": True, "result": "seen"})
    approval = until(lambda: hub.state(run_id)["approve"]["approval"])
    body = {"verdict": "APPROVE", "seen": approval["seen"]}
    hub.call("POST", f"/cutover-runs/{run_id}/tasks/approve/vote", body)
    until(lambda: hub.state(run_id)["run"] == "DONE")
    assert erp.paths() == ["/freeze", "/start"]
    assert hub.call("GET", f"{path}/cutover-runs")["items"][0]["state"] == "DONE"
    until(lambda: hub.call("GET", path)["state"] == "LIVE")
    after = hub.call("GET", f"{path}/aftercare")
    assert (after["runId"], len(after["checks"])) == (run_id, 31), "checks come by themselves"
    hub.call("POST", f"{path}/aftercare/checks/day1-1", {"passed": True, "result": "calm"})
    said = {"kind": "QUESTION", "area": "orders", "text": "where is the old list"}
    hub.call("POST", f"{path}/feedback", said, 201)
    assert hub.call("GET", f"{path}/aftercare/figures")["byArea"] == {"orders": 1}
    hub.call("POST", f"{path}/aftercare/cancel", {"reason": "the old system is back"})
    assert hub.call("GET", path)["state"] == "PREPARING"


def tasks(erp: Erp, owner: str) -> list[dict[str, Any]]:
    more = {"stage": "s", "en": "task", "zh": "任务", "start": 0, "minutes": 5, "owner": owner}

    def call(path: str) -> dict[str, Any]:
        return {"steps": [{"name": "go", "method": "POST", "url": f"{erp.url}{path}", "body": "{}"}]}

    return [
        {**more, "taskId": "freeze", "kind": "automatic", "action": call("/freeze")},
        {**more, "taskId": "look", "kind": "manual", "after": ["freeze"]},
        {**more, "taskId": "approve", "kind": "approval", "after": ["look"]},
        {**more, "taskId": "start", "kind": "automatic", "after": ["approve"], "action": call("/start")},
    ]
