"""Key performance indicators by the names and formulae of ISO 22400-2, from elements of time and quantity. Pure.

    planned busy time   PBT  time of shifts without breaks and planned stops
    actual production   APT  PBT without the time that unplanned stops cover (their union, cut to PBT)
    Availability             APT / PBT
    Effectiveness            planned runtime per item x produced quantity / APT   ("performance")
    Quality ratio            good quantity / produced quantity
    OEE                      Availability x Effectiveness x Quality ratio
    MTBF, MTTR               operating time, and time down, per failure

Every figure of a period is a ratio of sums, never a mean of ratios. It is None where nothing was planned, ran, or was
made, and is never capped: an Effectiveness above 1 says that the standard time is wrong.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from enghub.kit.calendars.intervals import Interval, difference, intersection, total, union

ZERO = Decimal(0)


class Flag(StrEnum):
    """What people should look at."""

    OVERLAPPING_STOPS = "STOPS_OVERLAP"
    EFFECTIVENESS_ABOVE_ONE = "STANDARD_TIME_TOO_LONG"
    NOTHING_PLANNED = "NOTHING_PLANNED"
    NOTHING_RAN = "NOTHING_RAN"
    NOTHING_MADE = "NOTHING_PRODUCED"
    STANDARD_TIME_UNKNOWN = "STANDARD_TIME_UNKNOWN"


@dataclass(frozen=True, slots=True)
class StopSpan:
    """A stop as the time model sees it."""

    interval: Interval
    is_planned: bool = False
    is_failure: bool = False


@dataclass(frozen=True, slots=True)
class Elements:
    """Sums of time (seconds) and quantity; those of two periods add up to those of both.

    ``counted_twice`` is what overlapping stops have more than their union; ``ideal_seconds`` the planned runtime of
    everything produced, ``timed`` the quantity of which it is known.
    """

    busy: Decimal = ZERO
    stopped: Decimal = ZERO
    counted_twice: Decimal = ZERO
    failures: int = 0
    down: Decimal = ZERO
    produced: Decimal = ZERO
    good: Decimal = ZERO
    ideal_seconds: Decimal = ZERO
    timed: Decimal = ZERO

    def __add__(self, other: "Elements") -> "Elements":
        return Elements(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))

    @property
    def production(self) -> Decimal:
        """Actual production time."""
        return self.busy - self.stopped


def time_elements(
    working: Iterable[Interval], stops: Iterable[StopSpan], earlier: Iterable[Interval] | None = None
) -> Elements:
    """Return the elements of time: ``working`` is shifts without breaks; stops may overlap and reach beyond it.

    A break inside a stop is not counted as stopped, and a stop across two shifts counts to each with its part. A stop
    is one failure where it first took working time: also one that began in a break, or in the night before, when nobody
    worked. ``earlier`` is working time before this: a failure that took some of it was counted there. Where it is not
    given, so was each that began before the first working time here.
    """
    listed = list(stops)
    planned = [stop.interval for stop in listed if stop.is_planned]
    busy = difference(union(working), planned)
    unplanned = [stop for stop in listed if not stop.is_planned]
    parts = [intersection([stop.interval], busy) for stop in unplanned]
    covered = total(part for found in parts for part in found)
    begun = [stop.interval for stop, part in zip(unplanned, parts, strict=True) if stop.is_failure and part]
    if earlier is None:
        failures = [one for one in begun if one.start >= busy[0].start]
    else:
        before = difference(union(earlier), planned)
        failures = [one for one in begun if not intersection([one], before)]
    down = intersection([stop.interval for stop in unplanned if stop.is_failure], busy)
    return Elements(
        busy=_seconds(total(busy)),
        stopped=_seconds(covered),
        counted_twice=_seconds(sum((total(found) for found in parts), timedelta()) - covered),
        failures=len(failures),
        down=_seconds(total(down)),
    )


@dataclass(frozen=True, slots=True)
class Kpis:
    """The figures of a station or line over a period; ratios exact, times in seconds."""

    availability: Fraction | None
    effectiveness: Fraction | None
    quality_ratio: Fraction | None
    oee: Fraction | None
    mtbf: Fraction | None
    mttr: Fraction | None
    flags: tuple[Flag, ...]


def kpis(elements: Elements) -> Kpis:
    """Return the figures that the elements allow."""
    busy, production = Fraction(elements.busy), Fraction(elements.production)
    produced, good, ideal = Fraction(elements.produced), Fraction(elements.good), Fraction(elements.ideal_seconds)
    is_timed = elements.timed == elements.produced
    availability = production / busy if busy else None
    effectiveness = ideal / production if production and is_timed and busy else None
    quality = good / produced if produced else None
    oee = None
    if availability is not None and effectiveness is not None and quality is not None:
        oee = availability * effectiveness * quality
    flags = {
        Flag.OVERLAPPING_STOPS: elements.counted_twice > 0,
        Flag.EFFECTIVENESS_ABOVE_ONE: effectiveness is not None and effectiveness > 1,
        Flag.NOTHING_PLANNED: not busy,
        Flag.NOTHING_RAN: bool(busy) and not production,
        Flag.NOTHING_MADE: not produced,
        Flag.STANDARD_TIME_UNKNOWN: not is_timed,
    }
    failures = elements.failures
    return Kpis(
        availability=availability,
        effectiveness=effectiveness,
        quality_ratio=quality,
        oee=oee,
        mtbf=production / failures if failures else None,
        mttr=Fraction(elements.down) / failures if failures else None,
        flags=tuple(flag for flag, applies in flags.items() if applies),
    )


def _seconds(time: timedelta) -> Decimal:
    return Decimal(time.days * 86_400 + time.seconds) + Decimal(time.microseconds) / 1_000_000
