"""Calendars against brute force, minute by minute, around changes of clocks in zones that change them differently."""

# ruff: noqa: DTZ001 - what clocks show has no zone

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enghub.kit.calendars import zones
from enghub.kit.calendars.days import NoWorkingDay, WorkingDays
from enghub.kit.calendars.intervals import Interval, difference, intersection, total, union
from enghub.kit.calendars.rotations import Rotation
from enghub.kit.calendars.rules import InvalidRule, RecurringRule
from enghub.kit.calendars.shifts import FactoryCalendar, Hours, Shift

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

CHANGES = {
    "Europe/Berlin": (datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)),
    "America/New_York": (datetime(2026, 3, 8, 7, tzinfo=UTC), datetime(2026, 11, 1, 6, tzinfo=UTC)),
    "Australia/Lord_Howe": (datetime(2026, 10, 3, 15, 30, tzinfo=UTC), datetime(2026, 4, 4, 15, tzinfo=UTC)),
    "Pacific/Chatham": (datetime(2026, 9, 26, 14, tzinfo=UTC), datetime(2026, 4, 4, 14, tzinfo=UTC)),
    "America/Sao_Paulo": (datetime(2018, 11, 4, 3, tzinfo=UTC), datetime(2018, 2, 18, 2, tzinfo=UTC)),
}
"""Zone to the instants at which its clocks go forward and back: by an hour, half an hour, at midnight."""
MOMENTS = [
    (name, change) for name, changes in CHANGES.items() for change in (*changes, datetime(2026, 6, 1, 10, tzinfo=UTC))
] + [("Asia/Kathmandu", datetime(2026, 3, 1, tzinfo=UTC)), ("Pacific/Apia", datetime(2011, 12, 30, 10, tzinfo=UTC))]
moments = st.sampled_from(MOMENTS)
clocks = st.times().map(lambda at: at.replace(second=0, microsecond=0))


def first_shown(wall: datetime, name: str) -> datetime:
    """The rule itself: the first minute at which the clocks show ``wall`` or later."""
    tz = zones.zone(name)
    at = (wall.replace(tzinfo=UTC) - 40 * HOUR).replace(second=0, microsecond=0)
    while at.astimezone(tz).replace(tzinfo=None) < wall:
        at += MINUTE
    return at


@given(moments, st.integers(-26 * 60, 26 * 60))
@settings(max_examples=200, deadline=None)
def test_a_wall_clock_time_is_the_first_instant_that_shows_it_or_later(moment: tuple[str, datetime], away: int) -> None:
    name, change = moment
    wall = zones.local(change, zones.zone(name)).replace(second=0) + away * MINUTE
    assert zones.instant(wall, zones.zone(name)) == first_shown(wall, name)


@pytest.mark.parametrize(
    ("name", "wall", "utc"),
    [
        ("Europe/Berlin", "2026-03-29T02:30", "2026-03-29T01:00"),  # missing: the first instant after the gap
        ("Europe/Berlin", "2026-10-25T02:30", "2026-10-25T00:30"),  # twice: the first
        ("Europe/Berlin", "1893-04-01T00:00", "1893-03-31T23:06:32"),  # local mean time before it
        ("Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-03T15:30"),
        ("Asia/Kathmandu", "2026-01-01T00:00", "2025-12-31T18:15"),
        ("Asia/Shanghai", "1990-04-15T02:30", "1990-04-14T18:00"),  # China had summer time until 1991
        ("Pacific/Apia", "2011-12-30T12:00", "2011-12-30T10:00"),  # a day that was not
        ("America/Sao_Paulo", "2018-11-04T00:00", "2018-11-04T03:00"),  # a midnight that was not
    ],
)
def test_known_changes(name: str, wall: str, utc: str) -> None:
    assert zones.instant(datetime.fromisoformat(wall), zones.zone(name)) == datetime.fromisoformat(f"{utc}+00:00")


