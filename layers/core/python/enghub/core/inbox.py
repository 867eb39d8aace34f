"""A consumer's memory: the mark that an event was handled, stored with its effect in one transaction."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from enghub.core.dynamo import MAX_READ_KEYS, RawItem, Record, key, read_many
from enghub.core.transactions import Put, absent

KEPT = timedelta(days=14)
"""Longer than any queue keeps a message."""


class AlreadyHandled(Exception):
    """The consumer's effect of the event is already stored."""


class InboxRecord(Record):
    """The mark of one event at one consumer."""

    ENTITY = "INBOX"


def _key(consumer: str, event_id: str, tenant_id: str) -> tuple[str, str]:
    return key("T", tenant_id, "INBOX", consumer, event_id), "INBOX"


def handled(consumer: str, event_ids: Iterable[str], tenant_id: str) -> set[str]:
    """Return which of these events the consumer has handled, as far as marks are kept; one read per 100.

    Raises:
        Unavailable: DynamoDB cannot answer.
    """
    events = {_key(consumer, event_id, tenant_id): event_id for event_id in event_ids}
    pairs = list(events)
    chunks = (pairs[start : start + MAX_READ_KEYS] for start in range(0, len(pairs), MAX_READ_KEYS))
    return {events[pair] for chunk in chunks for pair in read_many(chunk)}


def seen(consumer: str, event_id: str, tenant_id: str, now: datetime) -> Put:
    """Return the write that remembers ``event_id``; its transaction raises AlreadyHandled the second time."""

    pk, sk = _key(consumer, event_id, tenant_id)

    def refusal(_: RawItem | None) -> Exception:
        return AlreadyHandled(event_id)

    return Put(
        InboxRecord(pk=pk, sk=sk, expires_at=int((now + KEPT).timestamp())),
        absent(),
        refusal,
    )
