"""Factories, their calendars, shifts and capacity (MES-07)."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enghub.mes.plant import model
from enghub.mes.plant.errors import CalendarUnfit, ShiftsOverlap
from enghub.mes.plant.model import CapacityOverride, Plant, PlantCalendar, ShiftPlan, Span, Station
from tests.factories.mes import FACTORY

DAY = timedelta(days=1)
NIGHTS = (ShiftPlan("night", Span("22:00", "06:00")),)
THREE = (
    ShiftPlan("early", Span("06:00", "14:00"), (Span("10:00", "10:30"),)),
    ShiftPlan("late", Span("14:00", "22:00")),
    ShiftPlan("night", Span("22:00", "06:00"), (Span("02:00", "02:30"),)),
)
CHANGES = {
    "Europe/Berlin": ("2026-03-28", "2026-10-24"),
    "America/New_York": ("2026-03-07", "2026-10-31"),
    "Australia/Lord_Howe": ("2026-10-03", "2026-04-04"),
    "Pacific/Chatham": ("2026-09-26", "2026-04-04"),
    "Asia/Shanghai": ("2026-03-28", "2026-10-24"),
}
"""Zone to the days on which the night of the clocks' change begins: forward, back."""


def a_plant(zone: str, shifts: tuple[ShiftPlan, ...] = NIGHTS, **fields: object) -> Plant:
    return Plant(FACTORY, "plant", PlantCalendar(zone, shifts, **fields))  # type: ignore[arg-type]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "day", "minutes"),
    [
        ("Europe/Berlin", date(2026, 10, 24), 540),
        ("Europe/Berlin", date(2026, 3, 28), 420),
        ("Australia/Lord_Howe", date(2026, 10, 3), 450),
        ("Asia/Shanghai", date(2026, 10, 24), 480),
    ],
)
def test_a_night_is_as_long_as_the_clocks_make_it(zone: str, day: date, minutes: int) -> None:
    """MF21: not always 480."""
    (night,) = model.calendar_of(a_plant(zone)).shifts_of(day)
    assert night.interval.duration == timedelta(minutes=minutes)


def test_reports_of_the_long_night_and_of_its_very_end() -> None:
    """MF21: both 02:30 are told apart, and 06:00:00 belongs to one shift only."""
    plant = a_plant("Europe/Berlin", THREE)
    times = ("2026-10-25T00:30", "2026-10-25T01:30", "2026-10-25T04:59:59", "2026-10-25T05:00:00")
    found = [model.shift_of(plant, None, at(time)) for time in times]
    night = ("night", date(2026, 10, 24))
    assert found == [night, night, night, ("early", date(2026, 10, 25))]


def test_a_morning_in_shanghai_is_of_its_own_day() -> None:
    """C15: 07:30 of 3 March in Shanghai is 2 March in UTC."""
    plant = a_plant("Asia/Shanghai", THREE)
    assert model.shift_of(plant, None, at("2026-03-02T23:30")) == ("early", date(2026, 3, 3))


def test_a_named_shift_is_its_latest_when_the_report_comes_after_the_bell() -> None:
    plant = a_plant("Asia/Shanghai", THREE)
    assert model.shift_of(plant, "night", at("2026-03-02T18:00")) == ("night", date(2026, 3, 2))
    assert model.shift_of(plant, "night", at("2026-03-02T22:05")) == ("night", date(2026, 3, 2))
    assert model.shift_of(plant, "early", at("2026-03-03T06:10")) == ("early", date(2026, 3, 3))
    assert model.shift_of(plant, "unknown", at("2026-03-03T06:10")) is None


def test_a_night_shift_may_count_to_the_day_it_ends_on() -> None:
    plant = a_plant("Asia/Shanghai", (ShiftPlan("night", Span("22:00", "06:00"), counts_to=1),))
    assert model.shift_of(plant, None, at("2026-03-02T18:00")) == ("night", date(2026, 3, 3))


@pytest.mark.parametrize(
    ("shifts", "met"),
    [
        ((("night", "22:00", "04:00"), ("early", "02:00", "08:00")), True),
        ((("night", "22:00", "04:00"), ("early", "04:00", "08:00")), False),
        ((("a", "06:00", "14:00"), ("b", "13:59", "22:00")), True),
        ((("a", "06:00", "14:00"), ("b", "06:00", "07:00")), True),
        ((("all", "00:00", "00:00"),), False),
    ],
)
def test_overlapping_shifts_are_refused_also_over_midnight(shifts: tuple[tuple[str, str, str], ...], met: bool) -> None:
    """MF21: the day before is looked at."""
    calendar = PlantCalendar("UTC", tuple(ShiftPlan(name, Span(start, end)) for name, start, end in shifts))
    if met:
        with pytest.raises(ShiftsOverlap):
            model.factory_calendar(calendar)
    else:
        assert model.factory_calendar(calendar).shifts


