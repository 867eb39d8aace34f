"""Figures over many executions on the wire (UPG-13)."""

from enghub.core import wire
from enghub.upgrade.executions.statistics import Figures, Statistics


class FiguresResponse(wire.Response):
    """Of some executions; durations are of those that succeeded."""

    name: str
    executions: int
    ended: int
    succeeded: int
    rolled_back: int
    success_rate: float | None
    """Of those that have ended, 0 to 1."""
    median_seconds: float | None
    slowest_seconds: float | None

    @classmethod
    def of(cls, found: Figures) -> "FiguresResponse":
        """Return the answer for figures."""
        return cls(
            name=found.name,
            executions=found.executions,
            ended=found.ended,
            succeeded=found.succeeded,
            rolled_back=found.rolled_back,
            success_rate=found.success_rate,
            median_seconds=found.median_seconds,
            slowest_seconds=found.slowest_seconds,
        )


class StoppedAtResponse(wire.Response):
    """A step, and how many executions stopped there."""

    step: str
    executions: int


class StatisticsResponse(wire.Response):
    """Figures of a period."""

    since: wire.Instant
    until: wire.Instant
    is_complete: bool
    """False: there were more executions than are counted; `since` is the oldest one's time."""
    whole: FiguresResponse
    by_status: dict[str, int]
    by_version: tuple[FiguresResponse, ...]
    by_site: tuple[FiguresResponse, ...]
    stopped_at: tuple[StoppedAtResponse, ...]

    @classmethod
    def of(cls, found: Statistics) -> "StatisticsResponse":
        """Return the answer for statistics."""
        return cls(
            since=found.since,
            until=found.until,
            is_complete=found.is_complete,
            whole=FiguresResponse.of(found.whole),
            by_status=found.by_status,
            by_version=tuple(map(FiguresResponse.of, found.by_version)),
            by_site=tuple(map(FiguresResponse.of, found.by_site)),
            stopped_at=tuple(StoppedAtResponse(step=step, executions=number) for step, number in found.stopped_at),
        )
