"""The plant (MES-07): a factory with zone and calendar, lines, work centres, stations, capacity per station and day.

Levels as in ISA-95: a factory is the site, a line the work center that runs, a station the work unit; a work centre is
a group of stations that can do the same operations, for planning. Capacity is in seconds of station time.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from enghub.core.i18n import Text
from enghub.kit.calendars.days import WorkingDays
from enghub.kit.calendars.intervals import total
from enghub.kit.calendars.shifts import FactoryCalendar, Hours, Shift, ShiftOnDay, overlapping
from enghub.kit.calendars.zones import UnknownZone, start_of_day, zone
from enghub.mes.factories import Factory
from enghub.mes.plant.errors import CalendarUnfit, ShiftsOverlap

ONE = Decimal(1)
_NO_ZONE = Text("it is no time zone: use a name such as Asia/Shanghai", "不是时区：请使用如 Asia/Shanghai 的名称")
_SAME_NAME = Text("two shifts have the same name", "两个班次同名")
_NO_DAY = Text(
    "it and makeUpDays hold days that exist (2026-02-14), or spans of less than a year (2026-02-15/2026-02-23)",
    "holidays 与 makeUpDays 须为存在的日期（2026-02-14）或不足一年的区间（2026-02-15/2026-02-23）",
)
EVERY_DAY = tuple(range(7))


@dataclass(frozen=True, slots=True)
class Span:
    """Hours by the wall clock, ``HH:MM``; an end at or before the start is the next day's."""

    start: str
    end: str

    def hours(self) -> Hours:
        """Return them for computing."""
        return Hours(time.fromisoformat(self.start), time.fromisoformat(self.end))


@dataclass(frozen=True, slots=True)
class ShiftPlan:
    """A shift: hours, breaks, weekdays on which it begins (0 is Monday), days from there to the day it counts to."""

    name: str
    hours: Span
    breaks: tuple[Span, ...] = ()
    weekdays: tuple[int, ...] = EVERY_DAY
    counts_to: int = 0


@dataclass(frozen=True, slots=True)
class PlantCalendar:
    """When a factory works: zone, shifts, weekdays, holidays and make-up workdays (days or spans ``first/last``)."""

    zone: str = "UTC"
    shifts: tuple[ShiftPlan, ...] = ()
    weekdays: tuple[int, ...] = EVERY_DAY
    holidays: tuple[str, ...] = ()
    make_up_days: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReportingRules:
    """What a factory demands of reports.

    ``conflict_seconds``: reports of a station and operation closer than this describe one moment. ``oldest_hours``:
    older ones are refused. ``reversal_hours``: so long a report may be reversed. ``defect_types``: the codes that may
    be reported, any where there is none. ``most_a_minute``: more reports than this are told. ``stuck_hours``: an order
    in production for longer is told. ``most_of_capacity``: a station whose reports of a shift are more than this share
    of what it can do in it is told.
    """

    conflict_seconds: int = 60
    oldest_hours: int = 168
    reversal_hours: int = 72
    defect_types: tuple[str, ...] = ()
    most_a_minute: int = 100
    stuck_hours: int = 24
    most_of_capacity: Decimal = Decimal("1.1")


