"""Work orders in DynamoDB.

An order is one item in a partition of its own. Each list (by status and due date, sales order, product, station,
shift) is a partition of small entries that hold only the order's number; they are written in the order's own
transaction and read with one Query and one BatchGetItem. So there may be as many lists as needed, they are never
behind, and counting a report touches no index: both general indexes stay free of the hot item.
"""

from decimal import Decimal
from typing import Any

from enghub.core import clock
from enghub.core.aggregates import Aggregate
from enghub.core.codec import Key, Layout
from enghub.core.commits import Commit, Kept, Trace
from enghub.core.dynamo import Attr, key, parts, query
from enghub.core.transactions import OnRefusal, Update
from enghub.mes.factories import Factory
from enghub.mes.work_orders.errors import WorkOrderExists, WorkOrderNotFound
from enghub.mes.work_orders.model import Status, WorkOrder
from enghub.mes.work_orders.repository import (
    ByProduct,
    BySalesOrder,
    ByShift,
    ByStation,
    ByStatus,
    Found,
    ProgressMoved,
    Selection,
)

LAST = "~"
"""Sorts behind every letter of a key."""
_FINAL = (Status.COMPLETED, Status.CANCELLED)


def order_key(factory: Factory, work_order_id: str) -> Key:
    """Return the key of one work order."""
    return key("T", factory.tenant_id, "F", factory.factory_id, "WO", work_order_id), "WO"


def factory_of_key(pk: str, _: str) -> dict[str, Any]:
    """Return the factory that a key begins with."""
    found = parts(pk)
    return {"factory": Factory(found[1], found[3])}


def _list_key(factory: Factory, *name: str) -> str:
    return key("T", factory.tenant_id, "F", factory.factory_id, "WOS", *name)


def _entries(order: WorkOrder) -> dict[Key, dict[str, str]]:
    """Return the list entries of an order: key to number."""
    due = key(order.due_on.isoformat(), order.work_order_id)
    made = key(clock.to_text(order.created_at), order.work_order_id)
    found = {
        (_list_key(order.factory, "STATUS", order.status.value), due),
        (_list_key(order.factory, "PRODUCT", order.product_id), made),
    }
    if order.sales_order_id:
        found.add((_list_key(order.factory, "SALES", order.sales_order_id), made))
    if order.station_id:
        found.add((_list_key(order.factory, "STATION", order.station_id), due))
    if order.shift_on and order.shift:
        found.add((_list_key(order.factory, "SHIFT", order.shift_on.isoformat(), order.shift), made))
    return {pair: {"work_order_id": order.work_order_id} for pair in found}


WORK_ORDERS = Aggregate(
    WorkOrder,
    "WORK_ORDER",
    key=lambda order: order_key(order.factory, order.work_order_id),
    layout=Layout(given=("factory",), of_key=factory_of_key),
    more=lambda order: {"remaining": order.remaining},  # kept so that one condition guards the plan
    name="work_order",
    identity=lambda order: order.work_order_id,
    factory=lambda order: order.factory.factory_id,
    shows=(
        *("product_id", "sales_order_id", "routing_id", "station_id", "line_id", "planned_quantity"),
        *("over_report_allowance", "standard_seconds", "due_on", "shift_on", "shift", "status", "version"),
        *("released_at", "started_at", "completed_at", "closed_at"),
    ),
    revision="version",
    entries=_entries,
    exists=lambda order: WorkOrderExists(work_order_id=order.work_order_id),
    missing=lambda order: WorkOrderNotFound(work_order_id=order.work_order_id),
)


class DynamoWorkOrders:
    """The store."""

    def get(self, factory: Factory, work_order_id: str) -> Kept[WorkOrder] | None:
        """One consistent GetItem."""
        return WORK_ORDERS.read(order_key(factory, work_order_id))

    def trace(self, kept: Kept[WorkOrder]) -> Trace | None:
        """One GetItem."""
        return WORK_ORDERS.trace(kept.value.factory.tenant_id, kept)

    def save(self, commit: Commit[WorkOrder]) -> None:
        """One transaction: order, entries, audit, event, stored answer; sets only what moved and never a counter."""
        final = commit.before is not None and commit.after.status in _FINAL
        when = Attr("remaining") == commit.after.remaining if final else None
        WORK_ORDERS.save(commit, when=when, overtaken=ProgressMoved)

    def find(self, factory: Factory, selection: Selection, limit: int, cursor: str | None) -> Found:
        """One Query of entries, one BatchGetItem of orders."""
        partition, between = _partition(factory, selection)
        page = query(partition, between=between, limit=limit, cursor=cursor)
        keys = [order_key(factory, entry["work_order_id"]["S"]) for entry in page.items]
        orders = WORK_ORDERS.get_many(keys)
        return Found(tuple(orders[pair] for pair in keys if pair in orders), page.cursor)


def _partition(factory: Factory, selection: Selection) -> tuple[str, tuple[str, str] | None]:
    match selection:
        case ByStatus(status, due_from, due_to):
            bounds = (str(due_from or ""), f"{due_to or ''}{LAST}")
            return _list_key(factory, "STATUS", status.value), (bounds[0] or "0", bounds[1])
        case BySalesOrder(sales_order_id):
            return _list_key(factory, "SALES", sales_order_id), None
        case ByProduct(product_id):
            return _list_key(factory, "PRODUCT", product_id), None
        case ByStation(station_id):
            return _list_key(factory, "STATION", station_id), None
        case ByShift(shift_on, shift):
            return _list_key(factory, "SHIFT", shift_on.isoformat(), shift), None


def report_update(factory: Factory, work_order_id: str, good: Decimal, defect: Decimal, refusal: OnRefusal) -> Update:
    """Return the write that counts a report: refused unless the order is in progress and has enough left.

    Not locked by version, so reporters do not fail one another.
    """
    quantity = good + defect
    return Update(
        order_key(factory, work_order_id),
        [Attr("remaining").add(-quantity), Attr("good").add(good), Attr("defect").add(defect)],
        (Attr("status") == Status.IN_PROGRESS) & (Attr("remaining") >= quantity),
        refusal,
    )
