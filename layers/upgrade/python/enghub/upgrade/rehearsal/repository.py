"""What rehearsals need of storage."""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from enghub.core.commits import Commit, Kept
from enghub.kit.runs.leases import Lease
from enghub.upgrade.rehearsal.model import Rehearsal


class RehearsalStore(Protocol):
    """Storage of rehearsals. Every save names the revision it saw."""

    def get(self, tenant_id: str, rehearsal_id: str) -> Rehearsal:
        """Return a rehearsal.

        Raises:
            RehearsalNotFound: there is none.
        """

    def kept(self, tenant_id: str, rehearsal_id: str) -> Kept[Rehearsal]:
        """Return a rehearsal with what guards its next change.

        Raises:
            RehearsalNotFound: there is none.
        """

    def save(self, commit: Commit[Rehearsal]) -> Kept[Rehearsal]:
        """Store a commit, with the lease of its workflow; one that ends and tells times is the last of its upgrade.

        Raises:
            RehearsalChanged: somebody else was faster.
        """

    def last(self, tenant_id: str, site_id: str, source_version: str, target_version: str) -> Rehearsal | None:
        """Return the last rehearsal of an upgrade that has ended and tells times."""

    def alive(self, lease: Lease) -> None:
        """Extend a workflow's lease; a rehearsal that has ended has none, and gets none."""

    def lost(self, now: datetime) -> Iterable[Lease]:
        """Return the leases that ran out before `now`."""

    def forget(self, lease: Lease) -> None:
        """Drop the lease of a workflow that is over."""
