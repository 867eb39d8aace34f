"""Requests of notices in DynamoDB: a mark of the core's inbox, in one transaction with the event."""

from enghub.core import inbox
from enghub.core.clock import system_clock
from enghub.core.events import Envelope
from enghub.core.identity import Origin
from enghub.core.notices import NoticeRequested
from enghub.core.outbox import to_outbox
from enghub.core.transactions import transact

CONSUMER = "notify_upgrade"


class DynamoRequests:
    """The store; marks are kept for 14 days, longer than any queue keeps a message."""

    def is_asked(self, event: Envelope) -> bool:
        """One read."""
        return bool(inbox.handled(CONSUMER, [event.event_id], event.tenant_id))

    def ask(self, event: Envelope, asked: NoticeRequested) -> None:
        """One transaction."""
        now = system_clock()
        origin = Origin(event.tenant_id, event.factory_id, "upgrade", now, event.event_id)
        mark = inbox.seen(CONSUMER, event.event_id, event.tenant_id, now)
        transact(mark, to_outbox(asked.envelope(origin), subject=asked.subject))
