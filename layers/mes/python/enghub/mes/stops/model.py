"""Stops (MES-27): when a line or station stood, and why. Reasons are a tree, as data of the factory."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from enghub.kit.calendars.intervals import Interval
from enghub.mes.factories import Factory
from enghub.mes.stops.errors import ReasonInCircle, StopEndsAlready, StopEndsBeforeItBegins, StopInFuture, StopTooLong
from enghub.mes.stops.kpis import StopSpan

LONGEST = timedelta(days=31)
"""A station that stands longer is described as not working, not as stopped."""
MICRO = timedelta(minutes=5)
"""A stop shorter than this is a micro-stop; the whole stop is looked at, not its part of a shift."""
DEEPEST = 6
CLOCK_SKEW = timedelta(minutes=5)
UNKNOWN_REASON = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class StopReason:
    """Why something stands; ``parent`` is the reason that it is a kind of. ``is_failure``: equipment broke down."""

    factory: Factory
    code: str
    name: str
    parent: str | None = None
    is_planned: bool = False
    is_failure: bool = False
    is_deleted: bool = False


@dataclass(frozen=True, slots=True)
class Stop:
    """One stop of a station; an end of None: it still stands. ``is_planned`` and ``is_failure`` are its reason's."""

    factory: Factory
    stop_id: str
    line_id: str
    station_id: str
    started_at: datetime
    ended_at: datetime | None = None
    reason: str | None = None
    is_planned: bool = False
    is_failure: bool = False
    comment: str | None = None
    source: str = "terminal"

    def end(self, at: datetime, now: datetime) -> "Stop":
        """End the stop.

        Raises:
            StopEndsAlready, StopEndsBeforeItBegins, StopTooLong, StopInFuture
        """
        if self.ended_at is not None:
            raise StopEndsAlready(stop_id=self.stop_id, ended_at=self.ended_at.isoformat())
        check_times(self.started_at, at, now)
        return replace(self, ended_at=at)

    def explained(self, reason: StopReason) -> "Stop":
        """Return the stop with its reason."""
        return replace(self, reason=reason.code, is_planned=reason.is_planned, is_failure=reason.is_failure)

    def interval(self, now: datetime) -> Interval:
        """Return when it stood, until now where it still does."""
        return Interval(self.started_at, max(self.ended_at or now, self.started_at))

    def span(self, now: datetime) -> StopSpan:
        """Return it for the time model."""
        return StopSpan(self.interval(now), self.is_planned, self.is_failure)

    def is_micro(self, now: datetime) -> bool:
        """Tell whether the whole of it is shorter than a micro-stop may be."""
        return self.ended_at is not None and not self.is_planned and self.interval(now).duration < MICRO


def check_times(started_at: datetime, ended_at: datetime | None, now: datetime) -> None:
    """Demand that a stop begins before it ends, in the past, and is no longer than a stop may be.

    Raises:
        StopEndsBeforeItBegins, StopTooLong, StopInFuture
    """
    if max(started_at, ended_at or started_at) > now + CLOCK_SKEW:
        raise StopInFuture(field="startedAt" if started_at > now + CLOCK_SKEW else "endedAt")
    if ended_at is None:
        return
    if ended_at <= started_at:
        raise StopEndsBeforeItBegins(field="endedAt", started_at=started_at.isoformat(), ended_at=ended_at.isoformat())
    if ended_at - started_at > LONGEST:
        raise StopTooLong(field="endedAt", days=LONGEST.days)


def check_tree(reason: StopReason, parents: Mapping[str, str | None]) -> None:
    """Demand that a reason's parents lead to a root.

    Raises:
        ReasonInCircle
    """
    seen, current = {reason.code}, reason.parent
    while current is not None:
        if current in seen or len(seen) > DEEPEST:
            raise ReasonInCircle(field="parent", code=reason.code, deepest=DEEPEST)
        seen.add(current)
        current = parents.get(current)


@dataclass(frozen=True, slots=True)
class Loss:
    """What stops of one reason cost: seconds of working time, how many, how many of them micro-stops.

    ``share`` is of all loss, ``cumulative`` of this and the greater ones: a Pareto.
    """

    reason: str
    seconds: Decimal
    stops: int
    micro_stops: int
    share: Decimal
    cumulative: Decimal


RATE = Decimal("0.0001")


def pareto(losses: Iterable[tuple[str, Decimal, bool]]) -> list[Loss]:
    """Return losses by reason, the greatest first; each is (reason, seconds, whether it is a micro-stop)."""
    sums: dict[str, tuple[Decimal, int, int]] = {}
    for reason, seconds, is_micro in losses:
        known = sums.get(reason, (Decimal(0), 0, 0))
        sums[reason] = (known[0] + seconds, known[1] + 1, known[2] + is_micro)
    whole = sum((seconds for seconds, _, _ in sums.values()), Decimal(0))
    found, so_far = [], Decimal(0)
    for reason, (seconds, count, micro) in sorted(sums.items(), key=lambda pair: (-pair[1][0], pair[0])):
        so_far += seconds
        share, cumulative = ((part / whole).quantize(RATE) if whole else Decimal(0) for part in (seconds, so_far))
        found.append(Loss(reason, seconds, count, micro, share, cumulative))
    return found
