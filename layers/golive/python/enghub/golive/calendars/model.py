"""Working-day calendars: hours, weekdays, holidays and make-up days by year (OPS-19). No I/O.

A year that nobody has entered is told, never taken for one without holidays: an answer that reaches beyond the last
entered day carries ``ends``.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from enghub.golive.calendars.errors import DayOutsideYear, HoursOverlap, YearTwice
from enghub.kit.calendars.days import WorkingDays
from enghub.kit.calendars.intervals import Interval
from enghub.kit.calendars.shifts import FactoryCalendar, Hours, Shift
from enghub.kit.calendars.zones import day_of, start_of_day, zone

WARNED_AHEAD = timedelta(days=60)
"""So long before its data ends, a calendar is spoken of."""


@dataclass(frozen=True, slots=True)
class Span:
    """Hours of a day by the wall clock, HH:MM."""

    start: str
    end: str


@dataclass(frozen=True, slots=True)
class Year:
    """What is known of one year: days and spans of days, ``2026-02-15/2026-02-23``."""

    year: int
    holidays: tuple[str, ...] = ()
    make_up_days: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Due:
    """When a clock runs out; ``ends`` is the last day of the calendar where the answer reaches beyond it."""

    at: datetime
    ends: date | None = None


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """When people of one place work."""

    tenant_id: str
    calendar_id: str
    name: str
    zone: str
    hours: tuple[Span, ...]
    weekdays: tuple[int, ...] = (0, 1, 2, 3, 4)
    """0 is Monday."""
    years: tuple[Year, ...] = ()
    is_deleted: bool = False

    @property
    def day_length(self) -> timedelta:
        """How much working time one working day has: 09:00-12:00 and 13:30-18:00 are 450 minutes."""
        return sum((_length(span) for span in self.hours), timedelta())

    def days(self) -> WorkingDays:
        """Return which days are worked."""
        holidays = [text for year in self.years for text in year.holidays]
        make_up = [text for year in self.years for text in year.make_up_days]
        return WorkingDays.of({"holidays": holidays, "makeUpDays": make_up}, self.weekdays)

    def working(self) -> FactoryCalendar:
        """Return the calendar that counts."""
        shifts = tuple(
            Shift(str(number), Hours(time.fromisoformat(span.start), time.fromisoformat(span.end)))
            for number, span in enumerate(self.hours)
        )
        return FactoryCalendar(zone(self.zone), shifts, self.days())

    def covered_until(self, at: datetime | None = None) -> date | None:
        """Return the last day of the years entered without a gap, from that of ``at`` on, or from the first one.

        None where nothing is entered. Where the year of ``at`` is missing it is the last day before that year.
        """
        known = {year.year for year in self.years}
        if not known:
            return None
        year = day_of(at, zone(self.zone)).year if at else min(known)
        while year in known:
            year += 1
        return date(year - 1, 12, 31)

    def due(self, at: datetime, working: timedelta) -> Due:
        """Return when so much working time will have passed since ``at``.

        Raises:
            ValueError: no working time within ten years.
        """
        found = self.working().add(at, working)
        return Due(found, self._ends(at, found))

    def due_days(self, at: datetime, count: int) -> Due:
        """Return when the working time of ``count`` working days will have passed."""
        return self.due(at, count * self.day_length)

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Return the working time from ``start`` until ``end``."""
        return self.working().working_time(Interval(start, end)) if end > start else timedelta()

    def warns_at(self) -> datetime | None:
        """Return when people have to hear that the data ends: 60 days before the first day without any."""
        last = self.covered_until()
        return None if last is None else self._first_without(last) - WARNED_AHEAD

    def ends_soon(self, now: datetime) -> date | None:
        """Return the last day with data where it is near or past, else None."""
        last = self.covered_until(now)
        near = last is None or self._first_without(last) - WARNED_AHEAD <= now
        return (last or date.min) if near else None

    def _ends(self, *instants: datetime) -> date | None:
        last = self.covered_until(instants[0])
        if last is None:
            return date(day_of(instants[0], zone(self.zone)).year - 1, 12, 31)
        return last if any(day_of(at, zone(self.zone)) > last for at in instants) else None

    def _first_without(self, last: date) -> datetime:
        return start_of_day(last + timedelta(days=1), zone(self.zone)).astimezone(UTC)


def check(calendar: WorkingCalendar) -> None:
    """Refuse hours that overlap and days under a wrong year.

    Raises:
        HoursOverlap, DayOutsideYear, YearTwice
        ValueError: a text is no day and no span of days.
    """
    ends = ""
    for number, span in enumerate(calendar.hours):
        last = span.end if span.end > span.start else "24:00"
        if span.start < ends or (last == "24:00" and number < len(calendar.hours) - 1):
            raise HoursOverlap(field=f"hours.{number}")
        ends = last
    seen: set[int] = set()
    for number, year in enumerate(calendar.years):
        if year.year in seen:
            raise YearTwice(field=f"years.{number}", year=year.year)
        seen.add(year.year)
        _check_days(year, f"years.{number}.holidays", year.holidays)
        _check_days(year, f"years.{number}.makeUpDays", year.make_up_days)
    calendar.days()


def _check_days(year: Year, field: str, texts: Iterable[str]) -> None:
    for number, text in enumerate(texts):
        if any(not part.startswith(f"{year.year:04}-") for part in text.split("/")):
            raise DayOutsideYear(field=f"{field}.{number}", day=text, year=year.year)


def _length(span: Span) -> timedelta:
    day = date(2000, 1, 1)
    start, end = (datetime.combine(day, time.fromisoformat(text)) for text in (span.start, span.end))
    return end - start if end > start else end - start + timedelta(days=1)
