"""Work orders, production reports and the shift board."""

from typing import Any

from enghub.core import outbox
from tests.factories.http import Context
from tests.factories.mes import PLAN, SHANGHAI, Floor
from tests.factories.queues import a_batch, failed
from tests.factories.stored import waiting
from tests.faults.harness import Flow, register

KEYED = {"Idempotency-Key": "key-1"}


def started() -> Floor:
    floor = Floor()
    floor.started()
    return floor


def create(floor: Floor) -> Any:
    return floor.call("create_work_order", "POST", "/api/v1/work-orders", PLAN, headers=KEYED)


def planned() -> Floor:
    floor = Floor()
    floor.create()
    return floor


def with_events() -> tuple[Floor, list[dict[str, Any]]]:
    """A floor on which two reports were made that the board has not heard of."""
    floor = started()
    floor.report(goodQty=18, defectQty=2, defectTypes=["scratch"])
    floor.report(key="key-2", goodQty=30)
    return floor, [outbox.body_of(record) for record in waiting()]


def hear(state: tuple[Floor, list[dict[str, Any]]]) -> list[str]:
    floor, told = state
    return failed(floor.handler("update_shift_board")(a_batch(*told), Context()))


register(Flow("create a work order", "mes", Floor, create))
register(Flow("create a work order without a key", "mes", Floor, lambda floor: floor.create()))
register(Flow("release a work order", "mes", planned, lambda floor: floor.step("WO-1", "release", 1, headers=KEYED)))
register(Flow("release a work order without a key", "mes", planned, lambda floor: floor.step("WO-1", "release", 1)))
register(Flow("edit a work order", "mes", planned, lambda floor: floor.edit("WO-1", plannedQuantity=90, version=1)))
register(Flow("report production", "mes", started, lambda floor: floor.report(goodQty=90, defectQty=0)))
register(Flow("report the last pieces", "mes", started, lambda floor: floor.report(goodQty=100, defectQty=0)))
register(Flow("board hears reports", "mes", with_events, hear))
register(
    Flow(
        "describe the factory",
        "mes",
        Floor,
        lambda floor: floor.call("change_plant", "PUT", "/api/v1/plant/factory", SHANGHAI),
    )
)


def with_routing() -> Floor:
    floor = Floor()
    floor.plant()
    floor.routing()
    floor.started()
    return floor


def reported() -> tuple[Floor, str]:
    floor = started()
    return floor, floor.report()[1]["data"]["reportId"]


def summed(state: tuple[Floor, list[dict[str, Any]]]) -> list[str]:
    floor, told = state
    return failed(floor.handler("update_daily_summary")(a_batch(*told), Context()))


OFFLINE = ({"key": "k-1", "goodQty": 60}, {"key": "k-2", "goodQty": 40}, {"key": "k-1", "goodQty": 1})
register(Flow("hold a work order", "mes", started, lambda floor: floor.hold("WO-1", 3)))
register(Flow("describe a routing", "mes", Floor, lambda floor: floor.routing()))
register(Flow("report in a described factory", "mes", with_routing, lambda floor: floor.report(shift=None)))
register(Flow("reverse a report", "mes", reported, lambda state: state[0].reverse(state[1])))
register(Flow("daily summary hears reports", "mes", with_events, summed))


def with_stop() -> tuple[Floor, str]:
    floor = Floor()
    floor.plant()
    body = {"stationId": "ST-SMT-01", "startedAt": "2026-03-02T02:00:00Z", "stopId": "tablet-1"}
    floor.call("change_stops", "POST", "/api/v1/plant/stops", body)
    return floor, "/api/v1/plant/stops/tablet-1/end"


END = {"version": 1, "endedAt": "2026-03-02T02:12:00Z"}
register(Flow("end a stop", "mes", with_stop, lambda state: state[0].call("change_stops", "POST", state[1], END)))


def with_call() -> tuple[Floor, list[dict[str, Any]]]:
    """A floor on which a station calls for help, of which the board has not heard."""
    floor = Floor()
    floor.plant()
    body = {"stationId": "ST-SMT-01", "kind": "MAINTENANCE", "text": "feeder jam", "callId": "tablet-1"}
    floor.call("change_andon_calls", "POST", "/api/v1/plant/andon-calls", body)
    told = [outbox.body_of(record) for record in waiting()]
    return floor, [one for one in told if one["event_type"] == "AndonRaised"]


register(Flow("board hears a call", "mes", with_call, hear))
