"""Deliveries in DynamoDB: marks of the core's inbox, one per event and recipient."""

from contextlib import suppress

from enghub.core.clock import system_clock
from enghub.core.inbox import AlreadyHandled, handled, seen
from enghub.core.transactions import transact

CONSUMER = "notify_upgrade"


class DynamoMarks:
    """The store of marks; they are kept for 14 days, longer than any queue keeps a message."""

    def done(self, tenant_id: str, marks: list[str]) -> set[str]:
        """One read per 100."""
        return handled(CONSUMER, marks, tenant_id)

    def add(self, tenant_id: str, mark: str) -> None:
        """One write."""
        with suppress(AlreadyHandled):
            transact(seen(CONSUMER, mark, tenant_id, system_clock()))
