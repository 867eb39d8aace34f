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
from enghub.core.codec import Key, Layout, RawItem
from enghub.core.commits import Commit, Kept, Trace
from enghub.core.dynamo import Attr, key, query
from enghub.core.transactions import OnRefusal, Update
from enghub.mes.factories import Factory
from enghub.mes.masters.dynamo import factory_of_key
from enghub.mes.work_orders.errors import WorkOrderExists, WorkOrderNotFound
from enghub.mes.work_orders.model import Status, WorkOrder
from enghub.mes.work_orders.quantities import Progress
from enghub.mes.work_orders.repository import (
    ByHold,
    ByProduct,
    BySalesOrder,
    ByShift,
    ByStart,
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
        if order.started_at:
            started = key(clock.to_text(order.started_at), order.work_order_id)
            found.add((_list_key(order.factory, "STARTED", order.station_id), started))
    if order.shift_on and order.shift:
        found.add((_list_key(order.factory, "SHIFT", order.shift_on.isoformat(), order.shift), made))
    found |= {(_list_key(order.factory, "HOLD", hold.source), due) for hold in order.holds}
    return {pair: {"work_order_id": order.work_order_id} for pair in found}


GOOD, SCRAP, REWORK, LEFT = "good", "scrap", "rework", "left"


def counter(what: str, operation: str) -> str:
    """Return the attribute that counts something of one operation."""
    return f"{what}|{operation}"


def _counters(order: WorkOrder) -> dict[str, Decimal]:
    """Return the counters of an order, and what each operation may still make, kept so that a condition guards it."""
    books, found = order.books, {}
    for operation, made in order.progress.items():
        for what in (GOOD, SCRAP, REWORK):
            found[counter(what, operation)] = getattr(made, what)
    for operation in {*books.operations, *order.progress}:
        found[counter(LEFT, operation)] = books.open(operation)
    return found


def _progress(item: RawItem) -> dict[str, Any]:
    """Return what the counters of an item say."""
    made: dict[str, dict[str, Decimal]] = {}
    for name, value in item.items():
        what, bar, operation = name.partition("|")
        if bar and what in _COUNTED:
            made.setdefault(operation, {})[what] = Decimal(value["N"])
    return {"progress": {operation: Progress(**counts) for operation, counts in made.items()}}


_COUNTED = frozenset({GOOD, SCRAP, REWORK})


WORK_ORDERS = Aggregate(
    WorkOrder,
    "WORK_ORDER",
    key=lambda order: order_key(order.factory, order.work_order_id),
    layout=Layout(given=("factory", "progress"), of_key=factory_of_key, of_item=_progress),
    more=_counters,
    name="work_order",
    identity=lambda order: order.work_order_id,
    factory=lambda order: order.factory.factory_id,
    shows=(
        *("product_id", "sales_order_id", "routing_id", "station_id", "line_id", "planned_quantity"),
        *("over_report_allowance", "standard_seconds", "due_on", "shift_on", "shift", "status", "version"),
        *("unit", "planned_start", "routing_version", "in_sequence", "holds", "bom_version", "allowance_by"),
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
        when = Attr("reports") == commit.after.reports if final else None
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
            name: tuple[str, ...] = ("SALES", sales_order_id)
        case ByProduct(product_id):
            name = ("PRODUCT", product_id)
        case ByStation(station_id):
            name = ("STATION", station_id)
        case ByStart(station_id):
            name = ("STARTED", station_id)
        case ByHold(source):
            name = ("HOLD", source)
        case ByShift(shift_on, shift):
            name = ("SHIFT", shift_on.isoformat(), shift)
    return _list_key(factory, *name), None


def report_update(order: WorkOrder, operation: str, made: Progress, refusal: OnRefusal) -> Update:
    """Return the write that counts a report on ``order`` as it was seen, negative for a reversal.

    It is refused once people changed the order, or where too little is left: for the operation itself, or, in a
    reversal, of what the next one was passed. Reporters do not fail one another, for they do not change the version.
    """
    books = order.books
    condition = Attr("version") == order.version
    actions: list[Any] = [Attr("reports").add(1)]
    actions += [Attr(counter(what, operation)).add(getattr(made, what)) for what in (GOOD, SCRAP, REWORK)]
    left = Attr(counter(LEFT, operation))
    if operation in books.operations or operation in order.progress:
        actions.append(left.add(-made.counted))
        condition = condition & (left >= made.counted)
    else:
        actions.append(left.set(order.limit - made.counted))
        condition = condition & left.does_not_exist()
    after = books.after(operation)
    if after is not None and made.good:
        passed = Attr(counter(LEFT, after))
        actions.append(passed.add(made.good))
        condition = condition & (passed >= -made.good)
    return Update(order_key(order.factory, order.work_order_id), actions, condition, refusal)
