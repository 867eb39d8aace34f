"""Parked messages in the context's table.

Keys: ``T#<tenant>#PARKED`` / id. Index ``gsi1`` lists a tenant's by status and time, ``gsi2`` counts those of all
tenants that wait; only the sweeper reads it.
"""

from datetime import timedelta
from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from enghub.core import audit, clock
from enghub.core.audit import AuditEntry, Link
from enghub.core.dynamo import InstantAttribute, Page, RawItem, Record, key, table
from enghub.core.identity import Origin
from enghub.core.parked.errors import MessageNotParked
from enghub.core.parked.model import ParkedMessage, Status
from enghub.core.transactions import OnRefusal, Update, Write, absent, transact

KEPT = timedelta(days=90)
"""A message that somebody decided about is kept so long."""
WAITING = key("PARKED", "WAITING")


class ParkedRecord(Record):
    """One parked message."""

    ENTITY = "PARKED"

    tenant_id = UnicodeAttribute()
    parked_id = UnicodeAttribute()
    consumer = UnicodeAttribute()
    channel = UnicodeAttribute()
    message_type = UnicodeAttribute()
    source = UnicodeAttribute()
    subject = UnicodeAttribute()
    body = UnicodeAttribute()
    reason = UnicodeAttribute()
    attempts = NumberAttribute()
    parked_at = InstantAttribute()
    times = NumberAttribute()
    status = UnicodeAttribute()
    closed_at = InstantAttribute(null=True)
    closed_by = UnicodeAttribute(null=True)
    closed_for = UnicodeAttribute(null=True)
    audit_sequence = NumberAttribute(null=True)
    audit_hash = UnicodeAttribute(null=True)


_TOLD = ("consumer", "channel", "message_type", "source", "subject", "body", "reason", "attempts", "parked_at")


class _AlreadyParked(Exception):
    """It waits here already."""


def _partition(tenant_id: str) -> str:
    return key("T", tenant_id, "PARKED")


def _list(tenant_id: str, status: Status) -> str:
    return key("T", tenant_id, "PARKED", status.value)


def park(message: ParkedMessage, *also: Write) -> bool:
    """Keep ``message`` and do ``also``, together; False when it waits here already, then nothing is done."""
    record = ParkedRecord(pk=_partition(message.tenant_id), sk=message.parked_id)
    place = key(clock.to_text(message.parked_at), message.parked_id)
    actions: list[Any] = [getattr(ParkedRecord, name).set(getattr(message, name)) for name in _TOLD]
    actions += [
        ParkedRecord.entity.set(ParkedRecord.ENTITY),
        ParkedRecord.tenant_id.set(message.tenant_id),
        ParkedRecord.parked_id.set(message.parked_id),
        ParkedRecord.status.set(Status.PARKED.value),
        ParkedRecord.times.add(1),
        ParkedRecord.gsi1pk.set(_list(message.tenant_id, Status.PARKED)),
        ParkedRecord.gsi1sk.set(place),
        ParkedRecord.gsi2pk.set(WAITING),
        ParkedRecord.gsi2sk.set(place),
        *(getattr(ParkedRecord, name).remove() for name in ("closed_at", "closed_by", "closed_for", "expires_at")),
    ]
    condition = absent() | (ParkedRecord.status != Status.PARKED.value)
    try:
        transact(Update(record, actions, condition, lambda _: _AlreadyParked()), *also)
    except _AlreadyParked:
        return False
    return True


def read(tenant_id: str, parked_id: str) -> tuple[ParkedMessage, Link] | None:
    """Return a message and where its audit chain stands."""
    record = ParkedRecord.read(_partition(tenant_id), parked_id)
    return None if record is None else (_message(record), _link(record))


def find(tenant_id: str, status: Status, limit: int, cursor: str | None) -> tuple[list[ParkedMessage], str | None]:
    """Return a page of a tenant's messages, newest first, and where to go on."""
    page: Page[ParkedRecord] = ParkedRecord.page(
        _list(tenant_id, status), index="gsi1", limit=limit, cursor=cursor, newest_first=True
    )
    return [_message(record) for record in page.items], page.cursor


def decide(before: ParkedMessage, after: ParkedMessage, link: Link, origin: Origin, *also: Write) -> None:
    """Store what somebody decided, its audit entry and ``also``, together.

    Raises:
        MessageNotParked: somebody else was faster.
    """
    status = after.status.value
    entry = AuditEntry(
        origin,
        f"parked_message.{status.lower()}",
        f"parked_message/-/{after.parked_id}",
        {"status": before.status.value},
        {"status": status, "consumer": after.consumer, "message_type": after.message_type},
        link,
        after.closed_for,
    )
    actions = [
        ParkedRecord.status.set(status),
        ParkedRecord.closed_at.set(after.closed_at or origin.at),
        ParkedRecord.closed_by.set(after.closed_by),
        ParkedRecord.closed_for.set(after.closed_for),
        ParkedRecord.audit_sequence.set(entry.link.sequence),
        ParkedRecord.audit_hash.set(entry.link.hash),
        ParkedRecord.expires_at.set(int((origin.at + KEPT).timestamp())),
        ParkedRecord.gsi1pk.set(_list(after.tenant_id, after.status)),
        ParkedRecord.gsi2pk.remove(),
        ParkedRecord.gsi2sk.remove(),
    ]
    record = ParkedRecord(pk=_partition(after.tenant_id), sk=after.parked_id)
    condition = ParkedRecord.status == Status.PARKED.value
    transact(Update(record, actions, condition, _decided(after)), audit.to_put(entry), *also)


def _decided(message: ParkedMessage) -> OnRefusal:
    def refusal(item: RawItem | None) -> Exception:
        status = item["status"]["S"] if item else "GONE"
        return MessageNotParked(parked_id=message.parked_id, status=status)

    return refusal


def waiting() -> int:
    """Return how many messages of all tenants wait; beyond 1 MB of them, at least so many."""
    count: int = table().query(WAITING, index_name="gsi2", select="COUNT")["Count"]
    return count


def _message(record: ParkedRecord) -> ParkedMessage:
    return ParkedMessage(
        parked_id=record.parked_id,
        tenant_id=record.tenant_id,
        attempts=int(record.attempts),
        times=int(record.times),
        status=Status(record.status),
        closed_at=record.closed_at,
        closed_by=record.closed_by or "",
        closed_for=record.closed_for or "",
        **{name: getattr(record, name) for name in _TOLD if name != "attempts"},
    )


def _link(record: ParkedRecord) -> Link:
    return Link(int(record.audit_sequence or 0), record.audit_hash or "")
