"""What the exchange does with events: completed orders and movements become messages to the ERP (MES-04)."""

from decimal import Decimal

from enghub.core import clock
from enghub.core.clock import system_clock
from enghub.core.events import Envelope
from enghub.core.identity import Origin
from enghub.mes import consumed
from enghub.mes.erp.dynamo import link_of
from enghub.mes.erp.model import Service
from enghub.mes.exchange.model import Message, completion_rate
from enghub.mes.exchange.service import SYSTEM, body
from enghub.mes.factories import Factory
from enghub.mes.gateways.erp import exchange


def _number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def on_completion(event: Envelope, order: consumed.WorkOrderCompleted) -> None:
    """Tell the ERP how much of its plan an order made (source document 6.2, contract 4)."""
    factory = Factory(event.tenant_id, event.factory_id)
    link = link_of(factory)
    if link is None or Service.COMPLETIONS not in link.uses:
        return
    rate = completion_rate(order.good_qty, order.planned_qty)
    content = {
        "type": "work_order_completed",
        "recipient_id": link.recipient_id,
        "data": {"work_order_id": order.work_order_id, "completion_rate": _number(rate)},
    }
    _record(event, Service.COMPLETIONS, order.work_order_id, rate, body(content))


def on_movement(event: Envelope, moved: consumed.StockChanged) -> None:
    """Tell the ERP what came to or left one place."""
    factory = Factory(event.tenant_id, event.factory_id)
    link = link_of(factory)
    if link is None or Service.STOCK_MOVEMENTS not in link.uses:
        return
    content = {
        "movement_id": moved.movement_id,
        "factory_id": event.factory_id,
        "kind": moved.kind,
        "material_id": moved.material_id,
        "lot_id": moved.lot_id,
        "warehouse_id": moved.warehouse_id,
        "location_id": moved.location_id,
        "qty": _number(moved.quantity),
        "work_order_id": moved.work_order_id,
        "moved_at": clock.to_text(event.timestamp),
    }
    _record(event, Service.STOCK_MOVEMENTS, moved.lot_id, moved.quantity, body(content))


def _record(event: Envelope, service: Service, subject: str, value: Decimal, text: str) -> None:
    now = system_clock()
    origin = Origin(event.tenant_id, event.factory_id, SYSTEM, now, event.event_id)
    message = Message(Factory.of(origin), event.event_id, service, subject, value, text, made_at=now, due=now)
    exchange().record(origin, message)
