"""What the exchange needs from a store."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Protocol

from enghub.core.commits import Commit, Kept
from enghub.mes.erp.model import Service
from enghub.mes.exchange.model import Message, MessageState
from enghub.mes.factories import Factory
from enghub.mes.keeping.repository import Found


class Messages(Protocol):
    """The messages to the ERPs of all factories."""

    def get(self, factory: Factory, message_id: str) -> Kept[Message] | None:
        """Return one, read consistently."""

    def save(self, commit: Commit[Message]) -> None:
        """Store a new one or a change.

        Raises:
            AlreadyHandled: a new one is there already.
            VersionConflict: it is another by now.
        """

    def due(self, factory: Factory, service: Service, now: datetime, limit: int) -> list[str]:
        """Return the numbers of those that wait and are due, the longest due first."""

    def of_state(self, factory: Factory, state: MessageState, limit: int, cursor: str | None) -> Found[Message]:
        """Return a page, the oldest first; of those acknowledged the newest."""

    def of_day(self, factory: Factory, day: date) -> Iterable[Message]:
        """Yield those that were made on a day (UTC)."""

    def waiting(self, factory: Factory, service: Service) -> tuple[int, datetime | None]:
        """Return how many wait for a service, at most ten thousand counted, and since when the first does."""