def test_a_change_of_clocks_within_a_second_keeps_its_fraction_out() -> None:
    wall = datetime(2026, 3, 29, 2, 30, 0, 500_000)
    assert zones.instant(wall, zones.zone("Europe/Berlin")) == datetime(2026, 3, 29, 1, tzinfo=UTC)
    assert zones.instant(wall + HOUR, zones.zone("Europe/Berlin")).microsecond == 500_000


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../../etc/passwd", "Asia", "zone.tab", "Asia/Shanghai/"])
def test_a_zone_that_is_none_is_refused_by_name(name: str) -> None:
    with pytest.raises(zones.UnknownZone, match="is no time zone"):
        zones.zone(name)


# --- intervals -------------------------------------------------------------------------------------------------------

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
spans = st.lists(
    st.tuples(st.integers(0, 60), st.integers(-5, 20)).map(
        lambda ends: Interval(EPOCH + ends[0] * MINUTE, EPOCH + (ends[0] + ends[1]) * MINUTE)
    ),
    max_size=6,
)


def minutes(intervals: list[Interval] | tuple[Interval, ...]) -> set[int]:
    return {number for number in range(90) if any(EPOCH + number * MINUTE in one for one in intervals)}


@given(spans, spans)
def test_intervals_are_sets_of_minutes(left: list[Interval], right: list[Interval]) -> None:
    assert minutes(union(left)) == minutes(left)
    assert minutes(intersection(left, right)) == minutes(left) & minutes(right)
    assert minutes(difference(left, right)) == minutes(left) - minutes(right)
    assert total(left) == len(minutes(left)) * MINUTE
    joined = union(left)
    assert all(one.end < other.start for one, other in pairwise(joined))


def test_an_interval_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        Interval(datetime(2026, 1, 1), EPOCH)


# --- working days ----------------------------------------------------------------------------------------------------

CHINA_2026 = {
    "holidays": [
        *("2026-01-01/2026-01-03", "2026-02-15/2026-02-23", "2026-04-04/2026-04-06", "2026-05-01/2026-05-05"),
        *("2026-06-19/2026-06-21", "2026-09-25/2026-09-27", "2026-10-01/2026-10-07"),
    ],
    "makeUpDays": ["2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"],
}
"""State Council, 国办发明电〔2025〕7号."""


def test_a_year_in_china_has_its_holidays_and_the_days_worked_for_them() -> None:
    days = WorkingDays.of(CHINA_2026)
    assert days.between(date(2026, 1, 1), date(2027, 1, 1)) == 248
    assert days.add(date(2026, 2, 13), 1) == date(2026, 2, 14)  # a Saturday, worked
    assert days.add(date(2026, 2, 14), 1) == date(2026, 2, 24)
    assert days.add(date(2026, 10, 8), -1) == date(2026, 9, 30)
    assert days.add(date(2026, 10, 3), 0) == date(2026, 10, 8)


@given(st.dates(date(2026, 1, 1), date(2026, 12, 1)), st.integers(-40, 40))
def test_adding_working_days_counts_them(day: date, count: int) -> None:
    days = WorkingDays.of(CHINA_2026)
    found = days.add(day, count)
    assert found in days
    if count > 0:
        assert days.between(day + DAY, found + DAY) == count
    elif count < 0:
        assert days.between(found, day) == -count


@pytest.mark.parametrize("text", ["2026-02-30", "yesterday", "2026-03-02/2026-03-01", "2026-01-01/2028-01-01"])
def test_a_day_that_is_none_is_refused_by_its_text(text: str) -> None:
    with pytest.raises(ValueError, match=text):
        WorkingDays.of({"holidays": [text]})


def test_a_calendar_without_working_days_says_so() -> None:
    with pytest.raises(NoWorkingDay):
        WorkingDays(frozenset()).add(date(2026, 1, 1), 1)


# --- shifts ----------------------------------------------------------------------------------------------------------