@dataclass(frozen=True, slots=True)
class Plant:
    """A factory as its people describe it."""

    factory: Factory
    name: str
    calendar: PlantCalendar = field(default_factory=PlantCalendar)
    reporting: ReportingRules = field(default_factory=ReportingRules)
    is_deleted: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A production line."""

    factory: Factory
    line_id: str
    name: str
    area: str | None = None
    is_deleted: bool = False


@dataclass(frozen=True, slots=True)
class WorkCentre:
    """A group of stations that can do the same operations."""

    factory: Factory
    work_centre_id: str
    name: str
    is_deleted: bool = False


@dataclass(frozen=True, slots=True)
class Station:
    """Where operations happen. ``units`` work at once (two heads, three benches), at ``efficiency`` of standard time.

    ``shifts`` are the names of those it works in, all where there is none.
    """

    factory: Factory
    station_id: str
    name: str
    line_id: str
    work_centre_id: str | None = None
    units: int = 1
    efficiency: Decimal = ONE
    shifts: tuple[str, ...] = ()
    is_deleted: bool = False


@dataclass(frozen=True, slots=True)
class CapacityOverride:
    """What a station has on one day instead of what its calendar says: overtime, a repair."""

    factory: Factory
    station_id: str
    day: date
    seconds: Decimal
    reason: str
    is_deleted: bool = False


@lru_cache(maxsize=256)
def factory_calendar(calendar: PlantCalendar) -> FactoryCalendar:
    """Return the calendar for computing.

    Raises:
        CalendarUnfit: a zone, shift or day is none.
        ShiftsOverlap: two shifts meet in some week, also over midnight.
    """
    try:
        shifts = tuple(
            Shift(
                name=plan.name,
                hours=plan.hours.hours(),
                weekdays=frozenset(plan.weekdays),
                counts_to=plan.counts_to,
                breaks=tuple(one.hours() for one in plan.breaks),
            )
            for plan in calendar.shifts
        )
        tz = zone(calendar.zone)
    except UnknownZone as error:
        raise CalendarUnfit(field="zone", problem=_NO_ZONE) from error
    try:
        made = FactoryCalendar(tz, shifts, _days(calendar))
    except ValueError as error:
        raise CalendarUnfit(field="shifts", problem=_SAME_NAME) from error
    if met := overlapping(made.shifts):
        raise ShiftsOverlap(field="shifts", first=met[0], second=met[1])
    return made


def _days(calendar: PlantCalendar) -> WorkingDays:
    given = {"holidays": calendar.holidays, "makeUpDays": calendar.make_up_days}
    try:
        return WorkingDays.of(given, calendar.weekdays)
    except ValueError as error:
        raise CalendarUnfit(field="holidays", problem=_NO_DAY) from error


def calendar_of(plant: Plant | None) -> FactoryCalendar:
    """Return a factory's calendar; one in UTC without shifts where nobody described the factory."""
    return factory_calendar(plant.calendar if plant else PlantCalendar())


def shift_of(plant: Plant, shift: str | None, made_at: datetime) -> tuple[str, date] | None:
    """Return the shift, and the day it counts to, of something made at ``made_at``.

    With a name: that shift's occurrence then, else its latest before (a report may come after the bell). Without: the
    shift of that moment. None where there is none.
    """
    calendar = calendar_of(plant)
    found = calendar.shift_at(made_at) if shift is None else calendar.latest(shift, made_at)
    return None if found is None else (found.name, found.day)


class DayCapacity(NamedTuple):
    """What a station can do on a day, in seconds of station time, and why."""

    day: date
    seconds: Decimal
    shifts: tuple[ShiftOnDay, ...]
    override: CapacityOverride | None


def capacity(
    calendar: FactoryCalendar, station: Station, days: Iterable[date], overrides: dict[date, CapacityOverride]
) -> list[DayCapacity]:
    """Return a station's capacity on each day: shifts without breaks, times units, times efficiency."""
    found = []
    for day in days:
        shifts = tuple(
            one
            for one in calendar.shifts_of(day)
            if not station.shifts or not calendar.shifts or one.name in station.shifts
        )
        working = total(part for one in shifts for part in one.working)
        seconds = Decimal(int(working.total_seconds())) * station.units * station.efficiency
        override = overrides.get(day)
        found.append(DayCapacity(day, override.seconds if override else seconds, shifts, override))
    return found


def day_span(calendar: FactoryCalendar, day: date) -> tuple[datetime, datetime]:
    """Return when a calendar day of the factory begins and ends."""
    return start_of_day(day, calendar.tz), start_of_day(day + timedelta(days=1), calendar.tz)
