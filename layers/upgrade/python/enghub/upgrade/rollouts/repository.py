"""What roll-outs need of storage."""

from collections.abc import Sequence
from typing import Protocol

from enghub.core.commits import Commit, Kept
from enghub.upgrade.rollouts.model import Rollout, SiteRow


class RolloutStore(Protocol):
    """Storage of roll-outs and their sites. Every save names the revision it saw."""

    def get(self, tenant_id: str, rollout_id: str) -> Rollout:
        """Return a roll-out.

        Raises:
            RolloutNotFound: there is none.
        """

    def kept(self, tenant_id: str, rollout_id: str) -> Kept[Rollout]:
        """Return a roll-out with what guards its next change.

        Raises:
            RolloutNotFound: there is none.
        """

    def rows(self, tenant_id: str, rollout_id: str, wave: int | None = None) -> tuple[SiteRow, ...]:
        """Return the sites in the order of their waves, or those of one wave."""

    def kept_rows(self, tenant_id: str, rollout_id: str, wave: int | None = None) -> tuple[Kept[SiteRow], ...]:
        """Return the sites with what guards their next change."""

    def find(self, tenant_id: str, limit: int, cursor: str | None) -> tuple[tuple[Rollout, ...], str | None]:
        """Return one page, newest first, and where to go on."""

    def at_work(self) -> tuple[tuple[str, str], ...]:
        """Return tenant and id of every roll-out that needs a workflow."""

    def create(self, rows: Sequence[SiteRow], commit: Commit[Rollout]) -> Rollout:
        """Store a new roll-out with its sites."""

    def save(self, commit: Commit[Rollout]) -> Kept[Rollout]:
        """Store a commit; return what is kept then.

        Raises:
            RolloutChanged: somebody else was faster.
        """

    def save_row(self, tenant_id: str, seen: Kept[SiteRow], row: SiteRow) -> Kept[SiteRow]:
        """Store one site's row as it is from now on.

        Raises:
            RolloutChanged: somebody else was faster.
        """
