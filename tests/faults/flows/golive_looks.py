"""Objectives and evidence that timers refresh: looked at once, told once (OPS-18, OPS-02)."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from enghub.core.clock import system_clock
from enghub.core.timers.dynamo import read
from enghub.core.timers.model import Wake
from enghub.golive.probes.model import Outcome, Reading
from enghub.golive.readiness import wiring as readiness
from enghub.golive.slo import dynamo, wiring
from enghub.golive.slo.objectives import BUCKET, Bucket, Objective, ObjectiveKind
from tests.factories import stored
from tests.factories.go_lives import Installation, a_go_live
from tests.factories.http import Context
from tests.factories.queues import failed
from tests.faults.flows.golive import TIMERS, night, origin, pages
from tests.faults.harness import Flow, register

HASHES = (r"\b[0-9a-f]{32}\b", r"(?<=TIMER#WAITING#)[0-9]", r"(?<=access_key/-/)[0-9a-f]{16}")
ENVIRONMENT = {**TIMERS, "BUCKET_NAME": "enghub-test-files"}
PROBE = {"kind": "tcp", "host": "db.example.com", "port": 5432}


@dataclass
class Watched:
    """Something with a timer."""

    hub: Installation = field(default_factory=Installation)
    subject: str = ""
    purpose: str = ""
    wakes: list[Wake] = field(default_factory=list)
    command: dict[str, Any] = field(default_factory=dict)

    def wake(self) -> list[str]:
        """The wake-up that was sent at first comes, and comes again."""
        record = {"messageId": "m", "body": self.wakes[0].to_json(), "attributes": {"ApproximateReceiveCount": "1"}}
        return failed(self.hub.handler("wake_timers")({"Records": [record]}, Context()))

    def look(self) -> list[str]:
        record = {"messageId": "m", "body": json.dumps(self.command), "attributes": {"ApproximateReceiveCount": "1"}}
        return failed(self.hub.handler("take_looks")({"Records": [record]}, Context()))

    def ready(self) -> "Watched":
        timer = read(Wake("acme", self.subject, self.purpose))
        assert timer is not None
        self.wakes = [timer.wake]
        return self


def burning() -> Watched:
    """An objective whose every window burns too fast."""
    night()
    since = datetime(2026, 1, 1, tzinfo=UTC)
    made = Objective("acme", "up", "erp", "ERP answers", ObjectiveKind.AVAILABILITY, Decimal("99.9"), since)
    wiring.setup().put("up", made, None, origin())
    now = system_clock()
    start = now.replace(minute=now.minute - now.minute % 5, second=0, microsecond=0) - BUCKET
    dynamo.report("acme", "up", Bucket(start, 200, 1000))
    found = Watched(subject="slo/up", purpose="slo_look").ready()
    found.command = {"message_id": "look-1", "tenant_id": "acme", "payload": {"kind": "slo_look", "objectiveId": "up"}}
    return found


def measured() -> Watched:
    """An item of a go-live whose probe runs by itself."""
    found = Watched(purpose="evidence_look")
    name = found.hub.data("POST", "/go-lives", a_go_live())["goLiveId"]
    body = {"owner": "omar", "probe": PROBE, "refreshMinutes": 15}
    found.hub.data("PUT", f"/go-lives/{name}/items/database-2", body)
    found.subject = f"evidence/{name}/database-2"
    payload = {"kind": "evidence_look", "goLiveId": name, "itemId": "database-2"}
    found.command = {"message_id": "look-1", "tenant_id": "acme", "payload": payload}
    return found.ready()


@contextmanager
def reachable() -> Iterator[None]:
    """A probe that always finds the same."""
    whole = readiness._probe
    readiness.go_lives.cache_clear()
    readiness._probe = lambda *_: Reading(Outcome.READ, {"reachable": Decimal(1)})
    try:
        yield
    finally:
        readiness._probe = whole
        readiness.go_lives.cache_clear()


def paged_once(_: Watched) -> None:
    assert pages() == [["ana"]]
    assert len(stored.items("INCIDENT")) == 1


def shown_once(_: Watched) -> None:
    assert len(stored.items("READINESS_EVIDENCE")) == 1


def flow(name: str, arrange: Any, act: Any, **more: Any) -> None:
    known: dict[str, Any] = {"around": reachable, "environment": ENVIRONMENT, "volatile": HASHES, **more}
    register(Flow(name, "golive", arrange, act, **known))


flow("wake an objective's timer", burning, Watched.wake)
flow("look at an objective that burns", burning, Watched.look, must=paged_once)
flow("wake the timer of an item's evidence", measured, Watched.wake)
flow("refresh an item's evidence", measured, Watched.look, must=shown_once)
