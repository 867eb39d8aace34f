"""Spans of time: half-open, between aware instants; sets of them joined, met, taken away and measured. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """From ``start`` until just before ``end``."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            message = "an interval needs aware times"
            raise ValueError(message)

    def __contains__(self, at: datetime) -> bool:
        return self.start <= at < self.end

    @property
    def duration(self) -> timedelta:
        """How long it is; nothing where it ends before it starts."""
        return max(self.end - self.start, timedelta())

    def meet(self, other: "Interval") -> "Interval":
        """Return what both cover, perhaps nothing."""
        return Interval(max(self.start, other.start), min(self.end, other.end))


def union(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """Return the same time as the fewest intervals, in order; touching ones become one, empty ones go."""
    joined: list[Interval] = []
    for one in sorted(found for found in intervals if found.duration):
        if joined and one.start <= joined[-1].end:
            joined[-1] = Interval(joined[-1].start, max(joined[-1].end, one.end))
        else:
            joined.append(one)
    return tuple(joined)


def intersection(left: Iterable[Interval], right: Iterable[Interval]) -> tuple[Interval, ...]:
    """Return the time that is in both, in order."""
    others = union(right)
    return union(one.meet(other) for one in union(left) for other in others)


def difference(left: Iterable[Interval], right: Iterable[Interval]) -> tuple[Interval, ...]:
    """Return the time of ``left`` that is not in ``right``, in order."""
    return union(_without(union(left), union(right)))


def _without(left: Iterable[Interval], right: tuple[Interval, ...]) -> Iterator[Interval]:
    for one in left:
        start = one.start
        for other in right:
            yield Interval(start, min(one.end, other.start)) if start < other.start else Interval(start, start)
            start = max(start, other.end)
        yield Interval(start, max(one.end, start))


def total(intervals: Iterable[Interval]) -> timedelta:
    """Return how much time they cover together, what overlaps counted once."""
    return sum((one.duration for one in union(intervals)), timedelta())
