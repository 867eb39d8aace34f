"""Tells people of orders by event, each thing once (MES-04)."""

from decimal import Decimal

from enghub.core import inbox, outbox
from enghub.core.clock import system_clock
from enghub.core.events import Envelope
from enghub.core.identity import Origin
from enghub.core.notices import NoticeRequested
from enghub.core.transactions import transact
from enghub.mes import consumed
from enghub.mes.costing.model import OrderCost
from enghub.mes.costing.wiring import costing
from enghub.mes.factories import Factory
from enghub.mes.keeping.repository import Handled
from enghub.mes.stock.wiring import zone_of
from enghub.mes.telling.model import Completed, completion_report, planned

CONSUMER = "tell-planners"


def on_planned(event: Envelope, order: consumed.WorkOrderCreated) -> None:
    """Tell planners of a new order."""
    tell(CONSUMER, event, planned(order.work_order_id, order.product_id, order.planned_qty, event.factory_id))


def on_completion(event: Envelope, order: consumed.WorkOrderCompleted) -> None:
    """Keep what an order cost, and tell planners and shift leads what it made of its plan.

    Raises:
        AlreadyHandled: it was told.
    """
    done = Completed(
        work_order_id=order.work_order_id,
        product_id=order.product_id,
        planned=order.planned_qty,
        good=order.good_qty,
        scrap=order.scrap_qty or Decimal(0),
        rework=order.rework_qty or Decimal(0),
        due_on=order.due_date,
        started_at=order.started_at,
        completed_at=order.completed_at,
    )
    zone = zone_of(Factory(event.tenant_id, event.factory_id))
    origin = _origin(CONSUMER, event)

    def told(cost: OrderCost) -> Envelope:
        return completion_report(done, zone, event.factory_id, cost).envelope(origin)

    mark = Handled(CONSUMER, event.event_id, event.tenant_id, origin.at)
    costing().roll_up(origin, order.work_order_id, told, mark)


def tell(consumer: str, event: Envelope, notice: NoticeRequested) -> None:
    """Ask that people be told, together with the mark that the event was heard.

    Raises:
        AlreadyHandled: it was.
    """
    origin = _origin(consumer, event)
    mark = inbox.seen(consumer, event.event_id, event.tenant_id, origin.at)
    transact(mark, outbox.to_outbox(notice.envelope(origin), subject=notice.subject))


def _origin(consumer: str, event: Envelope) -> Origin:
    return Origin(event.tenant_id, event.factory_id, f"system:{consumer}", system_clock(), event.event_id)
