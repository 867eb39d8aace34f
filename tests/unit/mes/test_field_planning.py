"""Other members of the kinds of the field's traps, of planning and time, found by properties (docs/mes-cases.md)."""

import itertools
import math
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enghub.kit.calendars.days import WorkingDays
from enghub.kit.calendars.intervals import Interval
from enghub.mes.devices.errors import DeviceClockWrong
from enghub.mes.devices.model import AHEAD, BEHIND, Device, TimeUnit, message_of
from enghub.mes.planning.lots import Costs, Method, size
from enghub.mes.planning.mrp import Demand, Item, LotRule, OpenOrder, World, plan
from enghub.mes.plant import model as plants
from enghub.mes.plant.model import Plant, PlantCalendar, ShiftPlan, Span
from enghub.mes.stops import kpis
from enghub.mes.stops.kpis import StopSpan, time_elements
from tests.factories.http import NOW
from tests.factories.mes import FACTORY, plain

D = Decimal
DUE, TODAY = date(2026, 5, 5), date(2026, 4, 1)
DAYS = WorkingDays.of({})
MONDAY = datetime(2026, 3, 2, 6, tzinfo=UTC)


def a_world(*items: Item, stock: dict[str, Decimal] | None = None, orders: Any = ()) -> World:
    return World(
        {one.item_id: one for one in items}, stock or {}, orders, TODAY, lambda day, lead: DAYS.add(day, -lead)
    )


def minutes(first: int, last: int) -> Interval:
    return Interval(MONDAY + timedelta(minutes=first), MONDAY + timedelta(minutes=last))


# --- planning: MF3 to MF7 --------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 50), st.lists(st.integers(1, 5), min_size=4, max_size=4), st.integers(0, 40), st.integers(0, 9))
def test_phantoms_in_phantoms_need_what_their_explosion_needs(
    demand: int, per: list[int], stock: int, own: int
) -> None:
    """MF3: X of K1 and C, K1 of K2, K2 of C; stock of a phantom is used at its own level, once."""
    items = (
        Item("X", components=(("K1", D(per[0])), ("C", D(per[1])))),
        Item("K1", is_phantom=True, components=(("K2", D(per[2])),)),
        Item("K2", is_phantom=True, components=(("C", D(per[3])),)),
        Item("C"),
    )
    found = plan(a_world(*items, stock={"C": D(stock), "K2": D(own)}), [Demand("X", DUE, D(demand), "SO")])
    gross = demand * per[1] + max(demand * per[0] * per[2] - own, 0) * per[3]
    assert plain(found.gross["C"], found.net["C"]) == (gross, max(gross - stock, 0))
    assert {one.item_id for one in found.suggestions} <= {"X", "C"}


@pytest.mark.parametrize(("scrap", "wanted", "components"), [("0.1", [18], 20), ("0.1", [6], 20), ("0.3", [315], 1350)])
def test_a_phantom_that_loses_pieces_needs_more_of_its_components(
    scrap: str, wanted: list[int], components: int
) -> None:
    """MF5 b for what is never ordered: 6 / 0.9 x 3 are 20, though 6 / 0.9 has no end: not 21."""
    per = {18: 1}.get(wanted[0], 3)
    items = (Item("K", scrap=D(scrap), is_phantom=True, components=(("C", D(per)),)), Item("C"))
    found = plan(a_world(*items), [Demand("K", DUE, D(one), "SO") for one in wanted])
    assert [one.quantity for one in found.suggestions] == [components]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(1, 60), min_size=1, max_size=4),
    st.integers(0, 150),
    st.integers(0, 30),
    st.lists(st.integers(1, 40), max_size=3),
)
def test_what_is_suggested_is_what_stock_and_firm_orders_leave(
    wanted: list[int], stock: int, safety: int, firm: list[int]
) -> None:
    """MF4: demand and safety stock once, stock and firm orders once, whatever is reserved for whom."""
    orders = [OpenOrder("A", DUE, D(one), f"WO-{n}") for n, one in enumerate(firm)]
    demands = [Demand("A", DUE, D(one), f"SO-{n}") for n, one in enumerate(wanted)]
    found = plan(a_world(Item("A", safety=D(safety)), stock={"A": D(stock)}, orders=orders), demands)
    assert sum(one.quantity for one in found.suggestions) == max(sum(wanted) + safety - stock - sum(firm), 0)


@given(st.integers(1, 10**6), st.integers(0, 99), st.sampled_from(["1", "12", "0.25"]))
def test_scrap_is_exact_and_rounded_up_once(good: int, per_cent: int, multiple: str) -> None:
    """MF5 b: against exact fractions."""
    item = Item("A", scrap=D(per_cent) / 100, rule=LotRule(multiple=D(multiple)))
    [order] = plan(a_world(item), [Demand("A", DUE, D(good), "SO")]).suggestions
    step = Fraction(D(multiple))
    assert Fraction(order.quantity) == step * math.ceil(Fraction(good) * 100 / (100 - per_cent) / step)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 15), st.dates(date(2026, 1, 1), date(2026, 12, 31)), st.sets(st.integers(-30, 30), max_size=12))
