"""Working time in a real calendar (OPS-19; golive-field GF9, GF10)."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from enghub.golive.calendars.errors import DayOutsideYear, HoursOverlap, YearTwice
from enghub.golive.calendars.model import Span, Year, check
from tests.factories.golive import CHINA_2026, shanghai

SHANGHAI = ZoneInfo("Asia/Shanghai")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


@pytest.mark.parametrize(
    ("opened", "due"),
    [
        ("2026-02-13T17:00", "2026-02-14T10:00"),
        ("2026-02-14T17:00", "2026-02-24T10:00"),
        ("2026-02-16T10:00", "2026-02-24T11:00"),
        ("2026-10-09T11:30", "2026-10-09T15:00"),
        ("2026-10-10T17:30", "2026-10-12T10:30"),
        ("2026-12-31T15:00", "2026-12-31T17:00"),
    ],
)
def test_two_hours_of_working_time(opened: str, due: str) -> None:
    """A worked Saturday is worked, lunch does not count, the Spring Festival is jumped over."""
    found = shanghai().due(at(opened), timedelta(minutes=120))
    assert (found.at, found.ends) == (at(due), None)


@pytest.mark.parametrize(
    ("opened", "due"), [("2026-02-13T17:00", "2026-02-14T17:00"), ("2026-02-14T17:00", "2026-02-24T17:00")]
)
def test_one_working_day_is_its_450_minutes(opened: str, due: str) -> None:
    assert shanghai().day_length == timedelta(minutes=450)
    assert shanghai().due_days(at(opened), 1).at == at(due)


def test_a_year_without_data_is_told() -> None:
    found = shanghai().due(at("2026-12-31T17:00"), timedelta(minutes=120))
    assert found.ends == date(2026, 12, 31)
    assert shanghai().due(at("2027-03-01T09:00"), timedelta(minutes=1)).ends == date(2026, 12, 31)
    assert shanghai(years=()).due(at("2026-03-02T09:00"), timedelta(minutes=1)).ends == date(2025, 12, 31)
    both = shanghai(years=(CHINA_2026, Year(2027)))
    assert both.due(at("2026-12-31T17:00"), timedelta(minutes=120)).ends is None


def test_people_are_warned_60_days_ahead() -> None:
    calendar = shanghai()
    assert calendar.warns_at() == at("2026-11-02T00:00")
    assert calendar.ends_soon(at("2026-11-01T23:59")) is None
    assert calendar.ends_soon(at("2026-11-02T00:00")) == date(2026, 12, 31)
    with_a_gap = shanghai(years=(Year(2028), CHINA_2026))
    assert with_a_gap.covered_until() == date(2026, 12, 31)


def test_what_makes_no_sense_is_refused_by_its_field() -> None:
    for hours in (("09:00", "12:00"), ("11:59", "18:00")), (("22:00", "06:00"), ("08:00", "09:00")):
        with pytest.raises(HoursOverlap) as refused:
            check(shanghai(hours=tuple(Span(*one) for one in hours)))
        assert str(refused.value.details["field"]).startswith("hours.")
    with pytest.raises(DayOutsideYear):
        check(shanghai(years=(Year(2026, ("2027-01-01",)),)))
    with pytest.raises(YearTwice):
        check(shanghai(years=(Year(2026), Year(2026))))
