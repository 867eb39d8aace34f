"""What is told to a PLM that may be away: pushed under one id until it takes or refuses it (PLM-12, PLM-15, PLM-16)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from enghub.plm.syncs.errors import PlmRefused, PlmUnavailable

PAUSES = tuple(timedelta(seconds=seconds) for seconds in (2, 4, 60, 300, 900, 3600))
"""Between attempts; the last one again and again: what is told waits for a PLM that is away, however long."""


class PlmSync(StrEnum):
    """Whether the PLM knows."""

    NONE = "NONE"
    PENDING = "PENDING"
    SYNCED = "SYNCED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class Push:
    """Something on its way to the PLM; ``push_id`` makes it arrive once, ``due`` is when it is tried next."""

    push_id: str
    state: PlmSync
    attempts: int = 0
    due: datetime | None = None
    trouble: str = ""
    synced_at: datetime | None = None

    def is_due(self, now: datetime) -> bool:
        """Tell whether it is to be tried now."""
        return self.state is PlmSync.PENDING and (self.due is None or self.due <= now)

    def attempted(self, send: Callable[[], None], now: datetime) -> "Push":
        """Return it after one attempt: arrived, refused for good, or due again."""
        tried = replace(self, attempts=self.attempts + 1, trouble="", due=None)
        try:
            send()
        except PlmRefused as error:
            return replace(tried, state=PlmSync.FAILED, trouble=error.message("en"))
        except PlmUnavailable as error:
            pause = PAUSES[min(self.attempts, len(PAUSES) - 1)]
            return replace(tried, trouble=error.message("en"), due=now + pause)
        return replace(tried, state=PlmSync.SYNCED, synced_at=now)


ACTIONS = {PlmSync.SYNCED: "push_arrived", PlmSync.FAILED: "push_refused"}
"""What the audit calls an attempt by its state afterwards; ``push_failed`` for others."""


def action_of(push: Push) -> str:
    """Return the audit's verb for an attempt."""
    return ACTIONS.get(push.state, "push_failed")
