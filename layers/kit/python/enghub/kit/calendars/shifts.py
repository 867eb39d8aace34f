"""A factory's calendar: zone, shifts, working days; which shift an instant belongs to, working time. Pure.

Shifts are wall-clock hours: where clocks change during a shift it is an hour longer or shorter.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo

from enghub.kit.calendars.days import DAY, FURTHEST_DAYS, WorkingDays
from enghub.kit.calendars.intervals import Interval, difference, union
from enghub.kit.calendars.zones import day_of, instant, start_of_day

EVERY_DAY = frozenset(range(7))


@dataclass(frozen=True, slots=True)
class Hours:
    """Hours of a day by the wall clock; an end at or before the start is the next day's, so 0:00-0:00 is a day."""

    start: time
    end: time

    def on(self, day: date, tz: tzinfo) -> Interval:
        """Return when they are, begun on ``day``; empty where clocks skip them."""
        last = day if self.end > self.start else day + DAY
        return Interval(instant(datetime.combine(day, self.start), tz), instant(datetime.combine(last, self.end), tz))

    def current_or_next(self, at: datetime, tz: tzinfo) -> Interval:
        """Return those that are now, else those that come next; ``at`` is any instant."""
        today = day_of(at, tz)
        found = (self.on(today + number * DAY, tz) for number in range(-1, 4))
        return next(one for one in found if one.end > at and one.duration)


@dataclass(frozen=True, slots=True)
class Shift:
    """A shift: its name, hours, and to which day it counts."""

    name: str
    hours: Hours
    weekdays: frozenset[int] = EVERY_DAY
    """On which days it begins (0 is Monday)."""
    counts_to: int = 0
    """Days from the one it begins on to the one it is reported under: 1 for a night shift of the next day."""
    breaks: tuple[Hours, ...] = ()
    """Planned breaks in it; one that starts before the shift does is after midnight."""

    def breaks_on(self, day: date, tz: tzinfo) -> tuple[Interval, ...]:
        """Return the breaks of the shift that begins on ``day``, cut to the shift."""
        shift = self.hours.on(day, tz)
        found = (one.on(day if one.start >= self.hours.start else day + DAY, tz) for one in self.breaks)
        return union(one.meet(shift) for one in found)


@dataclass(frozen=True, slots=True)
class ShiftOnDay:
    """One occurrence of a shift, and the day it counts to."""

    name: str
    day: date
    interval: Interval
    breaks: tuple[Interval, ...] = ()

    @property
    def working(self) -> tuple[Interval, ...]:
        """The shift without its breaks."""
        return difference((self.interval,), self.breaks) if self.breaks else (self.interval,)


