"""What the change service needs to store and find."""

from dataclasses import dataclass
from datetime import date
from typing import Protocol

from enghub.core.commits import Command, Commit, Kept
from enghub.core.events import Envelope
from enghub.core.identity import Origin
from enghub.plm.changes.model import ChangeOrder, ChangePoint, Processing
from enghub.plm.changes.revisions import Revision


@dataclass(frozen=True, slots=True)
class Found:
    """One page of change orders; ``cursor`` continues it."""

    orders: tuple[ChangeOrder, ...]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class FoundRevisions:
    """One page of kept revisions; ``cursor`` continues it."""

    revisions: tuple[Revision, ...]
    cursor: str | None


class ChangeOrders(Protocol):
    """Change orders of all tenants. Every write is one transaction with its audit entry and its message."""

    def receive(self, commit: Commit[ChangeOrder]) -> bool:
        """Store a new order; False when its ECN number is already known from another delivery."""

    def revision(self, tenant_id: str, ecn_number: str, revision_id: str) -> Revision | None:
        """Return a kept revision, read consistently."""

    def revisions(self, tenant_id: str, ecn_number: str, limit: int, cursor: str | None) -> "FoundRevisions":
        """Return the kept revisions of an order."""

    def keep(self, order: ChangeOrder, revision: Revision, events: tuple[Envelope, ...]) -> None:
        """Keep a revision that is not in force, with ``events``; one that is kept already stays."""

    def revise(self, commit: Commit[ChangeOrder], superseded: Revision) -> None:
        """Store the order with its newer revision, and keep the one before it; raises as ``save``."""

    def command(self, order: ChangeOrder, command: Command, origin: Origin) -> None:
        """Send the command to process a known order once more."""

    def get(self, tenant_id: str, ecn_number: str) -> Kept[ChangeOrder] | None:
        """Return the order, read consistently."""

    def point(self, tenant_id: str, change_point_id: str) -> ChangePoint | None:
        """Return the change point."""

    def save(self, commit: Commit[ChangeOrder], point: ChangePoint | None = None) -> None:
        """Store the changed order, with the change point it became.

        Raises:
            Replayed: the request was answered before.
            VersionConflict: the order is no longer what ``before`` says.
        """

    def by_processing(self, tenant_id: str, processing: Processing, limit: int, cursor: str | None) -> Found:
        """Return orders of one processing status, newest first."""

    def by_effective_date(self, tenant_id: str, first: date, last: date, limit: int, cursor: str | None) -> Found:
        """Return orders that become effective from ``first`` to ``last``, both included, earliest first."""
