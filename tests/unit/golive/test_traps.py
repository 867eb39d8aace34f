"""Traps of the field that belong to what all of go-live use: recurring rules, feeds (golive-field GF17, GF20)."""

from datetime import UTC, date, datetime, timedelta

import pytest

from enghub.golive.oncall.feed import Entry, render
from enghub.kit.calendars.intervals import Interval
from enghub.kit.calendars.rules import RecurringRule

YEAR = Interval(datetime(2026, 10, 1, tzinfo=UTC), datetime(2027, 12, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("start", "rule", "days"),
    [
        ("2026-11-29", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU;COUNT=3;WKST=MO", "2026-12-08 2026-12-22 2027-01-05"),
        ("2026-11-29", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU;COUNT=3;WKST=SU", "2026-12-01 2026-12-15 2026-12-29"),
        ("2026-10-31", "FREQ=MONTHLY;COUNT=4", "2026-10-31 2026-12-31 2027-01-31 2027-03-31"),
        (
            "2026-10-31",
            "FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1;COUNT=5",
            "2026-10-31 2026-11-30 2026-12-31 2027-01-31 2027-02-28",
        ),
        ("2026-11-27", "FREQ=MONTHLY;BYDAY=-1FR;COUNT=3", "2026-11-27 2026-12-25 2027-01-29"),
    ],
)
def test_recurring_rules_keep_the_week_and_the_end_of_the_month(start: str, rule: str, days: str) -> None:
    found = RecurringRule(rule, datetime.fromisoformat(f"{start}T09:00"), UTC).within(YEAR)
    assert [at.date() for at in found] == [date.fromisoformat(day) for day in days.split()]


def test_a_shift_in_a_feed_says_its_time_in_utc_and_has_no_rule_that_a_client_could_drop() -> None:
    now = datetime(2026, 11, 28, tzinfo=UTC)
    text = render("x", [Entry("u", "Ana", Interval(now, now + timedelta(days=7)))], now).decode()
    assert "DTSTART:20261128T000000Z" in text
    assert "DTEND:20261205T000000Z" in text
    assert not {"RRULE", "EXDATE", "UNTIL"} & {line.partition(":")[0].partition(";")[0] for line in text.split("\r\n")}
