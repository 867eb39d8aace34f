"""Work orders in DynamoDB.

An order is one item in a partition of its own. Each list (by status and due date, sales order, product, station,
shift) is a partition of small entries that hold only the order's number; they are written in the order's own
transaction and read with one Query and one BatchGetItem. So there may be as many lists as needed, they are never
behind, and counting a report touches no index: both general indexes stay free of the hot item.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.update import Action

from enghub.core import audit, clock
from enghub.core.audit import AuditEntry, Link
from enghub.core.dynamo import DecimalAttribute, InstantAttribute, RawItem, Record, key, read_many
from enghub.core.errors import VersionConflict
from enghub.core.idempotency import Once, puts
from enghub.core.outbox import to_outbox
from enghub.core.transactions import Delete, OnRefusal, Put, Update, Write, absent, transact
from enghub.mes.places import Place
from enghub.mes.work_orders.errors import WorkOrderExists, WorkOrderNotFound
from enghub.mes.work_orders.model import Status, WorkOrder
from enghub.mes.work_orders.repository import (
    ByProduct,
    BySalesOrder,
    ByShift,
    ByStation,
    ByStatus,
    Change,
    Found,
    ProgressMoved,
    Selection,
)

LAST = "~"
"""Sorts behind every letter of a key."""
_FINAL = (Status.COMPLETED, Status.CANCELLED)


class WorkOrderRecord(Record):
    """One work order."""

    ENTITY = "WORK_ORDER"

    work_order_id = UnicodeAttribute()
    product_id = UnicodeAttribute()
    sales_order_id = UnicodeAttribute(null=True)
    routing_id = UnicodeAttribute(null=True)
    station_id = UnicodeAttribute(null=True)
    line_id = UnicodeAttribute(null=True)
    planned_quantity = DecimalAttribute()
    over_report_allowance = DecimalAttribute()
    standard_seconds = DecimalAttribute(null=True)
    due_on = UnicodeAttribute()
    shift_on = UnicodeAttribute(null=True)
    shift = UnicodeAttribute(null=True)
    status = UnicodeAttribute()
    good = DecimalAttribute()
    defect = DecimalAttribute()
    remaining = DecimalAttribute()
    """What may still be reported; kept so that one condition guards the plan."""
    version = NumberAttribute()
    created_at = InstantAttribute()
    released_at = InstantAttribute(null=True)
    started_at = InstantAttribute(null=True)
    completed_at = InstantAttribute(null=True)
    closed_at = InstantAttribute(null=True)
    audit_sequence = NumberAttribute()
    audit_hash = UnicodeAttribute()


class EntryRecord(Record):
    """One entry of a list of work orders."""

    ENTITY = "WORK_ORDER_ENTRY"

    work_order_id = UnicodeAttribute()


_PLANNED = (
    *("product_id", "sales_order_id", "routing_id", "station_id", "line_id", "planned_quantity"),
    *("over_report_allowance", "standard_seconds", "shift"),
)
_TIMES = ("released_at", "started_at", "completed_at", "closed_at")


def order_key(place: Place, work_order_id: str) -> tuple[str, str]:
    """Return the key of one work order."""
    return key("T", place.tenant_id, "F", place.factory_id, "WO", work_order_id), "WO"


def to_order(place: Place, item: RawItem) -> WorkOrder:
    """Return the work order stored as ``item``."""
    return _order(place, WorkOrderRecord.from_raw_data(item))


def _order(place: Place, record: WorkOrderRecord) -> WorkOrder:
    return WorkOrder(
        place=place,
        work_order_id=record.work_order_id,
        due_on=date.fromisoformat(record.due_on),
        shift_on=date.fromisoformat(record.shift_on) if record.shift_on else None,
        status=Status(record.status),
        good=record.good,
        defect=record.defect,
        version=int(record.version),
        created_at=record.created_at,
        **{name: getattr(record, name) for name in (*_PLANNED, *_TIMES)},
    )


def _values(order: WorkOrder) -> dict[str, Any]:
    """Return every attribute a change may set: all but identity, counters and the audit link."""
    return {
        **{name: getattr(order, name) for name in (*_PLANNED, *_TIMES)},
        "due_on": order.due_on.isoformat(),
        "shift_on": order.shift_on.isoformat() if order.shift_on else None,
        "status": order.status.value,
        "version": order.version,
    }


def _list_key(place: Place, *name: str) -> str:
    return key("T", place.tenant_id, "F", place.factory_id, "WOS", *name)


def _entries(order: WorkOrder | None) -> dict[tuple[str, str], str]:
    """Return the list entries of an order: key to number."""
    if order is None:
        return {}
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
    return dict.fromkeys(found, order.work_order_id)


def _entry_writes(before: WorkOrder | None, after: WorkOrder) -> list[Write]:
    old, new = _entries(before), _entries(after)
    gone: list[Write] = [Delete(EntryRecord(pk=pk, sk=sk)) for pk, sk in sorted(old.keys() - new.keys())]
    come = [Put(EntryRecord(pk=pk, sk=sk, work_order_id=new[pk, sk])) for pk, sk in sorted(new.keys() - old.keys())]
    return [*gone, *come]


def _audit(change: Change, previous: Link) -> AuditEntry:
    before = _values(change.before) if change.before else {}
    after = _values(change.after)
    moved = [name for name in after if before.get(name) != after[name]]
    return AuditEntry(
        origin=change.origin,
        action=f"work_order.{change.action}",
        subject=f"work_order/{change.after.place.factory_id}/{change.after.work_order_id}",
        before={name: before[name] for name in moved} if change.before else None,
        after={name: after[name] for name in moved},
        previous=previous,
        reason=change.reason,
    )


class DynamoWorkOrders:
    """The store; ``once`` is the request's claim on its Idempotency-Key."""

    def __init__(self, once: Once | None = None) -> None:
        self._once = once

    def get(self, place: Place, work_order_id: str) -> WorkOrder | None:
        """One consistent GetItem."""
        record = WorkOrderRecord.read(*order_key(place, work_order_id))
        return None if record is None else _order(place, record)

    def add(self, change: Change) -> None:
        """One transaction: order, entries, audit, event, stored answer."""
        order = change.after
        entry = _audit(change, Link())
        pk, sk = order_key(order.place, order.work_order_id)
        record = WorkOrderRecord(
            pk=pk,
            sk=sk,
            work_order_id=order.work_order_id,
            good=order.good,
            defect=order.defect,
            remaining=order.remaining,
            created_at=order.created_at,
            audit_sequence=entry.link.sequence,
            audit_hash=entry.link.hash,
            **_values(order),
        )

        def refusal(_: RawItem | None) -> Exception:
            return WorkOrderExists(work_order_id=order.work_order_id)

        transact(
            *puts(self._once, order),
            Put(record, absent(), refusal),
            *_entry_writes(None, order),
            audit.to_put(entry),
            to_outbox(change.event, subject=order.work_order_id),
        )

    def replace(self, change: Change) -> None:
        """One read for the audit link, one transaction; sets only what changed and never a counter."""
        order, before = change.after, change.before
        if before is None:
            message = "replace needs the order as it was"
            raise ValueError(message)
        pk, sk = order_key(order.place, order.work_order_id)
        stored = WorkOrderRecord.read(pk, sk)
        if stored is None or stored.version != before.version:
            raise _outdated(order, before, None if stored is None else int(stored.version))
        entry = _audit(change, Link(int(stored.audit_sequence), stored.audit_hash))
        condition = WorkOrderRecord.version == before.version
        if order.status in _FINAL:
            condition &= WorkOrderRecord.remaining == before.remaining

        def refusal(item: RawItem | None) -> Exception:
            actual = int(item["version"]["N"]) if item else None
            return _outdated(order, before, actual) if actual != before.version else ProgressMoved()

        transact(
            *puts(self._once, order),
            Update(WorkOrderRecord(pk=pk, sk=sk), _actions(before, order, entry), condition, refusal),
            *_entry_writes(before, order),
            audit.to_put(entry),
            to_outbox(change.event, subject=order.work_order_id),
        )

    def find(self, place: Place, selection: Selection, limit: int, cursor: str | None) -> Found:
        """One Query of entries, one BatchGetItem of orders."""
        partition, between = _partition(place, selection)
        page = EntryRecord.page(partition, between=between, limit=limit, cursor=cursor)
        keys = [order_key(place, entry.work_order_id) for entry in page.items]
        items = read_many(keys) if keys else {}
        return Found(tuple(to_order(place, items[pair]) for pair in keys if pair in items), page.cursor)


def _outdated(order: WorkOrder, before: WorkOrder, actual: int | None) -> Exception:
    if actual is None:
        return WorkOrderNotFound(work_order_id=order.work_order_id)
    return VersionConflict(expected=before.version, actual=actual)


def _actions(before: WorkOrder, after: WorkOrder, entry: AuditEntry) -> Sequence[Action]:
    old, new = _values(before), _values(after)
    changed = {name: value for name, value in new.items() if value != old[name]}
    if after.limit != before.limit:
        changed["remaining"] = after.remaining
    changed |= {"audit_sequence": entry.link.sequence, "audit_hash": entry.link.hash}
    return [getattr(WorkOrderRecord, name).set(value) for name, value in changed.items()]


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
    pk, sk = order_key(place, work_order_id)
    quantity = good + defect
    return Update(
        WorkOrderRecord(pk=pk, sk=sk),
        [
            WorkOrderRecord.remaining.add(-quantity),
            WorkOrderRecord.good.add(good),
            WorkOrderRecord.defect.add(defect),
        ],
        (WorkOrderRecord.status == Status.IN_PROGRESS.value) & (WorkOrderRecord.remaining >= quantity),
        refusal,
    )
