"""What rehearsals need of storage."""

from typing import Protocol

from enghub.core.commits import Commit, Kept
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
        """Store a commit; one that has ended and tells times becomes the last one of its upgrade.

        Raises:
            RehearsalChanged: somebody else was faster.
        """

    def last(self, tenant_id: str, site_id: str, source_version: str, target_version: str) -> Rehearsal | None:
        """Return the last rehearsal of an upgrade that has ended and tells times."""
