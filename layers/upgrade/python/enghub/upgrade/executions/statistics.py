"""Figures over many executions (UPG-13): how many succeed, how long they take, where they stop. No I/O."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from enghub.upgrade.executions.model import Execution, Status

ENDED = frozenset({Status.SUCCEEDED, Status.FAILED, Status.ABORTED, Status.ROLLED_BACK, Status.ROLLBACK_FAILED})
MOST_STEPS = 10
"""Steps that are named, those that stopped most executions first."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Of some executions. Durations are seconds from the first slice to the end, of those that succeeded."""

    name: str
    executions: int
    ended: int
    succeeded: int
    rolled_back: int
    success_rate: float | None
    """Of those that have ended; None when none has."""
    median_seconds: float | None
    slowest_seconds: float | None


@dataclass(frozen=True, slots=True)
class Statistics:
    """Figures of a period, newest executions first."""

    since: datetime
    until: datetime
    is_complete: bool
    """False: there were more executions than are counted; `since` is the oldest one's time."""
    whole: Figures
    by_status: dict[str, int]
    by_version: tuple[Figures, ...]
    by_site: tuple[Figures, ...]
    stopped_at: tuple[tuple[str, int], ...]
    """Steps with the number of executions that stand, or ended, there."""


def statistics_of(
    executions: Sequence[Execution], since: datetime, until: datetime, *, is_complete: bool
) -> Statistics:
    """Return the figures of executions that were accepted in a period."""
    stopped = Counter(one.breakpoint.step for one in executions if one.breakpoint is not None)
    return Statistics(
        since=since,
        until=until,
        is_complete=is_complete,
        whole=_figures("all", executions),
        by_status=dict(sorted(Counter(one.status.value for one in executions).items())),
        by_version=_grouped(executions, lambda one: one.target_version),
        by_site=_grouped(executions, lambda one: one.site_id),
        stopped_at=tuple(sorted(stopped.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST_STEPS]),
    )


def _grouped(executions: Sequence[Execution], key: Callable[[Execution], str]) -> tuple[Figures, ...]:
    names = dict.fromkeys(map(key, executions))
    return tuple(_figures(name, [one for one in executions if key(one) == name]) for name in sorted(names))


def _figures(name: str, executions: Sequence[Execution]) -> Figures:
    ended = [one for one in executions if one.status in ENDED]
    good = [one for one in ended if one.status is Status.SUCCEEDED]
    took = [
        (one.ended_at - one.started_at).total_seconds()
        for one in good
        if one.started_at is not None and one.ended_at is not None
    ]
    return Figures(
        name=name,
        executions=len(executions),
        ended=len(ended),
        succeeded=len(good),
        rolled_back=sum(one.status is Status.ROLLED_BACK for one in ended),
        success_rate=round(len(good) / len(ended), 4) if ended else None,
        median_seconds=median(took) if took else None,
        slowest_seconds=max(took, default=None),
    )