def three_shifts(name: str, days: WorkingDays | None = None) -> FactoryCalendar:
    shifts = (
        Shift("early", Hours(time(6), time(14))),
        Shift("late", Hours(time(14), time(22))),
        Shift("night", Hours(time(22), time(6)), counts_to=1),
    )
    return FactoryCalendar(zones.zone(name), shifts, days or WorkingDays(frozenset(range(7))))


@given(moments, clocks, clocks)
@settings(max_examples=40, deadline=None)
def test_hours_are_open_minute_by_minute_as_the_clocks_say(
    moment: tuple[str, datetime], start: time, end: time
) -> None:
    name, change = moment
    tz, hours = zones.zone(name), Hours(start, end)
    day = zones.day_of(change, tz)
    last = day + (DAY if end <= start else timedelta())
    expected = first_shown(datetime.combine(day, start), name), first_shown(datetime.combine(last, end), name)
    found = hours.on(day, tz)
    assert (found.start, found.end) == expected


@pytest.mark.parametrize(("name", "change"), MOMENTS)
def test_every_minute_around_a_change_belongs_to_one_shift(name: str, change: datetime) -> None:
    factory = three_shifts(name)
    for number in range(-30 * 60, 30 * 60, 7):
        at = change + number * MINUTE
        shown = zones.local(at, factory.tz).time()
        found = factory.shift_at(at)
        assert found is not None
        wanted = "early" if time(6) <= shown < time(14) else "late" if time(14) <= shown < time(22) else "night"
        assert found.name == wanted


def test_a_night_shift_is_reported_under_the_day_it_counts_to() -> None:
    shanghai = three_shifts("Asia/Shanghai")
    evening, morning = datetime(2026, 3, 2, 23, tzinfo=UTC) - 8 * HOUR, datetime(2026, 3, 3, 5, tzinfo=UTC) - 8 * HOUR
    assert shanghai.shift_day(evening) == shanghai.shift_day(morning) == date(2026, 3, 3)
    assert shanghai.shift_day(datetime(2026, 3, 2, 23, 30, tzinfo=UTC)) == date(2026, 3, 3)  # 7:30, the early shift


def test_a_shift_is_longer_when_clocks_go_back_and_shorter_when_they_go_forward() -> None:
    berlin = three_shifts("Europe/Berlin")
    nights = [berlin.shifts_of(day)[-1].interval.duration for day in (date(2026, 3, 28), date(2026, 10, 24))]
    assert nights == [7 * HOUR, 9 * HOUR]


def test_between_shifts_the_calendars_day_counts() -> None:
    office = FactoryCalendar(zones.zone("Asia/Shanghai"), (Shift("day", Hours(time(9), time(17))),))
    night = datetime(2026, 3, 2, 18, tzinfo=UTC)
    assert office.shift_at(night) is None
    assert office.shift_day(night) == date(2026, 3, 3)


OFFICE = (Shift("morning", Hours(time(9), time(12))), Shift("afternoon", Hours(time(13), time(17))))


@given(moments, st.integers(0, 72 * 60), st.integers(0, 30 * 60))
@settings(max_examples=30, deadline=None)
def test_working_time_is_the_minutes_of_work(moment: tuple[str, datetime], length: int, more: int) -> None:
    name, change = moment
    factory = FactoryCalendar(zones.zone(name), (*OFFICE, Shift("night", Hours(time(22), time(3)))))
    start = change.replace(second=0) - DAY
    span = Interval(start, start + length * MINUTE)
    worked = sum(factory.shift_at(start + number * MINUTE) is not None for number in range(length))
    assert factory.working_time(span) == worked * MINUTE
    done = factory.add(start, more * MINUTE)
    assert factory.working_time(Interval(start, done)) == more * MINUTE
    if more:
        assert factory.working_time(Interval(start, done - MINUTE)) == (more - 1) * MINUTE


