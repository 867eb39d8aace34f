"""Change orders and change points in DynamoDB.

Keys: order ``T#<tenant>#ECN#<number>`` / ``ORDER``, change point ``T#<tenant>#CHANGE-POINT#<id>`` / ``POINT``. Index
``gsi1`` lists orders by processing status and time received, ``gsi2`` by effective date.
"""

from collections.abc import Callable
from datetime import date, datetime

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute

from enghub.core import audit, clock
from enghub.core.audit import AuditEntry, Link
from enghub.core.dynamo import InstantAttribute, Page, RawItem, Record, key
from enghub.core.errors import VersionConflict
from enghub.core.events import Envelope
from enghub.core.idempotency import Once, puts
from enghub.core.identity import Origin
from enghub.core.outbox import to_command, to_outbox
from enghub.core.transactions import Put, absent, transact
from enghub.plm import published
from enghub.plm.changes.model import ChangeCategory, ChangeOrder, ChangePoint, ChangePointType, Notification, Processing
from enghub.plm.changes.repository import Found

QUEUE = "process_change"


class ChangeOrderRecord(Record):
    """One change order."""

    ENTITY = "CHANGE_ORDER"

    tenant_id = UnicodeAttribute()
    factory_id = UnicodeAttribute()
    connection = UnicodeAttribute()
    receipt_id = UnicodeAttribute()
    ecn_number = UnicodeAttribute()
    title = UnicodeAttribute()
    ecn_type = UnicodeAttribute()
    level = UnicodeAttribute()
    reason = UnicodeAttribute()
    description = UnicodeAttribute()
    affected_products = JSONAttribute()
    effective_date = UnicodeAttribute(null=True)
    effective_batch = UnicodeAttribute()
    plm_status = UnicodeAttribute()
    received_at = InstantAttribute()
    processing = UnicodeAttribute()
    processed_at = InstantAttribute(null=True)
    change_point_id = UnicodeAttribute(null=True)
    failure = UnicodeAttribute(null=True)
    version = NumberAttribute()
    audit_sequence = NumberAttribute()
    audit_hash = UnicodeAttribute()


class ChangePointRecord(Record):
    """One change point."""

    ENTITY = "CHANGE_POINT"

    change_point_id = UnicodeAttribute()
    ecn_number = UnicodeAttribute()
    type = UnicodeAttribute()
    category = UnicodeAttribute()
    title = UnicodeAttribute()
    affected_products = JSONAttribute()
    effective_date = UnicodeAttribute(null=True)
    created_at = InstantAttribute()


def _order_key(tenant_id: str, ecn_number: str) -> str:
    return key("T", tenant_id, "ECN", ecn_number)


def _point_key(tenant_id: str, change_point_id: str) -> str:
    return key("T", tenant_id, "CHANGE-POINT", change_point_id)


class DynamoChangeOrders:
    """The ChangeOrders of ``repository`` on the context's table."""

    def receive(self, order: ChangeOrder, origin: Origin) -> bool:
        """See ChangeOrders. One TransactWriteItems: order, audit entry and command, or nothing."""
        entry = _entry(origin, "change_order:received", order, None)
        try:
            transact(
                Put(_order_record(order, entry.link), absent(), _known),
                audit.to_put(entry),
                _command(order, origin),
            )
        except _Known as known:
            # The answer to our own write may have got lost on the way: then the stored order is this delivery's.
            return known.receipt_id == order.receipt_id
        return True

    def command(self, order: ChangeOrder, origin: Origin) -> None:
        """See ChangeOrders."""
        transact(_command(order, origin))

    def get(self, tenant_id: str, ecn_number: str) -> ChangeOrder | None:
        """See ChangeOrders."""
        record = ChangeOrderRecord.read(_order_key(tenant_id, ecn_number), "ORDER")
        return _order(record) if record else None

    def point(self, tenant_id: str, change_point_id: str) -> ChangePoint | None:
        """See ChangeOrders."""
        record = ChangePointRecord.read(_point_key(tenant_id, change_point_id), "POINT")
        return _point(record) if record else None

    def processed(self, before: ChangeOrder, after: ChangeOrder, point: ChangePoint, origin: Origin) -> None:
        """See ChangeOrders."""
        entry = _entry(origin, "change_order:processed", after, before)
        transact(
            _replace(before, after, entry.link),
            Put(_point_record(before.tenant_id, point), absent()),
            audit.to_put(entry),
            to_outbox(_created(origin, after, point), subject=after.ecn_number),
        )

    def parked(self, before: ChangeOrder, after: ChangeOrder, origin: Origin) -> None:
        """See ChangeOrders."""
        entry = _entry(origin, "change_order:parked", after, before, after.failure or "")
        transact(
            _replace(before, after, entry.link),
            audit.to_put(entry),
            to_outbox(_parked(origin, after), subject=after.ecn_number),
        )

    def retried(self, before: ChangeOrder, after: ChangeOrder, reason: str, origin: Origin, once: Once | None) -> None:
        """See ChangeOrders."""
        entry = _entry(origin, "change_order:retried", after, before, reason)
        transact(
            *puts(once, after),
            _replace(before, after, entry.link),
            audit.to_put(entry),
            _command(after, origin),
        )

    def by_processing(self, tenant_id: str, processing: Processing, limit: int, cursor: str | None) -> Found:
        """See ChangeOrders."""
        pk = key("T", tenant_id, "ECN-PROCESSING", processing.value)
        return _found(ChangeOrderRecord.page(pk, index="gsi1", limit=limit, cursor=cursor, newest_first=True))

    def by_effective_date(self, tenant_id: str, first: date, last: date, limit: int, cursor: str | None) -> Found:
        """See ChangeOrders."""
        pk = key("T", tenant_id, "ECN-EFFECTIVE")
        between = (first.isoformat(), key(last.isoformat(), "~"))
        return _found(ChangeOrderRecord.page(pk, index="gsi2", between=between, limit=limit, cursor=cursor))


