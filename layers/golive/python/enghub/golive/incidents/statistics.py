"""Mean time to acknowledge and to resolve, and what they leave out (OPS-20). Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from enghub.golive.incidents.model import Incident


@dataclass(frozen=True, slots=True)
class Statistics:
    """Of some incidents; a mean is None where nothing counts."""

    count: int
    mtta: timedelta | None
    acknowledged: int
    """How many the mean of acknowledging is over: acknowledged while they were broken."""
    without_acknowledgement: int
    mttr: timedelta | None
    resolved: int
    open: int
    by_severity: dict[str, int]
    by_cause: dict[str, int]
    drills: int
    """How many more were drills; they are in no other figure."""


def statistics(incidents: Iterable[Incident]) -> Statistics:
    """Return the figures.

    MTTA: from opening to the first acknowledgement; who acknowledged after the end, or never, does not count. MTTR: how
    long it was broken in all; the quiet time before a reopening does not count. Alerts of one group are one incident.
    In a drill nothing was broken, and people may have known of it.
    """
    every = list(incidents)
    found = [one for one in every if not one.drill_id]
    acknowledged = [wait for one in found if (wait := _wait(one)) is not None]
    broken = [one.broken_for for one in found if one.broken_for is not None]
    return Statistics(
        count=len(found),
        mtta=_mean(acknowledged),
        acknowledged=len(acknowledged),
        without_acknowledgement=len(found) - len(acknowledged),
        mttr=_mean(broken),
        resolved=len(broken),
        open=len(found) - len(broken),
        by_severity=dict(sorted(Counter(one.severity.value for one in found).items())),
        by_cause=dict(sorted(Counter(one.cause for one in found if one.cause).items())),
        drills=len(every) - len(found),
    )


def _wait(one: Incident) -> timedelta | None:
    at = one.acknowledged_at
    if at is None or not any(part.start <= at and (part.end is None or at <= part.end) for part in one.periods):
        return None
    return at - one.opened_at


def _mean(times: list[timedelta]) -> timedelta | None:
    return sum(times, timedelta()) / len(times) if times else None
