"""What follows from changes and orders by event, with every fault at every call."""

from typing import Any

from enghub.core import outbox
from tests.factories.http import Context
from tests.factories.mes import Floor
from tests.factories.queues import a_batch, failed
from tests.factories.stored import waiting
from tests.faults.harness import Flow, register

CHANGE = {
    "event_id": "01KJP5BG000000000000000777",
    "event_type": "ChangePointCreated",
    "timestamp": "2026-03-02T08:00:00.000000Z",
    "tenant_id": "acme",
    "factory_id": "sh-01",
    "source_service": "enghub.plm",
    "data": {"ecn_number": "ECN-1", "category": "CRITICAL", "title": "Crack", "affected_products": ["PROD-A001"]},
    "version": "1.0",
}


def two_orders() -> Floor:
    floor = Floor()
    floor.create()
    floor.create(workOrderId="WO-2")
    return floor


def heard(floor: Floor) -> list[str]:
    return failed(floor.handler("hold_orders")(a_batch(CHANGE), Context()))


def planned() -> tuple[Floor, list[dict[str, Any]]]:
    floor = two_orders()
    return floor, [outbox.body_of(record) for record in waiting()]


def tell(state: tuple[Floor, list[dict[str, Any]]]) -> list[str]:
    floor, told = state
    return failed(floor.handler("tell_planners")(a_batch(*told), Context()))


register(Flow("a critical change holds orders", "mes", two_orders, heard))
register(Flow("planners hear of orders", "mes", planned, tell))
