"""What the services need of the queue's storage; changes travel in the transaction of their execution."""

from typing import Protocol

from enghub.core.commits import Kept
from enghub.core.identity import Origin
from enghub.upgrade.queue.model import QueueMove, QueueState, Slots


class Queue(Protocol):
    """Storage of slots and queue."""

    def line(self, tenant_id: str) -> QueueState:
        """Return slots and queue; the slots are never newer than the queue."""

    def set_limit(self, seen: Kept[Slots], limit: int | None, origin: Origin) -> None:
        """Store a limit of the tenant's own, or none any more, with its audit entry; have the queue looked at.

        Raises:
            QueueChanged: somebody else was faster.
        """

    def store(self, tenant_id: str, move: QueueMove) -> None:
        """Store a change that belongs to no execution.

        Raises:
            QueueChanged: somebody else was faster.
        """

    def tenants(self) -> tuple[str, ...]:
        """Return every tenant that ever had a slot, for the sweep."""
