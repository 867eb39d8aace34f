"""The transactional outbox: what must leave the context is stored in the transaction that makes it true.

Path: outbox item -> table stream -> relay -> bus or command queue. An item is removed when it was sent; what the relay
could not send keeps its place in index ``gsi2`` until the sweeper sends or parks it, oldest first.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from enghub.core import clock, ids
from enghub.core.dynamo import InstantAttribute, RawItem, Record, key, table
from enghub.core.errors import TooLarge
from enghub.core.events import Envelope, dumps
from enghub.core.i18n import Text
from enghub.core.identity import Origin
from enghub.core.observability import logger
from enghub.core.transactions import PutItem

BUS = "bus"
SHARDS = 16
"""Pending messages are spread by tenant and subject over this many index partitions (docs/decisions/0041)."""
PAGE = 100
MAX_BYTES = 256 * 1024
"""PutEvents takes 256 KB in one call, and counts type, source and time with the event."""
REMOVED_PER_CALL = 25
"""BatchWriteItem takes 25."""


class MessageTooLarge(TooLarge):
    """An event or command cannot be sent, so its change is not stored either; ``field`` is its largest part."""

    text = Text(
        "{message_type} would have {size_bytes} bytes, at most {limit_bytes} can be sent: shorten {field}",
        "{message_type} 将达到 {size_bytes} 字节，最多只能发送 {limit_bytes} 字节，请缩短 {field}",
    )


class OutboxRecord(Record):
    """One message on its way out; ``gsi2`` holds it until it is sent."""

    ENTITY = "OUTBOX"

    channel = UnicodeAttribute()
    """``bus``, or the name of a queue of this context."""
    message_id = UnicodeAttribute()
    message_type = UnicodeAttribute()
    source = UnicodeAttribute()
    body = UnicodeAttribute()
    created_at = InstantAttribute()
    subject = UnicodeAttribute(null=True)
    """The tenant's aggregate it is about."""
    attempts = NumberAttribute(null=True)
    """How often it was refused for a reason of its own."""

    @classmethod
    def from_stream(cls, image: Mapping[str, Any]) -> Self:
        """Read the NEW_IMAGE of a stream record (attribute values with their type descriptors)."""
        return cls.from_raw_data(dict(image))

    @property
    def line(self) -> tuple[str, str]:
        """What must arrive in its order: the messages of one subject on one channel."""
        return self.channel, self.subject or self.message_id

    @property
    def size_bytes(self) -> int:
        """What it counts in a call."""
        return size_of(self.body, self.message_type, self.source)

    def count_attempt(self) -> int:
        """Remember that it was refused once more; returns how often by now."""
        attempts = int(self.attempts or 0) + 1
        actions = [OutboxRecord.attempts.set(attempts)]
        table().update_item(self.pk, range_key=self.sk, actions=actions, condition=OutboxRecord.pk.exists())
        return attempts


def size_of(body: str, message_type: str, source: str) -> int:
    """Return what a message counts in a call, in bytes; the time of an event counts 14."""
    return len(body.encode()) + len(message_type) + len(source) + 14


def pending_partition(shard: int) -> str:
    """Return the index partition of one shard of unsent messages; it spans tenants, only system jobs read it."""
    return key("OUTBOX", "PENDING", shard)


def to_outbox(event: Envelope, *, subject: str = "") -> PutItem:
    """Return the write that publishes ``event`` once its transaction is committed.

    ``subject`` is the aggregate the event is about: events of one subject are swept in their order.

    Raises:
        MessageTooLarge: the bus would refuse it.
    """
    body = event.to_json()
    _check_size(body, event.event_type, event.source_service, event.data)
    kind, source = event.event_type, event.source_service
    return _put(BUS, event.event_id, kind, source, body, at=event.timestamp, tenant_id=event.tenant_id, subject=subject)


def to_command(queue: str, payload: Mapping[str, Any], origin: Origin, *, subject: str = "") -> PutItem:
    """Return the write that sends ``payload`` to the context's work queue ``queue`` once the transaction is committed.

    The receiver gets ``{"message_id", "tenant_id", "payload"}``, at least once.

    Raises:
        MessageTooLarge: the queue would refuse it.
    """
    message_id = ids.new_id(origin.at)
    body = dumps({"message_id": message_id, "tenant_id": origin.tenant_id, "payload": payload})
    _check_size(body, queue, "", payload)
    return _put(queue, message_id, queue, "", body, at=origin.at, tenant_id=origin.tenant_id, subject=subject)


def to_channel(
    channel: str, body: str, *, message_type: str, source: str, tenant_id: str, subject: str, at: datetime
) -> PutItem:
    """Return the write that sends ``body``, as it is, once more; receivers know it by what stands in it."""
    message_id = ids.new_id(at)
    return _put(channel, message_id, message_type, source, body, at=at, tenant_id=tenant_id, subject=subject)


