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
from enghub.core.commits import Commit, Kept
from enghub.core.dynamo import Attr, key, parts, query
from enghub.core.transactions import OnRefusal, Update
from enghub.mes.places import Place
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


def order_key(place: Place, work_order_id: str) -> Key:
    """Return the key of one work order."""
    return key("T", place.tenant_id, "F", place.factory_id, "WO", work_order_id), "WO"


def _place(pk: str, _: str) -> dict[str, Any]:
    found = parts(pk)
    return {"place": Place(found[1], found[3])}


def _list_key(place: Place, *name: str) -> str:
    return key("T", place.tenant_id, "F", place.factory_id, "WOS", *name)


def _entries(order: WorkOrder) -> dict[Key, dict[str, str]]:
    """Return the list entries of an order: key to number."""
    due = key(order.due_on.isoformat(), order.work_order_id)
    made = key(clock.to_text(order.created_at), order.work_order_id)
    found = {
        (_list_key(order.place, "STATUS", order.status.value), due),
        (_list_key(order.place, "PRODUCT", order.product_id), made),
    }
    if order.sales_order_id:
        found.add((_list_key(order.place, "SALES", order.sales_order_id), made))
    if order.station_id:
        found.add((_list_key(order.place, "STATION", order.station_id), due))
    if order.shift_on and order.shift:
        found.add((_list_key(order.place, "SHIFT", order.shift_on.isoformat(), order.shift), made))
    return {pair: {"work_order_id": order.work_order_id} for pair in found}


WORK_ORDERS = Aggregate(
    WorkOrder,
    "WORK_ORDER",
    key=lambda order: order_key(order.place, order.work_order_id),
    layout=Layout(given=("place",), of_key=_place),
    more=lambda order: {"remaining": order.remaining},  # kept so that one condition guards the plan
    name="work_order",
    identity=lambda order: order.work_order_id,
    factory=lambda order: order.place.factory_id,
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

    def get(self, place: Place, work_order_id: str) -> Kept[WorkOrder] | None:
        """One consistent GetItem."""
        return WORK_ORDERS.read(order_key(place, work_order_id))

    def save(self, commit: Commit[WorkOrder]) -> None:
        """One transaction: order, entries, audit, event, stored answer; sets only what moved and never a counter."""
        final = commit.before is not None and commit.after.status in _FINAL
        when = Attr("remaining") == commit.after.remaining if final else None
        WORK_ORDERS.save(commit, when=when, overtaken=ProgressMoved)

    def find(self, place: Place, selection: Selection, limit: int, cursor: str | None) -> Found:
        """One Query of entries, one BatchGetItem of orders."""
        partition, between = _partition(place, selection)
        page = query(partition, between=between, limit=limit, cursor=cursor)
        keys = [order_key(place, entry["work_order_id"]["S"]) for entry in page.items]
        orders = WORK_ORDERS.get_many(keys)
        return Found(tuple(orders[pair] for pair in keys if pair in orders), page.cursor)


def _partition(place: Place, selection: Selection) -> tuple[str, tuple[str, str] | None]:
    match selection:
        case ByStatus(status, due_from, due_to):
            bounds = (str(due_from or ""), f"{due_to or ''}{LAST}")
            return _list_key(place, "STATUS", status.value), (bounds[0] or "0", bounds[1])
        case BySalesOrder(sales_order_id):
            return _list_key(place, "SALES", sales_order_id), None
        case ByProduct(product_id):
            return _list_key(place, "PRODUCT", product_id), None
        case ByStation(station_id):
            return _list_key(place, "STATION", station_id), None
        case ByShift(shift_on, shift):
            return _list_key(place, "SHIFT", shift_on.isoformat(), shift), None


def report_update(place: Place, work_order_id: str, good: Decimal, defect: Decimal, refusal: OnRefusal) -> Update:
    """Return the write that counts a report: refused unless the order is in progress and has enough left.

    Not locked by version, so reporters do not fail one another.
    """
    quantity = good + defect
    return Update(
        order_key(place, work_order_id),
        [Attr("remaining").add(-quantity), Attr("good").add(good), Attr("defect").add(defect)],
        (Attr("status") == Status.IN_PROGRESS) & (Attr("remaining") >= quantity),
        refusal,
    )
