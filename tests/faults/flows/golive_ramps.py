"""Traffic ramps: a share is set and read back, or set again; nobody is paged twice (OPS-08)."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from enghub.core.clock import system_clock
from enghub.core.identity import Origin
from enghub.core.timers.dynamo import read
from enghub.core.timers.model import Wake
from enghub.golive.incidents import wiring as incidents
from enghub.golive.incidents.services import OperatedService
from enghub.golive.ramps import wiring
from enghub.golive.ramps.dynamo import DynamoRamps
from enghub.golive.ramps.service import RampService
from enghub.golive.traffic.model import Measured, Traffic, Watch
from tests.factories import stored
from tests.factories.go_lives import Installation
from tests.factories.http import Context
from tests.factories.queues import failed
from tests.faults.harness import Flow, register

SHARE = {"percent": 0}
HASHES = (r"\b[0-9a-f]{32}\b", r"(?<=TIMER#WAITING#)[0-9]")
"""Of timers, whose names have an id in them."""


class Control:
    def read(self, _: str, __: Traffic) -> int:
        return SHARE["percent"]

    def set(self, _: str, __: Traffic, percent: int) -> None:
        SHARE["percent"] = percent


class Meter:
    def measure(self, _: Watch) -> Measured:
        return Measured(failure="the metrics are away")

    def health(self, _: str) -> str:
        return ""


@contextmanager
def at_hand() -> Iterator[None]:
    """Traffic and metrics of this process."""
    SHARE["percent"] = 0
    whole = wiring.ramps
    service = RampService(DynamoRamps(), Control(), Meter(), lambda _: None, system_clock)
    wiring.ramps = lambda: service  # type: ignore[assignment]
    try:
        yield
    finally:
        wiring.ramps = whole


WATCH = {"url": "https://p.example.com", "requests": "r", "errors": "e", "errorRate": 2}
BODY = {
    "name": "ERP 3",
    "serviceId": "erp",
    "oldVersionUrl": "https://old.example.com",
    "watch": WATCH,
    "traffic": {"adapter": "WEBHOOK", "url": "https://w.example.com"},
}


@dataclass
class Ramping:
    """A service, and a ramp of it."""

    hub: Installation = field(default_factory=Installation)
    ramp_id: str = ""
    command: dict[str, Any] = field(default_factory=dict)

    def post(self, path: str, body: Any = None, **options: Any) -> tuple[int, Any]:
        return self.hub.send("POST", path, {} if body is None else body, **options)

    def turn(self) -> list[str]:
        record = {"messageId": "m", "body": json.dumps(self.command), "attributes": {"ApproximateReceiveCount": "1"}}
        return failed(self.hub.handler("advance_ramp")({"Records": [record]}, Context()))

    def due(self) -> dict[str, Any]:
        timer = read(Wake("acme", f"ramp/{self.ramp_id}", "advance_ramp"))
        assert timer is not None
        return {"tenant_id": "acme", "payload": dict(timer.payload)}

    def settle(self) -> None:
        """What was decided and not set yet is set when the timer comes."""
        if wiring.ramps().get("acme", self.ramp_id).value.is_pending:
            self.command = self.due()
            assert self.turn() == []


def serving() -> Ramping:
    origin = Origin("acme", "", "lena", system_clock(), "req-0")
    incidents.services().put("erp", OperatedService("acme", "erp", "ERP", ""), None, origin)
    return Ramping()


def started() -> Ramping:
    found = serving()
    found.ramp_id = found.hub.data("POST", "/ramps", BODY)["rampId"]
    found.command = found.due()
    return found


def set_and_read_back(_: Ramping) -> None:
    [ramp] = stored.items("RAMP")
    assert (SHARE["percent"], int(ramp["wanted"]), int(ramp["actual"])) == (5, 5, 5)


def flow(name: str, arrange: Any, act: Any, **more: Any) -> None:
    environment = {"BUCKET_NAME": "enghub-test-files"}
    register(Flow(name, "golive", arrange, act, around=at_hand, environment=environment, volatile=HASHES, **more))


KEYED = {"Idempotency-Key": "key-1"}
flow("start a ramp", serving, lambda one: one.post("/ramps", BODY, headers=KEYED))
flow("let a ramp go back", started, lambda one: one.post(f"/ramps/{one.ramp_id}/roll-back", {"reason": "we stop"}))
flow("take the first turn of a ramp", started, Ramping.turn, settle=Ramping.settle, must=set_and_read_back)
