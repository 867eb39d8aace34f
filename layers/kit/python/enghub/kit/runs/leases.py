"""Who is at work on a long process, until when: a lease that is extended while work goes on. Pure.

Work that ends without a word (an execution stopped by hand, a worker that died) shows by its lease running out.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Term:
    """How long a lease is: longer than the work is ever silent; and what is left of it when it is extended."""

    length: timedelta
    renewed_at: timedelta = timedelta.max

    def until(self, at: datetime) -> datetime:
        """Return the end of a lease taken or extended at ``at``."""
        return at + self.length

    def is_due(self, until: datetime | None, at: datetime) -> bool:
        """Tell whether a lease until ``until`` has to be extended."""
        return until is None or until - at <= self.renewed_at

    def is_lost(self, until: datetime | None, at: datetime) -> bool:
        """Tell whether whoever held it is gone; nobody is missed where there is no lease."""
        return until is not None and until < at


@dataclass(frozen=True, slots=True)
class Lease:
    """One run of a kind of process (``product-sync``); ``turn`` counts how often it was begun."""

    kind: str
    tenant_id: str
    run_id: str
    turn: int
    until: datetime
