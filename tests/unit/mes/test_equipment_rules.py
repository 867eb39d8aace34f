"""What machines tell, and when maintenance is due (MES-12): rules of the state log, meters and plans."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enghub.kit.calendars.intervals import Interval, union
from enghub.mes.equipment.errors import MeterFellBack
from enghub.mes.equipment.model import Meter
from enghub.mes.equipment.states import Spell, State, StateChange, reliability, spells, standing
from enghub.mes.maintenance.errors import PlanWithoutInterval
from enghub.mes.maintenance.model import Basis, Plan, job_of
from tests.factories.http import NOW
from tests.factories.mes import FACTORY, plain

DAWN = datetime(2026, 3, 2, 6, tzinfo=UTC)


def at(minutes: int) -> datetime:
    return DAWN + timedelta(minutes=minutes)


def change(minutes: int, state: State, told: int = 0, name: str = "") -> StateChange:
    return StateChange(FACTORY, "M-1", name or state.value, state, at(minutes), "emp-001", at(told))


def a_plan(**fields: object) -> Plan:
    given: dict[str, object] = {"starts_on": date(2026, 1, 31), "every_months": 1, **fields}
    return Plan(FACTORY, "PM-1", "M-1", "service", **given)  # type: ignore[arg-type]


def done(plan: Plan, on: date, units: int = 0) -> Plan:
    """The plan with its next job opened and done on a day."""
    due = plan.due(max(on, plan.next_on or on), Decimal(10**9))
    assert due is not None
    job = job_of(plan, replace(due, by_usage=False) if plan.next_on else due, NOW, "x")
    return plan.with_job(job.job_id).with_done(job, on, Decimal(units))


def dates(plan: Plan, *days_late: int) -> list[date]:
    found = []
    for late in days_late:
        on = plan.next_on
        assert on is not None
        found.append(on)
        plan = done(plan, on + timedelta(days=late))
    return found


def test_a_plan_of_the_31st_comes_on_the_last_of_short_months_and_on_the_31st_again() -> None:
    """Counting from the last date would drift to the 28th for ever; a rule of the 31st would leave February out."""
    assert dates(a_plan(), 0, 0, 0, 0) == [date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30)]


def test_a_fixed_plan_stays_on_its_dates_and_a_floating_one_counts_from_the_work() -> None:
    weekly = a_plan(starts_on=date(2026, 3, 2), every_months=None, every_days=7)
    assert dates(weekly, 2, -1, 0) == [date(2026, 3, 2), date(2026, 3, 9), date(2026, 3, 16)]
    floating = replace(weekly, basis=Basis.FLOATING)
    assert dates(floating, 2, -1, 0) == [date(2026, 3, 2), date(2026, 3, 11), date(2026, 3, 17)]


def test_what_was_missed_is_made_up_by_one_job() -> None:
    weekly = a_plan(starts_on=date(2026, 3, 2), every_months=None, every_days=7)
    assert done(weekly, date(2026, 3, 30)).next_on == date(2026, 4, 6)
    assert done(weekly, date(2026, 3, 29)).next_on == date(2026, 3, 30)


def test_usage_makes_due_too_and_the_first_of_both_counts() -> None:
    plan = a_plan(starts_on=date(2026, 6, 1), meter="cycles", every_units=Decimal(1_000), lead_units=Decimal(50))
    assert plan.due(date(2026, 3, 2), Decimal(949)) is None
    due = plan.due(date(2026, 3, 2), Decimal(950))
    assert due is not None
    assert (due.by_time, due.by_usage, due.units) == (False, True, Decimal(1_000))
    after = plan.with_job("PM-1-1").with_done(job_of(plan, due, NOW, "x"), date(2026, 3, 2), Decimal(960))
    assert after.next_units == 2_000
    assert replace(after, basis=Basis.FLOATING).next_units == 1_960
    assert plan.with_job("PM-1-1").due(date(2027, 1, 1), Decimal(9_999)) is None


@pytest.mark.parametrize(
    "fields",
    [
        {"every_months": None},
        {"every_days": 1},
        {"meter": "cycles"},
        {"every_months": None, "every_units": Decimal(1)},
    ],
)
def test_a_plan_says_what_makes_it_due(fields: dict[str, object]) -> None:
    with pytest.raises(PlanWithoutInterval):
        a_plan(**fields).check()


@given(
    st.integers(1, 24),
    st.booleans(),
    st.dates(date(2024, 1, 1), date(2026, 12, 31)),
    st.lists(st.integers(-40, 90), min_size=1, max_size=12),
)
def test_dates_of_a_plan_only_go_forward_and_fixed_ones_stay_on_the_grid(
    months: int, is_fixed: bool, start: date, late: list[int]
) -> None:
    plan = a_plan(starts_on=start, every_months=months, basis=Basis.FIXED if is_fixed else Basis.FLOATING)
    grid = {plan.date_after(start, number) for number in range(200)}
    for days in late:
        before = plan.next_on
        assert before is not None
        on = before + timedelta(days=max(days, 1 - 28 * months) if is_fixed else max(days, 0))
        plan = done(plan, on)
        assert plan.next_on is not None
        assert plan.next_on > max(on, before if is_fixed else on)
        assert not is_fixed or plan.next_on in grid


def test_a_meter_goes_on_over_a_reset_and_takes_late_readings_once() -> None:
    meter = Meter(FACTORY, "M-1", "cycles")
    for value, minutes, is_reset in ((5_000, 0, False), (5_300, 1, False), (40, 3, True), (90, 4, False)):
        meter = meter.read(Decimal(value), at(minutes), is_reset=is_reset)
    assert plain(meter.total, meter.resets) == (390, 1)
    assert meter.read(Decimal(60), at(2)) == meter
    with pytest.raises(MeterFellBack):
        meter.read(Decimal(60), at(5))


def test_a_failure_reported_twice_and_then_repaired_is_one_failure() -> None:
    log = [
        change(0, State.RUNNING),
        change(100, State.FAILED),
        change(105, State.FAILED),
        change(120, State.UNDER_REPAIR),
        change(160, State.RUNNING),
        change(200, State.IDLE),
        change(300, State.FAILED),
        change(330, State.RUNNING),
    ]
    found = reliability(log, Interval(at(0), at(480)), at(480))
    assert (found.failures, found.open_failures) == (2, 0)
    assert plain(found.by_state["RUNNING"], found.by_state["FAILED"]) == (290 * 60, 50 * 60)
    assert (found.mtbf, found.mttr) == (Fraction(290 * 60, 2), Fraction((60 + 30) * 60, 2))


def test_a_failure_over_midnight_belongs_to_the_day_it_began_in_and_an_open_one_has_no_repair_time() -> None:
    log = [change(0, State.RUNNING), change(400, State.FAILED), change(500, State.RUNNING), change(900, State.FAILED)]
    first, second = Interval(at(0), at(480)), Interval(at(480), at(960))
    one, two = (reliability(log, period, at(960)) for period in (first, second))
    assert plain(one.failures, one.mttr, one.by_state["FAILED"]) == (1, 100 * 60, 80 * 60)
    assert plain(two.failures, two.open_failures, two.mttr, two.mtbf) == (1, 1, None, 400 * 60)
    assert (one.by_state["FAILED"] + two.by_state["FAILED"]) == (100 + 60) * 60


def test_nothing_told_is_unknown_and_nothing_failed_has_no_means() -> None:
    found = reliability([change(60, State.RUNNING)], Interval(at(0), at(120)), at(90))
    assert plain(found.unknown, found.by_state["RUNNING"], found.mtbf, found.mttr) == (3_600, 1_800, None, None)


def test_of_two_changes_of_one_moment_the_one_told_later_counts() -> None:
    wrong, right = change(10, State.FAILED, told=11), change(10, State.SETUP, told=30)
    for log in ([wrong, right], [right, wrong]):
        assert spells([change(0, State.RUNNING), *log], Interval(at(0), at(20))) == [
            Spell(State.RUNNING, Interval(at(0), at(10))),
            Spell(State.SETUP, Interval(at(10), at(20))),
        ]


@given(st.permutations([(0, State.RUNNING), (7, State.FAILED), (9, State.UNDER_REPAIR), (20, State.IDLE)]))
def test_the_order_in_which_changes_come_does_not_matter(told: list[tuple[int, State]]) -> None:
    log = [change(minutes, state, number) for number, (minutes, state) in enumerate(told)]
    found = spells(log, Interval(at(-5), at(30)))
    assert [one.state for one in found] == [None, State.RUNNING, State.FAILED, State.UNDER_REPAIR, State.IDLE]
    assert union(one.interval for one in found) == (Interval(at(-5), at(30)),)


def test_a_machine_adds_to_the_stops_that_people_told_only_what_they_did_not_tell() -> None:
    log = [
        change(0, State.RUNNING),
        change(10, State.FAILED),
        change(40, State.RUNNING),
        change(50, State.PLANNED_DOWN),
    ]
    period, told = Interval(at(0), at(60)), [Interval(at(15), at(25))]
    found = [(one.interval, one.is_planned, one.is_failure) for one in standing(log, period, told)]
    assert found == [
        (Interval(at(10), at(15)), False, False),
        (Interval(at(25), at(40)), False, False),
        (Interval(at(50), at(60)), True, False),
    ]
    assert [one.is_failure for one in standing(log, period, [])] == [True, False]
