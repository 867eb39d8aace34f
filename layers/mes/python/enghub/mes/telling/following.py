"""Tells people of orders by event, each thing once (MES-04)."""

from decimal import Decimal

from enghub.core import inbox, outbox
from enghub.core.clock import system_clock
from enghub.core.events import Envelope
from enghub.core.identity import Origin
from enghub.core.notices import NoticeRequested
from enghub.core.transactions import transact
from enghub.mes import consumed
from enghub.mes.factories import Factory
from enghub.mes.stock.wiring import zone_of
from enghub.mes.telling.model import Completed, completion_report, planned

CONSUMER = "tell-planners"


def on_planned(event: Envelope, order: consumed.WorkOrderCreated) -> None:
    """Tell planners of a new order."""
    tell(CONSUMER, event, planned(order.work_order_id, order.product_id, order.planned_qty, event.factory_id))


def on_completion(event: Envelope, order: consumed.WorkOrderCompleted) -> None:
    """Tell planners and shift leads what an order made of its plan."""
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
    tell(CONSUMER, event, completion_report(done, zone, event.factory_id))


def tell(consumer: str, event: Envelope, notice: NoticeRequested) -> None:
    """Ask that people be told, together with the mark that the event was heard.

    Raises:
        AlreadyHandled: it was.
    """
    now = system_clock()
    origin = Origin(event.tenant_id, event.factory_id, f"system:{consumer}", now, event.event_id)
    mark = inbox.seen(consumer, event.event_id, event.tenant_id, now)
    transact(mark, outbox.to_outbox(notice.envelope(origin), subject=notice.subject))
