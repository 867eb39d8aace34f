"""What the rules of ``settings`` that decide here are asked with and what they may say (CFG-15, MES-01, MES-07).

``work_order.handling`` (kind WORK_ORDER) is asked once, when an order is planned without an over-report allowance of
its own: ``allowance``, a ratio of the plan from 0 to 1. ``dispatch.order`` (kind DISPATCH) is asked when the load is
placed: ``priority``, a whole number from 1, first, to 999, last. Null, or no row: as built in, which is 0 and 500.
Pure.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from enghub.kit.rulings.asking import number, whole
from enghub.mes.work_orders.model import WorkOrder

FIRST, LAST = 1, 999
FINEST = Decimal("0.0001")


def facts_of(order: WorkOrder, today: date) -> dict[str, Any]:
    """Return what both rules are asked with; ``days`` until it is due, negative when that is over."""
    return {
        "factory": order.factory.factory_id,
        "product": order.product_id,
        "quantity": order.planned_quantity,
        "unit": order.unit,
        "salesOrder": order.sales_order_id,
        "routing": order.routing_id,
        "line": order.line_id,
        "station": order.station_id,
        "days": (order.due_on - today).days,
    }


def progress_of(order: WorkOrder) -> dict[str, Any]:
    """Return what only ``dispatch.order`` is asked with, beside the facts of the order."""
    return {"status": order.status.value, "good": order.good, "isHeld": bool(order.holds)}


def allowance(result: Mapping[str, Any]) -> Decimal | None:
    """Return the over-report allowance of a result, of four decimals as people's.

    Raises:
        ExpressionFailed
    """
    said = number(result, "allowance", Decimal(0), Decimal(1))
    return None if said is None else said.quantize(FINEST)


def priority(result: Mapping[str, Any]) -> int | None:
    """Return the priority of a result.

    Raises:
        ExpressionFailed
    """
    return whole(result, "priority", FIRST, LAST)