class _Known(Exception):
    def __init__(self, receipt_id: str) -> None:
        super().__init__(receipt_id)
        self.receipt_id = receipt_id


def _known(item: RawItem | None) -> Exception:
    return _Known(item["receipt_id"]["S"] if item else "")


def _command(order: ChangeOrder, origin: Origin) -> Put:
    return to_command(QUEUE, {"ecn_number": order.ecn_number}, origin, subject=order.ecn_number)


def _created(origin: Origin, order: ChangeOrder, point: ChangePoint) -> Envelope:
    event = published.ChangePointCreated(
        change_point_id=point.change_point_id,
        ecn_number=order.ecn_number,
        type=point.type.value,
        category=point.category.value,
        title=point.title,
        affected_products=point.affected_products,
        effective_date=point.effective_date,
        effective_batch=order.notification.effective_batch,
    )
    return event.envelope(origin)


def _parked(origin: Origin, order: ChangeOrder) -> Envelope:
    told = order.notification
    event = published.ChangeOrderParked(
        ecn_number=told.ecn_number, ecn_type=told.ecn_type, title=told.title, reason=order.failure or ""
    )
    return event.envelope(origin)


def _replace(before: ChangeOrder, after: ChangeOrder, link: Link) -> Put:
    return Put(_order_record(after, link), ChangeOrderRecord.version == before.version, _outdated(before.version))


def _outdated(expected: int) -> Callable[[RawItem | None], Exception]:
    def refusal(item: RawItem | None) -> Exception:
        return VersionConflict(expected=expected, actual=int(item["version"]["N"]) if item else 0)

    return refusal


def _entry(origin: Origin, action: str, order: ChangeOrder, before: ChangeOrder | None, reason: str = "") -> AuditEntry:
    return AuditEntry(
        origin=origin,
        action=action,
        subject=f"change-order/{order.ecn_number}",
        before=_audited(before) if before else None,
        after=_audited(order),
        previous=Link(order.audit_sequence, order.audit_hash),
        reason=reason,
    )


def _audited(order: ChangeOrder) -> dict[str, str | None]:
    return {
        "processing": order.processing.value,
        "ecn_type": order.notification.ecn_type,
        "change_point_id": order.change_point_id,
        "failure": order.failure,
    }


def _order_record(order: ChangeOrder, link: Link) -> ChangeOrderRecord:
    told = order.notification
    effective = told.effective_date.isoformat() if told.effective_date else None
    return ChangeOrderRecord(
        pk=_order_key(order.tenant_id, told.ecn_number),
        sk="ORDER",
        gsi1pk=key("T", order.tenant_id, "ECN-PROCESSING", order.processing.value),
        gsi1sk=key(clock.to_text(order.received_at), told.ecn_number),
        gsi2pk=key("T", order.tenant_id, "ECN-EFFECTIVE") if effective else None,
        gsi2sk=key(effective, told.ecn_number) if effective else None,
        tenant_id=order.tenant_id,
        factory_id=order.factory_id,
        connection=order.connection,
        receipt_id=order.receipt_id,
        ecn_number=told.ecn_number,
        title=told.title,
        ecn_type=told.ecn_type,
        level=told.level,
        reason=told.reason,
        description=told.description,
        affected_products=list(told.affected_products),
        effective_date=effective,
        effective_batch=told.effective_batch,
        plm_status=told.plm_status,
        received_at=order.received_at,
        processing=order.processing.value,
        processed_at=order.processed_at,
        change_point_id=order.change_point_id,
        failure=order.failure,
        version=order.version,
        audit_sequence=link.sequence,
        audit_hash=link.hash,
    )


def _order(record: ChangeOrderRecord) -> ChangeOrder:
    return ChangeOrder(
        tenant_id=record.tenant_id,
        factory_id=record.factory_id,
        connection=record.connection,
        receipt_id=record.receipt_id,
        notification=Notification(
            ecn_number=record.ecn_number,
            title=record.title,
            ecn_type=record.ecn_type,
            level=record.level,
            affected_products=tuple(record.affected_products),
            reason=record.reason,
            description=record.description,
            effective_date=_day(record.effective_date),
            effective_batch=record.effective_batch,
            plm_status=record.plm_status,
        ),
        received_at=record.received_at,
        processing=Processing(record.processing),
        processed_at=record.processed_at,
        change_point_id=record.change_point_id,
        failure=record.failure,
        version=int(record.version),
        audit_sequence=int(record.audit_sequence),
        audit_hash=record.audit_hash,
    )


def _point_record(tenant_id: str, point: ChangePoint) -> ChangePointRecord:
    return ChangePointRecord(
        pk=_point_key(tenant_id, point.change_point_id),
        sk="POINT",
        change_point_id=point.change_point_id,
        ecn_number=point.ecn_number,
        type=point.type.value,
        category=point.category.value,
        title=point.title,
        affected_products=list(point.affected_products),
        effective_date=point.effective_date.isoformat() if point.effective_date else None,
        created_at=point.created_at,
    )


def _point(record: ChangePointRecord) -> ChangePoint:
    created_at: datetime = record.created_at
    return ChangePoint(
        change_point_id=record.change_point_id,
        ecn_number=record.ecn_number,
        type=ChangePointType(record.type),
        category=ChangeCategory(record.category),
        title=record.title,
        affected_products=tuple(record.affected_products),
        effective_date=_day(record.effective_date),
        created_at=created_at,
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _found(page: Page[ChangeOrderRecord]) -> Found:
    return Found(tuple(_order(record) for record in page.items), page.cursor)
