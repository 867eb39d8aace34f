"""The transactional outbox: what must leave the context is stored in the transaction that makes it true.

Path: outbox item -> table stream -> relay -> bus or command queue. What the relay could not send keeps its place in
index ``gsi2`` until the sweeper sends it, oldest first.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Self

from pynamodb.attributes import UnicodeAttribute
from pynamodb.expressions.condition import Condition

from enghub.core import clock, ids
from enghub.core.dynamo import InstantAttribute, RawItem, Record, key, table
from enghub.core.events import Envelope, dumps
from enghub.core.identity import Origin
from enghub.core.transactions import Put

BUS = "bus"
SHARDS = 4
"""Pending messages are spread over this many index partitions."""
KEPT_AFTER_SENDING = timedelta(days=7)


class OutboxRecord(Record):
    """One message on its way out; ``gsi2`` holds it until it is sent."""

    ENTITY = "OUTBOX"

    channel = UnicodeAttribute()
    """``bus``, or the name of a command queue."""
    message_id = UnicodeAttribute()
    message_type = UnicodeAttribute()
    source = UnicodeAttribute()
    body = UnicodeAttribute()
    created_at = InstantAttribute()
    sent_at = InstantAttribute(null=True)

    @classmethod
    def from_stream(cls, image: Mapping[str, Any]) -> Self:
        """Read the NEW_IMAGE of a stream record (attribute values with their type descriptors)."""
        return cls.from_raw_data(dict(image))

    def mark_sent(self, at: datetime) -> None:
        """Take the message out of the pending index; a second call changes nothing that matters."""
        cls = type(self)
        table().update_item(
            self.pk,
            range_key=self.sk,
            actions=[
                cls.gsi2pk.remove(),
                cls.gsi2sk.remove(),
                cls.sent_at.set(at),
                cls.expires_at.set(int((at + KEPT_AFTER_SENDING).timestamp())),
            ],
            condition=_exists(),
        )


def _exists() -> Condition:
    return Record.pk.exists()


def pending_partition(shard: int) -> str:
    """Return the index partition of one shard of unsent messages; it spans tenants, only system jobs read it."""
    return key("OUTBOX", "PENDING", shard)


def to_outbox(event: Envelope, *, subject: str = "") -> Put:
    """Return the write that publishes ``event`` once its transaction is committed.

    ``subject`` is the aggregate the event is about: events of one subject are swept in their order.
    """
    return _put(
        OutboxRecord(
            channel=BUS,
            message_id=event.event_id,
            message_type=event.event_type,
            source=event.source_service,
            body=event.to_json(),
            created_at=event.timestamp,
        ),
        event.tenant_id,
        subject,
    )


def to_command(queue: str, payload: Mapping[str, Any], origin: Origin, *, subject: str = "") -> Put:
    """Return the write that sends ``payload`` to the context's work queue ``queue`` once the transaction is committed.

    The receiver gets ``{"message_id", "tenant_id", "payload"}``, at least once.
    """
    message_id = ids.new_id(origin.at)
    body = dumps({"message_id": message_id, "tenant_id": origin.tenant_id, "payload": payload})
    return _put(
        OutboxRecord(
            channel=queue, message_id=message_id, message_type=queue, source="", body=body, created_at=origin.at
        ),
        origin.tenant_id,
        subject,
    )


def _put(record: OutboxRecord, tenant_id: str, subject: str) -> Put:
    shard = hashlib.sha256(f"{tenant_id}/{subject or record.message_id}".encode()).digest()[0] % SHARDS
    record.pk, record.sk = key("T", tenant_id, "OUTBOX", record.message_id), "OUTBOX"
    record.gsi2pk = pending_partition(shard)
    record.gsi2sk = key(clock.to_text(record.created_at), record.message_id)
    return Put(record)


def pending(shard: int, before: datetime, limit: int = 100) -> Iterator[OutboxRecord]:
    """Yield unsent messages of a shard made before ``before``, oldest first, at most ``limit``."""
    page = OutboxRecord.page(
        pending_partition(shard), index="gsi2", between=("0", key(clock.to_text(before), "~")), limit=limit
    )
    yield from page.items


def body_of(record: OutboxRecord | RawItem) -> dict[str, Any]:
    """Return the message as the receiver will read it."""
    text = record.body if isinstance(record, OutboxRecord) else record["body"]["S"]
    body: dict[str, Any] = json.loads(text)
    return body