def _check_size(body: str, message_type: str, source: str, parts: Mapping[str, Any]) -> None:
    size = size_of(body, message_type, source)
    if size > MAX_BYTES:
        largest = max(parts, key=lambda name: len(dumps(parts[name]).encode()), default="body")
        raise MessageTooLarge(message_type=message_type, field=largest, size_bytes=size, limit_bytes=MAX_BYTES)


def _put(
    channel: str,
    message_id: str,
    message_type: str,
    source: str,
    body: str,
    *,
    at: datetime,
    tenant_id: str,
    subject: str,
) -> PutItem:
    about, made = f"{tenant_id}/{subject or message_id}", clock.to_text(at)
    shard = hashlib.sha256(about.encode()).digest()[0] % SHARDS
    item = {
        "pk": key("T", tenant_id, "OUTBOX", message_id),
        "sk": "OUTBOX",
        "entity": OutboxRecord.ENTITY,
        "gsi2pk": pending_partition(shard),
        "gsi2sk": key(made, message_id),
        "channel": channel,
        "message_id": message_id,
        "message_type": message_type,
        "source": source,
        "body": body,
        "created_at": made,
        "subject": about,
    }
    return PutItem({name: {"S": text} for name, text in item.items()})


@dataclass(frozen=True, slots=True)
class Pending:
    """Part of a shard, oldest first: its messages, items that are none, and where to go on (None at the end)."""

    records: tuple[OutboxRecord, ...]
    unreadable: tuple[RawItem, ...]
    cursor: Mapping[str, Any] | None


def pending(shard: int, before: datetime, cursor: Mapping[str, Any] | None = None, limit: int = PAGE) -> Pending:
    """Return unsent messages of a shard made before ``before``; an item that cannot be read hides no other.

    Raises:
        PynamoDBException: the table cannot be read.
    """
    answer = _query(shard, before, limit=limit, exclusive_start_key=cursor)
    records, unreadable = [], []
    for raw in answer["Items"]:
        try:
            records.append(OutboxRecord.from_raw_data(raw))
        except Exception:
            logger.exception("outbox item cannot be read", key=raw.get("pk"))
            unreadable.append(raw)
    return Pending(tuple(records), tuple(unreadable), answer.get("LastEvaluatedKey"))


def _query(shard: int, before: datetime, **options: Any) -> dict[str, Any]:
    by_time = UnicodeAttribute(attr_name="gsi2sk").between("0", key(clock.to_text(before), "~"))
    answer: dict[str, Any] = table().query(pending_partition(shard), by_time, index_name="gsi2", **options)
    return answer


def backlog(now: datetime) -> tuple[int, float]:
    """Return how many messages wait and the age of the oldest in seconds.

    Raises:
        PynamoDBException: the table cannot be read.
    """
    waiting, oldest = 0, now
    for shard in range(SHARDS):
        first = _query(shard, now, limit=1)["Items"]
        if not first:
            continue
        oldest = min(oldest, _made_at(first[0], now))
        cursor: Any = None
        while True:
            answer = _query(shard, now, select="COUNT", exclusive_start_key=cursor)
            waiting += answer["Count"]
            cursor = answer.get("LastEvaluatedKey")
            if cursor is None:
                break
    return waiting, (now - oldest).total_seconds()


def _made_at(raw: RawItem, otherwise: datetime) -> datetime:
    try:
        return clock.from_text(raw["gsi2sk"]["S"].partition("#")[0])
    except ValueError:
        return otherwise


def remove(records: Sequence[OutboxRecord]) -> None:
    """Take sent messages out, 25 a call. What is not removed is sent again, and its receivers recognise it.

    Raises:
        PynamoDBException: the table cannot be written; what was removed stays removed.
    """
    for chunk in _chunks({(record.pk, record.sk): None for record in records}):
        wanted: Any = [{"pk": pk, "sk": sk} for pk, sk in chunk]
        left = table().batch_write_item(delete_items=wanted).get("UnprocessedItems")
        if left:
            logger.warning("sent messages stay pending", messages=sum(map(len, left.values())))


def _chunks(keys: Mapping[tuple[str, str], None]) -> Iterator[list[tuple[str, str]]]:
    listed = list(keys)
    return (listed[start : start + REMOVED_PER_CALL] for start in range(0, len(listed), REMOVED_PER_CALL))


def body_of(record: OutboxRecord | RawItem) -> dict[str, Any]:
    """Return the message as the receiver will read it."""
    text = record.body if isinstance(record, OutboxRecord) else record["body"]["S"]
    body: dict[str, Any] = json.loads(text)
    return body
