"""What roll-outs need of storage."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from enghub.core.idempotency import Once
from enghub.core.identity import Origin
from enghub.upgrade.rollouts.model import Rollout, SiteRow, Tally


@dataclass(frozen=True, slots=True)
class Change:
    """What one transaction stores together: the roll-out, its events, the audit entry, the launch of its run."""

    origin: Origin
    rollout: Rollout
    action: str | None = None
    before: Rollout | None = None
    events: tuple[str, ...] = ()
    tally: Tally | None = None
    """Of the wave that the events are about."""
    launch: bool = False
    once: Once | None = None

    @property
    def wave(self) -> int:
        """The wave that the events are about."""
        return self.rollout.wave if self.before is None else self.before.wave


class RolloutStore(Protocol):
    """Storage of roll-outs and their sites. Every save names the version it saw."""

    def get(self, tenant_id: str, rollout_id: str) -> Rollout:
        """Return a roll-out.

        Raises:
            RolloutNotFound: there is none.
        """

    def rows(self, tenant_id: str, rollout_id: str, wave: int | None = None) -> tuple[SiteRow, ...]:
        """Return the sites in the order of their waves, or those of one wave."""

    def find(self, tenant_id: str, limit: int, cursor: str | None) -> tuple[tuple[Rollout, ...], str | None]:
        """Return one page, newest first, and where to go on."""

    def at_work(self) -> tuple[tuple[str, str], ...]:
        """Return tenant and id of every roll-out that needs a workflow."""

    def create(self, rows: Sequence[SiteRow], change: Change) -> Rollout:
        """Store a new roll-out with its sites."""

    def save(self, change: Change) -> Rollout:
        """Store a change; return what is stored.

        Raises:
            RolloutChanged: somebody else was faster.
        """

    def save_row(self, tenant_id: str, row: SiteRow) -> SiteRow:
        """Store one site's row.

        Raises:
            RolloutChanged: somebody else was faster.
        """
