"""What rehearsals need of storage."""

from dataclasses import dataclass
from typing import Protocol

from enghub.core.idempotency import Once
from enghub.core.identity import Origin
from enghub.upgrade.rehearsal.model import Rehearsal


@dataclass(frozen=True, slots=True)
class Change:
    """What one transaction stores together: the rehearsal, its audit entry, the launch of its run."""

    origin: Origin
    rehearsal: Rehearsal
    action: str | None = None
    launch: bool = False
    once: Once | None = None


class RehearsalStore(Protocol):
    """Storage of rehearsals. Every save names the version it saw."""

    def get(self, tenant_id: str, rehearsal_id: str) -> Rehearsal:
        """Return a rehearsal.

        Raises:
            RehearsalNotFound: there is none.
        """

    def save(self, change: Change) -> Rehearsal:
        """Store a change; one that has ended and tells times becomes the last one of its upgrade.

        Raises:
            RehearsalChanged: somebody else was faster.
        """

    def last(self, tenant_id: str, site_id: str, source_version: str, target_version: str) -> Rehearsal | None:
        """Return the last rehearsal of an upgrade that has ended and tells times."""