def test_four_working_hours_go_over_a_weekend_and_the_lunch() -> None:
    office = FactoryCalendar(zones.zone("Europe/Berlin"), OFFICE)
    friday = datetime(2026, 3, 27, 15, tzinfo=UTC)  # 16:00 there; clocks go forward on Sunday
    assert office.add(friday, 4 * HOUR) == datetime(2026, 3, 30, 10, tzinfo=UTC)  # 12:00 there
    assert office.add(friday, timedelta()) == friday
    assert office.add(friday + 5 * HOUR, timedelta()) == datetime(2026, 3, 30, 7, tzinfo=UTC)
    assert office.add_days(friday, 3) == datetime(2026, 4, 1, 14, tzinfo=UTC)


def test_the_next_boundary_is_the_next_begin_or_end() -> None:
    office = FactoryCalendar(zones.zone("Asia/Shanghai"), OFFICE)
    at, bounds = datetime(2026, 3, 6, 0, tzinfo=UTC), []
    for _ in range(5):
        at = office.next_boundary(at)
        bounds.append(f"{zones.local(at, office.tz):%a %H}")
    assert bounds == ["Fri 09", "Fri 12", "Fri 13", "Fri 17", "Mon 09"]


def test_a_make_up_day_is_worked_in_shifts_that_skip_weekends() -> None:
    days = WorkingDays.of(CHINA_2026)
    weekdays = Shift("day", Hours(time(8), time(16)), weekdays=frozenset(range(5)))
    factory = FactoryCalendar(zones.zone("Asia/Shanghai"), (weekdays,), days)
    assert [len(factory.shifts_of(date(2026, 2, day))) for day in (13, 14, 15, 16)] == [1, 1, 0, 0]


@pytest.mark.parametrize(("length", "problem"), [(-HOUR, "can be added only"), (HOUR, "within ten years")])
def test_a_calendar_that_cannot_answer_says_why(length: timedelta, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        FactoryCalendar(UTC, OFFICE, WorkingDays(frozenset())).add(EPOCH, length)


def test_two_shifts_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="same name"):
        FactoryCalendar(UTC, (OFFICE[0], OFFICE[0]))


@given(moments, clocks, clocks, st.integers(-3_000, 3_000))
@settings(max_examples=60, deadline=None)
def test_hours_say_when_they_are_next(moment: tuple[str, datetime], start: time, end: time, away: int) -> None:
    name, change = moment
    tz, at = zones.zone(name), change + away * MINUTE
    found = Hours(start, end).current_or_next(at, tz)
    assert found.end > at
    assert found.start - at <= 50 * HOUR
    days = [Hours(start, end).on(zones.day_of(at, tz) + number * DAY, tz) for number in range(-2, 4)]
    assert found.start == min(one.start for one in days if one.end > at and one.duration)


# --- rotations -------------------------------------------------------------------------------------------------------


@given(moments, st.sampled_from([12 * 60, 24 * 60, 7 * 24 * 60, 90, 60]), st.integers(-2_000, 2_000))
@settings(max_examples=100, deadline=None)
def test_turns_follow_one_another_and_keep_the_wall_clock(moment: tuple[str, datetime], length: int, away: int) -> None:
    name, change = moment
    tz = zones.zone(name)
    start = zones.local(change, tz).replace(hour=9, minute=0, second=0) - 7 * DAY
    rotation = Rotation(tz, start, length * MINUTE, ("ann", "bob", "cem"))
    at = change + away * MINUTE
    turn = rotation.turn_at(at)
    assert at in turn.interval
    assert rotation.turn(turn.number + 1).interval.start == turn.interval.end
    assert turn.member == ("ann", "bob", "cem")[turn.number % 3]
    shown = zones.local(turn.interval.start, tz)
    wanted = start + turn.number * length * MINUTE
    assert shown == wanted or first_shown(wanted, name) == turn.interval.start