def test_a_lead_time_skips_exactly_the_days_that_are_not_worked(lead: int, due: date, moved: set[int]) -> None:
    """MF6: weekdays closed, weekend days worked, against a walk day by day; lead 0 stays on its day."""
    days = [due + timedelta(days=number) for number in moved]
    closed, worked = ({day for day in days if (day.weekday() < 5) is week} for week in (True, False))
    calendar = WorkingDays(holidays=frozenset(closed), make_up=frozenset(worked))
    start, left = due, lead
    while left:
        start -= timedelta(days=1)
        left -= start in worked or (start.weekday() < 5 and start not in closed)
    world = World({"A": Item("A", lead)}, {}, (), TODAY, lambda day, count: calendar.add(day, -count) if count else day)
    assert plan(world, [Demand("A", due, D(1), "SO")]).suggestions[0].start == start


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 30), min_size=1, max_size=6),
    st.lists(st.integers(0, 60), min_size=6, max_size=6),
    st.integers(0, 3),
)
def test_wagner_whitin_is_the_cheapest_of_all_ways_to_order(demand: list[int], setup: list[int], holding: int) -> None:
    """MF7: every set of order periods is tried; an order that makes nothing costs nothing."""
    costs = Costs(tuple(D(one) for one in setup[: len(demand)]), D(holding))
    if len(demand) == 1:
        costs = Costs((D(setup[0]),), D(holding))
    best = None
    for chosen in itertools.product([False, True], repeat=len(demand)):
        made, cost = [0] * len(demand), 0
        last = None
        for period, need in enumerate(demand):
            last = period if chosen[period] else last
            if need and last is None:
                break
            if need and last is not None:
                made[last] += need
                cost += need * holding * (period - last)
        else:
            cost += sum(int(costs.setup_in(period)) for period, quantity in enumerate(made) if quantity)
            best = cost if best is None else min(best, cost)
    assert size(Method.WAGNER_WHITIN, [D(one) for one in demand], costs).cost == best


# --- time: MF8 to MF10, MF20, MF21 -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stop", "failures", "down"),
    [
        ((245, 290), (1, 0), (20, 0)),
        ((-90, 30), (1, 0), (30, 0)),
        ((450, 540), (1, 0), (30, 60)),
        ((250, 260), (0, 0), (0, 0)),
    ],
    ids=["began in the break", "began in the night", "over the change of shifts", "only in the break"],
)
def test_a_failure_counts_once_where_it_first_took_working_time(
    stop: tuple[int, int], failures: tuple[int, int], down: tuple[int, int]
) -> None:
    """MF9, MF10: with down time and no failure there would be no mean time to restoration."""
    spans = [StopSpan(minutes(*stop), is_failure=True)]
    early, late = [minutes(0, 240), minutes(270, 480)], [minutes(480, 960)]
    first, second = time_elements(early, spans, ()), time_elements(late, spans, early)
    assert (first.failures, second.failures) == failures
    assert plain(first.down, second.down) == (down[0] * 60, down[1] * 60)
    assert (kpis.kpis(first + second).mttr is None) is (sum(failures) == 0)


spans = st.tuples(st.integers(0, 900), st.integers(1, 300)).map(lambda pair: (pair[0], pair[0] + pair[1]))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(spans, st.booleans()), max_size=6), st.integers(1, 959))
def test_cut_anywhere_into_shifts_a_day_stays_the_same(listed: list[tuple[tuple[int, int], bool]], cut: int) -> None:
    """MF10: stopped time, down time and failures of two parts are those of the whole."""
    stops = [StopSpan(minutes(*span), is_failure=failure) for span, failure in listed]
    parts = [minutes(0, cut)], [minutes(cut, 960)]
    whole = time_elements([minutes(0, 960)], stops)
    both = time_elements(parts[0], stops) + time_elements(parts[1], stops, parts[0])
    assert (both.busy, both.stopped, both.down, both.failures) == (
        *(whole.busy, whole.stopped, whole.down, whole.failures),
    )


@given(st.integers() | st.integers(10**300, 10**400), st.sampled_from(TimeUnit))
def test_any_stamp_is_a_time_near_now_or_a_wrong_clock_by_name(stamp: int, unit: TimeUnit) -> None:
    """MF20: microseconds, a year 60,000, four hundred digits; never a crash, never another time."""
    device = Device(FACTORY, "press-7", "Press 7", "ST-1", "OP-10", time_unit=unit)
    try:
        said = message_of(device, {"count": 1, "stamp": stamp}, NOW).read_at
    except DeviceClockWrong:
        return
    else:
        assert NOW - BEHIND <= said <= NOW + AHEAD


@given(st.integers(-2_000_000, 2_000_000))
def test_milliseconds_are_kept_exactly(away: int) -> None:
    """MF20: floats of seconds lose them."""
    device = Device(FACTORY, "press-7", "Press 7", "ST-1", "OP-10")
    at = NOW.replace(microsecond=123_000) - timedelta(days=1) + timedelta(milliseconds=away)
    stamp = round((at - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(milliseconds=1))
    assert message_of(device, {"count": 1, "stamp": stamp}, NOW).read_at == at


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(["Europe/Berlin", "Europe/Dublin", "Australia/Lord_Howe", "Africa/Cairo", "America/St_Johns"]),
    st.dates(date(2026, 1, 1), date(2026, 12, 31)),
    st.integers(0, 23),
    st.integers(0, 23),
)
def test_two_shifts_that_share_a_day_are_never_both_at_work(zone: str, day: date, first: int, second: int) -> None:
    """MF21: half-open, also where an hour is skipped or comes twice; together they are the whole day."""
    if first == second:
        return
    hours = (f"{first:02d}:00", f"{second:02d}:00")
    shifts = (ShiftPlan("a", Span(*hours)), ShiftPlan("b", Span(hours[1], hours[0])))
    plant = Plant(FACTORY, "plant", PlantCalendar(zone, shifts, tuple(range(7))))
    calendar = plants.calendar_of(plant)
    listed = [one for number in (-1, 0, 1) for one in calendar.shifts_of(day + timedelta(days=number))]
    listed.sort(key=lambda one: one.interval)
    for one, following in itertools.pairwise(listed):
        assert one.interval.end == following.interval.start
        assert plants.shift_of(plant, None, one.interval.end) == (following.name, following.day)
