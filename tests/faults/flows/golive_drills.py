"""Drills: one incident, one page, however often the wake-up comes (OPS-16)."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from enghub.core.clock import system_clock
from enghub.core.timers.dynamo import read, writes
from enghub.core.timers.model import SetTimer, Wake
from enghub.core.transactions import transact
from enghub.golive.alerts import wiring as alerts
from enghub.golive.alerts.model import Integration, Protocol_
from enghub.golive.drills import wiring
from enghub.golive.drills.model import DrillKind, Hours
from enghub.golive.drills.plans import Aim, Slot
from enghub.golive.incidents import wiring as incidents
from enghub.golive.incidents.services import OperatedService
from enghub.golive.purposes import DRILL_BEGIN
from tests.factories import stored
from tests.factories.handlers import load_handler
from tests.factories.http import Context, a_principal, a_request
from tests.factories.queues import failed
from tests.faults.flows.golive import BASE, HASHES, TIMERS, night, origin, pages
from tests.faults.harness import Flow, register

LEAD = a_principal("golive:work", user="lead")


@dataclass
class Training:
    """A drill whose time has come."""

    handler: Any
    drill_id: str
    wake: Wake

    def woken(self) -> list[str]:
        record = {"messageId": "m", "body": self.wake.to_json(), "attributes": {"ApproximateReceiveCount": "1"}}
        return failed(self.handler({"Records": [record]}, Context()))

    def find(self) -> tuple[int, Any]:
        body = {"title": "nobody knew the standby", "owner": "bo", "dueAt": "2027-01-15T00:00:00Z"}
        path, headers = f"{BASE}/drills/{self.drill_id}/findings", {"Idempotency-Key": "key-1"}
        answer = load_handler("golive", "change_drills")(
            a_request("POST", path, body, caller=LEAD, headers=headers), Context()
        )
        return answer["statusCode"], answer["body"]


def due() -> Training:
    night()
    service = OperatedService("acme", "test", "Test", "standard", environment="TEST")
    incidents.services().put("test", service, None, origin())
    alerts.integrations().put("t", Integration("acme", "t", "t", Protocol_.OPSGENIE, "test"), None, origin())
    days = {"first": date(2030, 1, 7), "last": date(2030, 1, 7)}
    slot = Slot(DrillKind.TEAM, "database-failure", "dba", ("ana",), unannounced=True, **days)
    aim = Aim("t", Hours("UTC", "09:00", "17:00"))
    drill = replace(wiring.drills(), number=lambda: 7).plan(slot, aim, origin(), None).value
    transact(*writes(SetTimer(drill.subject, DRILL_BEGIN, system_clock() - timedelta(minutes=1)), origin()))
    timer = read(Wake("acme", drill.subject, DRILL_BEGIN))
    assert timer is not None
    return Training(load_handler("golive", "wake_timers"), drill.drill_id, timer.wake)


def running() -> Training:
    training = due()
    training.woken()
    return training


def one_page(_: Training) -> None:
    assert len(stored.items("INCIDENT")) == 1
    assert [one["state"] for one in stored.items("DRILL")] == ["RUNNING"]
    assert pages() == [["ana"]]


def one_action(_: Training) -> None:
    assert len(stored.items("TRACKED_ACTION")) == 1


def flow(name: str, arrange: Any, act: Any, must: Any) -> None:
    volatile = (*HASHES, r"drill/[0-9A-Z]{26}", r"\b[0-9a-f]{40}\b")
    register(Flow(name, "golive", arrange, act, must=must, environment=TIMERS, volatile=volatile))


flow("begin a drill", due, Training.woken, one_page)
flow("keep what a drill found", running, Training.find, one_action)
