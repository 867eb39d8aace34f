"""A consumer's memory: the mark that an event was handled, stored with its effect in one transaction."""

from collections.abc import Iterable
from datetime import datetime

from enghub.core.dynamo import MAX_READ_KEYS, key, read_many
from enghub.core.marks import KEPT, AlreadyHandled
from enghub.core.transactions import PutItem, absent

__all__ = ["KEPT", "AlreadyHandled", "handled", "seen"]


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


def seen(consumer: str, event_id: str, tenant_id: str, now: datetime) -> PutItem:
    """Return the write that remembers ``event_id``; its transaction raises AlreadyHandled the second time."""
    pk, sk = _key(consumer, event_id, tenant_id)
    item = {"pk": {"S": pk}, "sk": {"S": sk}, "entity": {"S": "INBOX"}}
    item["expires_at"] = {"N": str(int((now + KEPT).timestamp()))}
    return PutItem(item, absent(), lambda _: AlreadyHandled(event_id))
