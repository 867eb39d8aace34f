"""What the plant says: a stop is noted once, a call of a station pages once (OPS-10, MES-27)."""

import json
from dataclasses import dataclass, field, replace
from typing import Any

from enghub.golive.incidents import wiring as incidents
from enghub.golive.production import dynamo
from tests.factories import stored
from tests.factories.handlers import load_handler
from tests.factories.http import Context
from tests.factories.queues import a_batch, failed
from tests.faults.flows.golive import HASHES, night, origin, pages
from tests.faults.harness import Flow, register

SINCE = "2026-03-04T11:50:00.000000Z"
STOP = {"stop_id": "s1", "line_id": "SMT-1", "is_planned": False, "started_at": SINCE, "work_order_id": "WO-1"}
CALL = {"call_id": "c1", "line_id": "SMT-1", "station_id": "ST-1", "kind": "QUALITY", "raised_at": SINCE}


@dataclass
class Plant:
    """An event of the plant, and who consumes it."""

    event_type: str
    data: dict[str, Any]
    handler: Any = field(default_factory=lambda: load_handler("golive", "follow_production"))

    def heard(self) -> list[str]:
        event = {
            "event_id": "e1",
            "event_type": self.event_type,
            "timestamp": "2026-03-04T11:59:00.000000Z",
            "tenant_id": "acme",
            "factory_id": "F1",
            "source_service": "enghub.mes",
            "data": self.data,
            "version": "1.0",
        }
        return failed(self.handler(json.loads(json.dumps(a_batch(event))), Context()))


def stopping() -> Plant:
    return Plant("LineStopped", STOP)


def stands(_: Plant) -> None:
    assert [one.line_id for one in dynamo.going_on("acme")] == ["SMT-1"]


def starting() -> Plant:
    assert stopping().heard() == []
    return Plant("LineStarted", {**STOP, "ended_at": "2026-03-04T11:58:00.000000Z"})


def runs(_: Plant) -> None:
    assert dynamo.going_on("acme") == ()


def calling() -> Plant:
    night()
    kept = incidents.services().get("acme", "erp")
    incidents.services().put("erp", replace(kept.value, lines=("F1",)), kept.revision, origin())
    return Plant("AndonRaised", {**CALL, "state": "OPEN"})


def paged_once(_: Plant) -> None:
    assert len(stored.items("INCIDENT")) == 1
    assert pages() == [["ana"]]


def called() -> Plant:
    assert calling().heard() == []
    return Plant("AndonChanged", {**CALL, "state": "RESOLVED"})


def over(_: Plant) -> None:
    assert [one["state"] for one in stored.items("INCIDENT")] == ["RESOLVED"]


def flow(name: str, arrange: Any, must: Any) -> None:
    register(Flow(name, "golive", arrange, Plant.heard, must=must, volatile=HASHES))


flow("note that a line stands still", stopping, stands)
flow("note that a line runs again", starting, runs)
flow("page for a station's call", calling, paged_once)
flow("hear that a station's call is over", called, over)
