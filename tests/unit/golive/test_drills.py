"""Drills: when they begin, when they are due, how they are scored (OPS-16)."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest

from enghub.golive.drills.errors import NoWorkingTime
from enghub.golive.drills.model import DrillKind, Followed, Hours, drawn, scored
from enghub.golive.drills.plans import DrillPlan, Slot, Team, newcomer, next_month, slots
from enghub.golive.incidents.model import Clock, Entry, Incident, IncidentState
from enghub.golive.incidents.targets import IncidentSeverity
from enghub.kit.calendars.days import WorkingDays
from enghub.kit.calendars.zones import local, zone
from tests.factories.golive import shanghai

OFFICE = Hours("Asia/Shanghai", "09:00", "17:00")
AT = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("number", [0, 1, 12_345, 57_599, 57_600, 2**64 - 1])
def test_a_moment_lies_in_the_working_time_of_its_window(number: int) -> None:
    """GF9's kind: 2026-02-14 is a worked Saturday, 02-15 to 02-23 are off."""
    days = shanghai().days()
    at, window = drawn((date(2026, 2, 14), date(2026, 2, 24)), OFFICE, days, LONG_AGO, number)
    wall = local(at, zone("Asia/Shanghai"))
    assert wall.date() in {date(2026, 2, 14), date(2026, 2, 24)}
    assert 9 <= wall.hour < 17
    assert at in window


def test_every_hour_is_as_likely_as_the_others() -> None:
    span = 2 * 8 * 3600
    moments = (
        drawn((date(2026, 12, 1), date(2026, 12, 2)), OFFICE, WorkingDays(), LONG_AGO, n)[0]
        for n in range(0, span, 900)
    )
    assert set(Counter((at.date(), at.hour) for at in moments).values()) == {4}


def test_the_day_on_which_clocks_change_has_its_own_length() -> None:
    """GF2's kind: 2027-03-28 has 23 hours in Berlin; nothing begins at 02:30."""
    both = (date(2027, 3, 28), date(2027, 3, 28))
    hours, sunday = Hours("Europe/Berlin", "01:00", "04:00"), WorkingDays(weekdays=frozenset(range(7)))
    first, last = (drawn(both, hours, sunday, LONG_AGO, n)[0] for n in (0, 2 * 3600 - 1))
    assert last - first == timedelta(seconds=2 * 3600 - 1)
    assert drawn(both, hours, sunday, LONG_AGO, 2 * 3600)[0] == first


def test_a_window_without_working_time_is_refused() -> None:
    with pytest.raises(NoWorkingTime):
        drawn((date(2026, 2, 16), date(2026, 2, 20)), OFFICE, shanghai().days(), LONG_AGO, 7)


def test_only_what_is_left_of_a_window_counts() -> None:
    """16:59 in Shanghai: a minute is left, whatever is drawn."""
    now, today = datetime(2026, 12, 1, 8, 59, tzinfo=UTC), (date(2026, 12, 1), date(2026, 12, 1))
    moments = {drawn(today, OFFICE, WorkingDays(), now, number)[0] for number in (0, 59, 60, 10**9)}
    assert all(now <= at < now + timedelta(minutes=1) for at in moments)
    with pytest.raises(NoWorkingTime):
        drawn(today, OFFICE, WorkingDays(), now + timedelta(minutes=1), 0)


def a_plan(starts_on: date = date(2026, 10, 31)) -> DrillPlan:
    teams = (Team("dba", ("ana",)), Team("web", ("bo", "cy")))
    return DrillPlan("acme", "main", "am-test", OFFICE, starts_on, ("ana", "bo", "cy"), teams)


def months(plan: DrillPlan, count: int) -> list[tuple[date, list[Slot]]]:
    found, at = [], datetime(2026, 10, 31, 12, tzinfo=UTC)
    for _ in range(count):
        at = next_month(plan, at)
        month = local(at, zone(plan.hours.zone)).date()
        found.append((month, list(slots(plan, month))))
    return found


def test_a_plan_from_the_31st_leaves_out_no_month_and_no_quarter() -> None:
    """GF17's kind: the 31st does not exist in every month."""
    found = months(a_plan(), 12)
    assert [month.day for month, _ in found] == [1] * 12
    teams = [sum(one.kind is DrillKind.TEAM for one in made) for _, made in found]
    assert teams == [2] * 12
    quarters = [
        (month.month, one.scenario, one.unannounced)
        for month, made in found
        for one in made
        if one.kind is DrillKind.EVERYBODY
    ]
    assert quarters == [
        (1, "database-failure", True),
        (4, "cascading-failure", False),
        (7, "security-event", False),
        (10, "load-with-faults", False),
    ]


def test_a_newcomer_trains_in_the_second_week() -> None:
    found = newcomer("eve", date(2026, 12, 7))
    assert (found.first, found.last, found.participants) == (date(2026, 12, 14), date(2026, 12, 20), ("eve",))


def an_incident(**changed: object) -> Incident:
    clocks = (Clock("respond", AT + timedelta(minutes=30), met_at=AT + timedelta(minutes=4)),)
    base = {
        "acknowledged_at": AT + timedelta(minutes=4),
        "resolved_at": AT + timedelta(minutes=18),
        "clocks": clocks,
    }
    names = ("acme", "i", "erp", "down", IncidentSeverity.P1, IncidentState.RESOLVED, AT, "am")
    return Incident(*names, **{**base, **changed})  # type: ignore[arg-type]


def entries(*kinds: str) -> tuple[Entry, ...]:
    return tuple(
        Entry("acme", "i", number, AT, "ana", kind, {"clock": "update"}, "", "") for number, kind in enumerate(kinds, 1)
    )


ALL = Followed(4, 4, in_order=True, is_recovered=True)


def points(
    incident: Incident, told: tuple[Entry, ...], followed: Followed | None = ALL, runbook: str = "db"
) -> list[int]:
    return [one.points for one in scored(incident, told, runbook, followed).values()]


def test_a_drill_is_scored_by_what_the_timeline_proves() -> None:
    assert points(an_incident(), entries("update")) == [100, 100, 100, 100]
    late = an_incident(acknowledged_at=AT + timedelta(minutes=31))
    assert points(late, entries("update", "breach")) == [50, 100, 50, 100]
    nobody = an_incident(acknowledged_at=None, resolved_at=None)
    assert points(nobody, entries(), None) == [0, 0, 0, 0], "not resolved is not 0 seconds"
    unproved = Followed(4, 2, in_order=False, is_recovered=False)
    assert points(an_incident(), entries("update"), unproved) == [100, 25, 100, 50]
    assert points(an_incident(), entries("update"), None, "")[1] == 0, "an observer judges"