def test_a_weekly_hand_over_stays_at_nine() -> None:
    rotation = Rotation(zones.zone("Europe/Berlin"), datetime(2026, 3, 23, 9), 7 * DAY, ("ann", "bob"))
    starts = [rotation.turn(number).interval.start for number in (0, 1)]
    assert [zones.local(at, rotation.tz).hour for at in starts] == [9, 9]
    assert starts[1] - starts[0] == 7 * DAY - HOUR
    assert rotation.turn_at(starts[0] - MINUTE).member == "bob"


@pytest.mark.parametrize(
    ("start", "length", "members"),
    [(datetime(2026, 1, 1), DAY, ()), (datetime(2026, 1, 1), timedelta(seconds=30), ("a",)), (EPOCH, DAY, ("a",))],
)
def test_a_rotation_that_makes_no_sense_is_refused(start: datetime, length: timedelta, members: tuple[str]) -> None:
    with pytest.raises(ValueError, match=r"rotation|turn"):
        Rotation(UTC, start, length, members)


# --- recurring rules -------------------------------------------------------------------------------------------------


def test_a_rule_keeps_the_wall_clock_over_both_changes() -> None:
    rule = RecurringRule("FREQ=WEEKLY;BYDAY=MO,TH", datetime(2026, 3, 23, 9), zones.zone("Europe/Berlin"))
    found = rule.within(Interval(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 4, tzinfo=UTC)))
    assert [f"{at:%m-%d %H}" for at in found] == ["03-23 08", "03-26 08", "03-30 07", "04-02 07"]
    assert rule.after(found[1]) == found[2]


@pytest.mark.parametrize(("name", "change"), [(name, change) for name, pair in CHANGES.items() for change in pair])
def test_a_daily_rule_comes_once_a_day_whatever_the_clocks_do(name: str, change: datetime) -> None:
    tz = zones.zone(name)
    wall = zones.local(change - MINUTE, tz).replace(second=0) - 5 * DAY
    rule = RecurringRule("FREQ=DAILY", wall, tz)
    at, found = change - 4 * DAY, []
    for _ in range(8):
        following = rule.after(at)
        assert following is not None
        at = following
        found.append(at)
    expected = [first_shown(wall + number * DAY, name) for number in range(12)]
    assert found == [one for one in expected if one > change - 4 * DAY][:8]


def test_a_rule_ends_where_it_says() -> None:
    shanghai, start = zones.zone("Asia/Shanghai"), datetime(2026, 1, 1, 9)
    assert RecurringRule("FREQ=DAILY;COUNT=2", start, shanghai).after(datetime(2026, 1, 2, 2, tzinfo=UTC)) is None
    until = RecurringRule("FREQ=DAILY;UNTIL=20260103T010000Z", start, shanghai)
    everything = Interval(datetime(2025, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC))
    assert len(until.within(everything)) == 3
    assert len(RecurringRule("FREQ=DAILY", start, shanghai).within(everything, limit=5)) == 5


def test_a_rule_for_a_day_that_never_comes_ends() -> None:
    rule = RecurringRule("FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30", datetime(2026, 1, 1, 9), UTC)
    assert rule.after(EPOCH) is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "recurs DAILY"),
        ("FREQ=SOMETIMES", "recurs DAILY"),
        ("FREQ=HOURLY", "recurs DAILY"),
        ("FREQ=DAILY;" * 99, "at most 500 characters"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL of a rule is 1 to 1000"),  # dateutil would not return
        ("FREQ=DAILY;BYMONTH=13", "BYMONTH of a rule is 1 to 12"),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "'BYMONTHDAY' is not served"),  # a day that never comes
        ("FREQ=WEEKLY;BYDAY=XX", "is no recurring rule"),
        ("FREQ=DAILY\nRRULE:FREQ=DAILY", "recurs DAILY"),
        ("FREQ=DAILY;UNTIL=20261399T000000Z", "is no recurring rule"),
    ],
)
def test_a_rule_that_is_none_is_refused_with_its_reason(text: str, problem: str) -> None:
    with pytest.raises(InvalidRule, match=problem):
        RecurringRule(text, datetime(2026, 1, 1), UTC)
