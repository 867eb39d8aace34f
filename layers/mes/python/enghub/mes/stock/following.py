"""What stock does with events: holds, releases, completed orders (MES-04)."""

from enghub.core.clock import system_clock
from enghub.core.events import Envelope
from enghub.core.identity import Origin
from enghub.mes import consumed
from enghub.mes.keeping.repository import Handled
from enghub.mes.stock.errors import LotNotFound
from enghub.mes.stock.service import PERSON
from enghub.mes.stock.wiring import stock, suggestions

SYSTEM = "system:stock"


def _origin(event: Envelope) -> Origin:
    return Origin(event.tenant_id, event.factory_id, SYSTEM, system_clock(), event.event_id)


def on_hold(event: Envelope, held: consumed.LotHeld) -> None:
    """Hold a lot for what another part of the hub found; a lot that never came into stock is none of ours."""
    if held.cause.startswith(PERSON):
        return  # done already, by the request itself
    mark = Handled("stock", event.event_id, event.tenant_id, system_clock())
    try:
        stock().hold(_origin(event), held.lot_id, held.cause, held.reason, mark)
    except LotNotFound:
        return


def on_release(event: Envelope, released: consumed.LotReleased) -> None:
    """Take a cause's hold away, also where its event comes later."""
    if released.cause.startswith(PERSON):
        return
    mark = Handled("stock", event.event_id, event.tenant_id, system_clock())
    try:
        stock().release(_origin(event), released.lot_id, released.cause, released.reason, mark)
    except LotNotFound:
        return


def on_completion(event: Envelope, order: consumed.WorkOrderCompleted) -> None:
    """Suggest to take in what an order made."""
    if order.good_qty > 0:
        suggestions().suggest(_origin(event), order.work_order_id, order.product_id, order.good_qty, event.event_id)
