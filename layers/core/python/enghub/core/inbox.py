"""A consumer's memory: the mark that an event was handled, stored with its effect in one transaction."""

from datetime import datetime, timedelta

from enghub.core.dynamo import Put, RawItem, Record, absent, key

KEPT = timedelta(days=14)
"""Longer than any queue keeps a message."""


class AlreadyHandled(Exception):
    """The consumer's effect of the event is already stored."""


class InboxRecord(Record):
    """The mark of one event at one consumer."""

    ENTITY = "INBOX"


def seen(consumer: str, event_id: str, tenant_id: str, now: datetime) -> Put:
    """Return the write that remembers ``event_id``; its transaction raises AlreadyHandled the second time."""

    def refusal(_: RawItem | None) -> Exception:
        return AlreadyHandled(event_id)

    return Put(
        InboxRecord(
            pk=key("T", tenant_id, "INBOX", consumer, event_id),
            sk="INBOX",
            expires_at=int((now + KEPT).timestamp()),
        ),
        absent(),
        refusal,
    )
