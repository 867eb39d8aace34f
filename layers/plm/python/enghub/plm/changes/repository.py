"""What the change service needs to store and find."""

from dataclasses import dataclass
from datetime import date
from typing import Protocol

from enghub.core.idempotency import Once
from enghub.core.identity import Origin
from enghub.plm.changes.model import ChangeOrder, ChangePoint, Processing


@dataclass(frozen=True, slots=True)
class Found:
    """One page of change orders; ``cursor`` continues it."""

    orders: tuple[ChangeOrder, ...]
    cursor: str | None


class ChangeOrders(Protocol):
    """Change orders of all tenants. Every write is one transaction with its audit entry and its message."""

    def receive(self, order: ChangeOrder, origin: Origin) -> bool:
        """Store a new order and the command to process it; False when its ECN number is already known."""

    def command(self, order: ChangeOrder, origin: Origin) -> None:
        """Send the command to process a known order once more."""

    def get(self, tenant_id: str, ecn_number: str) -> ChangeOrder | None:
        """Return the order, read consistently."""

    def point(self, tenant_id: str, change_point_id: str) -> ChangePoint | None:
        """Return the change point."""

    def processed(self, before: ChangeOrder, after: ChangeOrder, point: ChangePoint, origin: Origin) -> None:
        """Store the processed order, its change point and the event ChangePointCreated.

        Raises:
            VersionConflict: the order is no longer what ``before`` says.
        """

    def parked(self, before: ChangeOrder, after: ChangeOrder, origin: Origin) -> None:
        """Store the parked order and the event ChangeOrderParked; raises as ``processed``."""

    def retried(self, before: ChangeOrder, after: ChangeOrder, reason: str, origin: Origin, once: Once | None) -> None:
        """Store the order and the command to process it again; raises as ``processed``."""

    def by_processing(self, tenant_id: str, processing: Processing, limit: int, cursor: str | None) -> Found:
        """Return orders of one processing status, newest first."""

    def by_effective_date(self, tenant_id: str, first: date, last: date, limit: int, cursor: str | None) -> Found:
        """Return orders that become effective from ``first`` to ``last``, both included, earliest first."""