def test_shifts_of_different_weekdays_do_not_meet() -> None:
    sunday = ShiftPlan("sunday", Span("20:00", "08:00"), weekdays=(6,))
    monday = ShiftPlan("monday", Span("08:00", "20:00"), weekdays=(0,))
    assert model.factory_calendar(PlantCalendar("UTC", (sunday, monday))).shifts
    early = ShiftPlan("early", Span("07:00", "20:00"), weekdays=(0,))
    with pytest.raises(ShiftsOverlap):
        model.factory_calendar(PlantCalendar("UTC", (sunday, early)))


def test_what_is_no_calendar_is_named() -> None:
    for calendar in (PlantCalendar("Mars/Base"), PlantCalendar("UTC", NIGHTS + NIGHTS), PlantCalendar(holidays=("x",))):
        with pytest.raises(CalendarUnfit):
            model.factory_calendar(calendar)


@pytest.mark.parametrize("zone", CHANGES)
def test_every_minute_around_both_changes_belongs_to_exactly_one_shift_and_day(zone: str) -> None:
    """A worker who reports every ten minutes moves from one day to the next without a gap or a double."""
    plant = a_plant(zone, THREE)
    for first in CHANGES[zone]:
        start = model.calendar_of(plant).shifts_of(date.fromisoformat(first))[0].interval.start
        found = [model.shift_of(plant, None, start + timedelta(minutes=10 * step)) for step in range(6 * 60)]
        assert None not in found
        changes = [pair for pair in pairwise(found) if pair[0] != pair[1]]
        assert len(changes) in {7, 8}
        for (name, day), (following, then) in changes:  # type: ignore[misc]
            assert (name, following) in {("early", "late"), ("late", "night"), ("night", "early")}
            assert then - day == (DAY if following == "early" else timedelta())


def test_capacity_is_shifts_without_breaks_times_units_times_efficiency() -> None:
    calendar = model.calendar_of(a_plant("Europe/Berlin", THREE, weekdays=(0, 1, 2, 3, 4), holidays=("2026-03-03",)))
    station = Station(FACTORY, "ST-1", "one", "L", units=2, efficiency=Decimal("0.9"), shifts=("early", "night"))
    days = [date(2026, 3, day) for day in (2, 3, 7)]
    override = CapacityOverride(FACTORY, "ST-1", days[2], Decimal(7200), "overtime")
    found = model.capacity(calendar, station, days, {days[2]: override})
    assert [one.seconds for one in found] == [Decimal("54000") * 2 * Decimal("0.9"), 0, 7200]
    assert [one.name for one in found[0].shifts] == ["early", "night"]


def test_make_up_workdays_have_capacity() -> None:
    calendar = model.calendar_of(
        a_plant("Asia/Shanghai", THREE, weekdays=(0, 1, 2, 3, 4), make_up_days=("2026-02-14",))
    )
    station = Station(FACTORY, "ST-1", "one", "L")
    saturdays = [date(2026, 2, 14), date(2026, 2, 21)]
    assert [one.seconds for one in model.capacity(calendar, station, saturdays, {})] == [23 * 3600, 0]


def test_a_break_after_midnight_is_in_the_shift_of_the_day_before() -> None:
    night = model.calendar_of(a_plant("Asia/Shanghai", THREE)).shifts_of(date(2026, 3, 2))[2]
    (rest,) = night.breaks
    assert (rest.start, rest.duration) == (at("2026-03-02T18:00"), timedelta(minutes=30))
    assert sum((part.duration for part in night.working), timedelta()) == timedelta(hours=7, minutes=30)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(CHANGES)), st.integers(0, 364), st.integers(0, 24 * 60 - 1))
def test_three_shifts_cover_every_minute_of_a_year_once(zone: str, day: int, minute: int) -> None:
    moment = at("2026-01-02T00:00") + timedelta(days=day, minutes=minute)
    calendar = model.calendar_of(a_plant(zone, THREE))
    around = [moment.date() + number * DAY for number in (-2, -1, 0, 1)]
    holding = [one for date_ in around for one in calendar.shifts_of(date_) if moment in one.interval]
    assert [(one.name, one.day) for one in holding] == [model.shift_of(a_plant(zone, THREE), None, moment)]
