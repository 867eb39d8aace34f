"""The rollback of a sync run: looked at page by page, then restored or refused (PLM-05). Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum


class RollbackStatus(StrEnum):
    """CHECKING: nothing is changed yet. REFUSED: records changed since, nothing was restored."""

    CHECKING = "CHECKING"
    RESTORING = "RESTORING"
    REFUSED = "REFUSED"
    DONE = "DONE"


MOST_CHANGED = 100
"""Records that a refused rollback names."""


@dataclass(frozen=True, slots=True)
class Rollback:
    """The rollback of a run: every record it wrote becomes what it was before (PLM-05).

    ``cursor`` is where its work goes on; ``changed_since`` names records that others wrote after the run.
    """

    requested_by: str
    requested_at: datetime
    reason: str
    status: RollbackStatus = RollbackStatus.CHECKING
    cursor: str | None = None
    restored: int = 0
    changed_since: tuple[str, ...] = ()
    finished_at: datetime | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing more is to be done."""
        return self.status in {RollbackStatus.REFUSED, RollbackStatus.DONE}

    def checked(self, changed: Sequence[str], cursor: str | None, at: datetime) -> "Rollback":
        """Return it after one page was looked at: on to the next one, refused, or on to restoring."""
        found = (*self.changed_since, *changed)[:MOST_CHANGED]
        if cursor is not None:
            return replace(self, changed_since=found, cursor=cursor)
        if found:
            return replace(self, changed_since=found, cursor=None, status=RollbackStatus.REFUSED, finished_at=at)
        return replace(self, cursor=None, status=RollbackStatus.RESTORING)

    def after_page(self, restored: int, changed: Sequence[str], cursor: str | None, at: datetime) -> "Rollback":
        """Return it after one page was restored; what changed meanwhile stays as it is, and is named."""
        found = (*self.changed_since, *changed)[:MOST_CHANGED]
        made = replace(self, restored=self.restored + restored, changed_since=found, cursor=cursor)
        return made if cursor is not None else replace(made, status=RollbackStatus.DONE, finished_at=at)
