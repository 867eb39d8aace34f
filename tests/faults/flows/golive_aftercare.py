"""After a go-live: begun once, asked for once, reviewed once (OPS-09)."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from enghub.core.clock import system_clock
from enghub.core.timers.dynamo import read, writes
from enghub.core.timers.model import SetTimer, Wake
from enghub.core.transactions import transact
from enghub.golive.purposes import AFTERCARE_BEGIN, HANDOVER_REVIEW
from enghub.golive.readiness.model import aftercare_subject
from tests.factories import stored
from tests.factories.go_lives import Installation, a_go_live
from tests.factories.http import Context
from tests.factories.queues import failed
from tests.faults.flows.golive import HASHES, TIMERS, origin
from tests.faults.harness import Flow, register


@dataclass
class Month:
    """A go-live, and the wake-up that comes."""

    hub: Installation
    go_live: str
    wake: Wake

    def woken(self) -> list[str]:
        """The wake-up comes, and comes again."""
        record = {"messageId": "m", "body": self.wake.to_json(), "attributes": {"ApproximateReceiveCount": "1"}}
        return failed(self.hub.handler("wake_timers")({"Records": [record]}, Context()))

    def post(self, path: str, body: Any, **options: Any) -> tuple[int, Any]:
        return self.hub.send("POST", f"/go-lives/{self.go_live}/{path}", body, **options)


def timer(go_live: str, purpose: str) -> Wake:
    found = read(Wake("acme", aftercare_subject(go_live), purpose))
    assert found is not None
    return found.wake


def ended() -> Month:
    hub = Installation()
    go_live = hub.data("POST", "/go-lives", a_go_live())["goLiveId"]
    past = system_clock() - timedelta(hours=3)
    transact(*writes(SetTimer(aftercare_subject(go_live), AFTERCARE_BEGIN, past, {"run_id": "r"}), origin()))
    return Month(hub, go_live, timer(go_live, AFTERCARE_BEGIN))


def live() -> Month:
    month = ended()
    month.woken()
    return month


def begun_once(_: Month) -> None:
    assert len(stored.events("AftercareBegan")) == 1
    assert [one["state"] for one in stored.items("GOLIVE")] == ["LIVE"]
    assert len(stored.events("NoticeRequested")) == 1


def cancelled_once(_: Month) -> None:
    assert len(stored.events("AftercareEnded")) == 1
    assert [one["state"] for one in stored.items("GOLIVE")] == ["PREPARING"]


def handing() -> Month:
    """A hand-over that is planned; everybody who calls is of development."""
    month = ended()
    plan = {"startsOn": "2030-01-07", "development": ["lena"], "operations": ["omar"]}
    month.hub.data("PUT", f"/go-lives/{month.go_live}/handover", plan)
    return replace(month, wake=handover_timer(month))


def handover_timer(month: Month) -> Wake:
    past = system_clock() - timedelta(minutes=1)
    transact(*writes(SetTimer(f"handover/{month.go_live}", HANDOVER_REVIEW, past), origin()))
    found = read(Wake("acme", f"handover/{month.go_live}", HANDOVER_REVIEW))
    assert found is not None
    return found.wake


def told_once(_: Month) -> None:
    found = [one["data"]["notice_type"] for one in stored.events("NoticeRequested")]
    assert found == ["golive.handover_day"]


REPORT = {"passed": True, "result": "calm"}
SAID = {"kind": "DEFECT", "area": "orders", "text": "cannot post", "isUrgent": True}
KEYED = {"headers": {"Idempotency-Key": "key-1"}}


def flow(name: str, arrange: Any, act: Any, **more: Any) -> None:
    environment = {**TIMERS, "BUCKET_NAME": "enghub-test-files"}
    register(Flow(name, "golive", arrange, act, environment=environment, volatile=HASHES, **more))


flow("begin what comes after a go-live", ended, Month.woken, must=begun_once)
flow("answer a check after a go-live", live, lambda month: month.post("aftercare/checks/day1-1", REPORT))
flow("say what is wrong after a go-live", live, lambda month: month.post("feedback", SAID, **KEYED))
flow(
    "go back to the old system",
    live,
    lambda month: month.post("aftercare/cancel", {"reason": "the old one is back"}),
    must=cancelled_once,
)
flow("tell who leads in a hand-over", handing, Month.woken, must=told_once)
flow(
    "hand an item over",
    handing,
    lambda month: month.post("handover/items/tools-1", {"state": "HANDED", "where": "https://wiki.example.com"}),
)