@dataclass(frozen=True, slots=True)
class FactoryCalendar:
    """When a factory works. Without shifts, whole working days count.

    Raises:
        ValueError: two shifts have one name.
    """

    tz: tzinfo
    shifts: tuple[Shift, ...] = ()
    days: WorkingDays = field(default_factory=WorkingDays)

    def __post_init__(self) -> None:
        if len({shift.name for shift in self.shifts}) < len(self.shifts):
            message = "two shifts have the same name"
            raise ValueError(message)

    def shifts_of(self, day: date) -> tuple[ShiftOnDay, ...]:
        """Return the shifts that begin on ``day``, in order; none on a day that is not worked."""
        if day not in self.days:
            return ()
        shifts = self.shifts or (Shift("day", Hours(time(), time())),)
        found = [
            ShiftOnDay(
                shift.name,
                day + shift.counts_to * DAY,
                shift.hours.on(day, self.tz),
                shift.breaks_on(day, self.tz) if shift.breaks else (),
            )
            for shift in shifts
            if day.weekday() in shift.weekdays or day in self.days.make_up
        ]
        return tuple(sorted((one for one in found if one.interval.duration), key=lambda one: one.interval))

    def latest(self, name: str, at: datetime) -> ShiftOnDay | None:
        """Return the occurrence of the shift ``name`` that ``at`` is in, else the last that began within 48 hours."""
        today = day_of(at, self.tz)
        days = (today + number * DAY for number in range(-2, 1))
        begun = [one for day in days for one in self.shifts_of(day) if one.name == name and one.interval.start <= at]
        return begun[-1] if begun else None

    def shift_at(self, at: datetime) -> ShiftOnDay | None:
        """Return the shift that ``at`` belongs to; where two overlap the later one; None between shifts."""
        today = day_of(at, self.tz)
        found = [one for number in (-1, 0) for one in self.shifts_of(today + number * DAY) if at in one.interval]
        return found[-1] if found else None

    def shift_day(self, at: datetime) -> date:
        """Return the day that something at ``at`` is reported under: its shift's, else the calendar's."""
        found = self.shift_at(at)
        return found.day if found else day_of(at, self.tz)

    def working(self, span: Interval) -> tuple[Interval, ...]:
        """Return the working time within ``span`` without breaks, in order, what overlaps counted once."""
        first, last = day_of(span.start, self.tz) - DAY, day_of(span.end, self.tz)
        days = (first + number * DAY for number in range((last - first).days + 1))
        return union(part.meet(span) for day in days for one in self.shifts_of(day) for part in one.working)

    def working_time(self, span: Interval) -> timedelta:
        """Return how much of ``span`` is working time."""
        return sum((one.duration for one in self.working(span)), timedelta())

    def add(self, at: datetime, working: timedelta) -> datetime:
        """Return when so much working time will have passed since ``at`` ("in 4 working hours").

        Nothing to wait for outside working time means the next beginning of it.

        Raises:
            ValueError: less than nothing, or no working time within ten years.
        """
        if working < timedelta():
            message = "working time can be added only"
            raise ValueError(message)
        left = working
        for one in self._from(at):
            if left <= one.duration:
                return one.start + left
            left -= one.duration
        message = "no working time within ten years"
        raise ValueError(message)

    def add_days(self, at: datetime, count: int) -> datetime:
        """Return the same wall-clock time ``count`` working days later."""
        wall = at.astimezone(self.tz).replace(tzinfo=None, fold=0)
        return instant(datetime.combine(self.days.add(wall.date(), count), wall.time()), self.tz)

    def next_boundary(self, at: datetime) -> datetime:
        """Return the next instant after ``at`` at which a shift begins or ends.

        Raises:
            ValueError: none within ten years.
        """
        first = day_of(at, self.tz) - DAY
        for number in range(FURTHEST_DAYS):
            two_days = (*self.shifts_of(first + number * DAY), *self.shifts_of(first + (number + 1) * DAY))
            ends = [bound for one in two_days for bound in (one.interval.start, one.interval.end) if bound > at]
            if ends:
                return min(ends)
        message = "no shift within ten years"
        raise ValueError(message)

    def _from(self, at: datetime) -> Iterator[Interval]:
        """Yield working time from ``at`` on, day by day; what reaches from one day into the next is cut at midnight."""
        day = day_of(at, self.tz)
        for number in range(FURTHEST_DAYS):
            begins, ends = (start_of_day(day + (number + more) * DAY, self.tz) for more in (0, 1))
            if max(begins, at) < ends:
                yield from self.working(Interval(max(begins, at), ends))


def overlapping(shifts: tuple[Shift, ...]) -> tuple[str, str] | None:
    """Return the names of two shifts that overlap by the wall clock in any week, the night before included.

    A shift that overlaps its own next day does not exist: hours last a day at most.
    """
    spans = sorted(
        (weekday * _DAY_MINUTES + _minutes(shift.hours.start), _length(shift.hours), shift.name)
        for shift in shifts
        for weekday in shift.weekdays
    )
    for (start, length, name), (following, _, other) in zip(spans, [*spans[1:], *spans[:1]], strict=True):
        gap = (following - start) % _WEEK_MINUTES or (_WEEK_MINUTES if len(spans) == 1 else 0)
        if length > gap:
            return name, other
    return None


_DAY_MINUTES = 24 * 60
_WEEK_MINUTES = 7 * _DAY_MINUTES


def _minutes(at: time) -> int:
    return at.hour * 60 + at.minute


def _length(hours: Hours) -> int:
    return (_minutes(hours.end) - _minutes(hours.start)) % _DAY_MINUTES or _DAY_MINUTES
