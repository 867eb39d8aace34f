"""Planning against published cases and the traps of the field (MES-08)."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enghub.kit.calendars.days import WorkingDays
from enghub.mes.planning.errors import BomCircle, UnknownItem
from enghub.mes.planning.lots import Break, Costs, Method, best_quantity, economic_quantity, size
from enghub.mes.planning.mps import Job, load, master_schedule, schedule
from enghub.mes.planning.mrp import Demand, Item, LotRule, OpenOrder, World, plan

D = Decimal
DUE = date(2026, 5, 5)
TODAY = date(2026, 4, 1)
DAYS = WorkingDays.of({})


def numbers(*values: float) -> list[Decimal]:
    return [D(str(value)) for value in values]


def world(*items: Item, on_hand: dict[str, int] | None = None, orders: Any = (), today: date = TODAY) -> World:
    stock = {name: D(quantity) for name, quantity in (on_hand or {}).items()}
    return World({item.item_id: item for item in items}, stock, orders, today, lambda day, lead: DAYS.add(day, -lead))


def want(item: str, quantity: int, reference: str = "SO-1", due: date = DUE) -> Demand:
    return Demand(item, due, D(quantity), reference)


# --- lot sizes -------------------------------------------------------------------------------------------------------

WAGNER_WHITIN = numbers(69, 29, 36, 61, 61, 26, 34, 67, 45, 67, 79, 56)
SILVER = numbers(10, 62, 12, 130, 154, 129, 88, 52, 124, 160, 238, 41)


def test_wagner_and_whitin_1958() -> None:
    """Dynamic Version of the Economic Lot Size Model, table 1: 12 periods, cost 864."""
    setup = tuple(numbers(85, 102, 102, 101, 98, 114, 105, 86, 119, 110, 98, 114))
    assert size(Method.WAGNER_WHITIN, WAGNER_WHITIN, Costs(setup, D(1))).cost == 864


def test_silver_and_peterson() -> None:
    """Decision Systems for Inventory Management, 12 months, A 54, 0.4 per unit and month: 501.20 at the optimum."""
    costs = Costs((D(54),), D("0.4"))
    best = size(Method.WAGNER_WHITIN, SILVER, costs)
    assert best.cost == D("501.20")
    others = {method: size(method, SILVER, costs).cost for method in Method}
    assert all(cost >= best.cost for cost in others.values())
    assert others[Method.SILVER_MEAL] == D("501.20")
    assert others[Method.LOT_FOR_LOT] == 12 * 54


def test_no_setup_is_paid_for_empty_periods() -> None:
    """MF7, and members of its kind."""
    setup = tuple(numbers(40, 35, 50, 60))
    found = size(Method.WAGNER_WHITIN, numbers(0, 0, 0, 9), Costs(setup, D(1)))
    assert (int(found.cost), [int(one) for one in found.orders]) == (53, [0, 9, 0, 0])
    for method in Method:
        empty = size(method, numbers(0, 0, 0), Costs((D(40),), D(1)))
        assert [empty.cost, *empty.orders] == [D(0)] * 4


def test_economic_quantities() -> None:
    """Harris; and Heizer and Render, example 'Wohl's': 5,000 a year, 49 per order, 20 %: 1,000 at 4.80, 24,725."""
    assert economic_quantity(D(1000), D(10), D("0.5")) == 200
    breaks = [Break(D(1), D("5.00")), Break(D(1000), D("4.80")), Break(D(2000), D("4.75"))]
    assert best_quantity(D(5000), D(49), D("0.2"), breaks) == (D(1000), D(24725))


def test_where_stock_costs_nothing_a_third_of_the_demand_is_rounded_up() -> None:
    """Three thirds of 61 are less than 61 as decimals: the last piece would be missing."""
    found = size(Method.EOQ, numbers(0, 1, 60), Costs((D(1),), D(0), D(25)))
    assert found.orders == (D(0), D(21), D(42))


@settings(max_examples=60)
@given(st.lists(st.integers(0, 60), min_size=1, max_size=9), st.integers(1, 90), st.integers(0, 4))
def test_wagner_whitin_is_never_dearer_and_nothing_is_late(demand: list[int], setup: int, holding: int) -> None:
    costs = Costs((D(setup),), D(holding), D(25))
    found = {method: size(method, numbers(*demand), costs) for method in Method}
    assert all(found[Method.WAGNER_WHITIN].cost <= one.cost for one in found.values())
    for one in found.values():
        for end in range(1, len(demand) + 1):
            assert sum(one.orders[:end]) >= sum(demand[:end])


# --- requirements ----------------------------------------------------------------------------------------------------


def test_a_textbook_case_over_two_levels() -> None:
    """Orlicky's kind of table: A 50 in week 8 of 2 B and 1 C, B of 2 C; stock and open orders at every level."""
    items = (
        Item("A", 5, components=(("B", D(2)), ("C", D(1)))),
        Item("B", 10, components=(("C", D(2)),)),
        Item("C", 5, rule=LotRule(multiple=D(50))),
    )
    orders = [OpenOrder("C", date(2026, 4, 13), D(60), "PO-1")]
    found = plan(world(*items, on_hand={"A": 10, "B": 20, "C": 30}, orders=orders), [want("A", 50)])
    made: dict[str, list[tuple[str, int]]] = {one.item_id: [] for one in found.suggestions}
    for one in found.suggestions:
        made[one.item_id].append((one.start.isoformat(), int(one.quantity)))
    assert made["A"] == [("2026-04-28", 40)]
    assert made["B"] == [("2026-04-14", 60)]
    assert found.gross["C"] == 40 + 120
    assert found.net["C"] == 160 - 30 - 60
    assert [quantity for _, quantity in made["C"]] == [50, 50]
    assert [(one.action, one.order_id) for one in found.messages] == [("DEFER", "PO-1")]


def test_scrap_divides_and_is_rounded_once() -> None:
    """MF5 b: 315 good at 30 % scrap start exactly 450; with pegs down to the demand."""
    items = (Item("A", scrap=D("0.3"), components=(("R", D("0.25")),)), Item("R", rule=LotRule(multiple=D("0.001"))))
    found = plan(world(*items), [want("A", 200, "SO-1"), want("A", 115, "SO-2")])
    first, raw = found.suggestions
    assert [first.quantity, raw.quantity] == [D(450), D("112.5")]
    assert [(peg.source, int(peg.quantity)) for peg in first.pegs] == [("SO-1", 200), ("SO-2", 115)]
    assert [peg.source for peg in raw.pegs] == [first.order_id]
    assert [first.why.net, first.why.scrap, first.why.rounded_up] == [D(315), D("0.3"), D(0)]
    assert plan(world(Item("A", scrap=D("0.03"))), [want("A", 100)]).suggestions[0].quantity == 104


def test_a_shared_component_is_lotted_once() -> None:
    """MF5 a: 10 A of 2 S and 5 B of 3 S in one week: 35, one order of 36."""
    items = (
        Item("A", components=(("S", D(2)),)),
        Item("B", components=(("S", D(3)),)),
        Item("S", rule=LotRule(multiple=D(12))),
    )
    found = plan(world(*items), [want("A", 10), want("B", 5)])
    assert found.net["S"] == 35
    assert [one.quantity for one in found.suggestions if one.item_id == "S"] == [36]


def test_a_phantom_passes_what_its_stock_leaves() -> None:
    """MF3: stock of C is used once and never shown as phantoms."""
    items = (
        Item("X", components=(("K", D(1)), ("C", D(3)))),
        Item("K", is_phantom=True, components=(("C", D(2)),)),
        Item("C"),
    )
    found = plan(world(*items, on_hand={"C": 7}), [want("X", 4)])
    assert [found.gross["C"], found.net["C"]] == [D(20), D(13)]
    assert {one.item_id for one in found.suggestions} == {"X", "C"}
    with_stock = plan(world(*items, on_hand={"C": 7, "K": 1}), [want("X", 4)])
    assert [with_stock.gross["C"], with_stock.net["C"]] == [D(18), D(11)]


def test_reserved_stock_and_firm_orders_are_netted_once() -> None:
    """MF4."""
    found = plan(world(Item("A"), on_hand={"A": 100}), [want("A", 40, "P"), want("A", 75, "Q")])
    assert [one.quantity for one in found.suggestions] == [15]
    firm = [OpenOrder("A", DUE, D(4), "WO-1")]
    found = plan(world(Item("A", safety=D(9)), on_hand={"A": 14}, orders=firm), [want("A", 11)])
    assert [one.quantity for one in found.suggestions] == [2]
    assert found.messages == ()


@pytest.mark.parametrize(
    ("lead", "due", "calendar", "start"),
    [
        (3, "2026-05-05", {"holidays": ["2026-05-01"]}, "2026-04-29"),
        (0, "2026-05-05", {"holidays": ["2026-05-01"]}, "2026-05-05"),
        (4, "2026-10-12", {"holidays": ["2026-10-01/2026-10-07"], "makeUpDays": ["2026-10-10"]}, "2026-09-30"),
        (4, "2026-10-12", {"holidays": ["2026-10-01/2026-10-07"]}, "2026-09-29"),
    ],
)
def test_lead_times_are_working_days(lead: int, due: str, calendar: dict[str, Any], start: str) -> None:
    """MF6: Mondays to Fridays, closed days, Saturdays worked instead."""
    days = WorkingDays.of(calendar)
    found = World({"A": Item("A", lead)}, {}, (), TODAY, lambda day, count: days.add(day, -count) if count else day)
    [order] = plan(found, [want("A", 1, due=date.fromisoformat(due))]).suggestions
    assert order.start.isoformat() == start


def test_messages_and_lateness() -> None:
    orders = [
        OpenOrder("A", DUE + timedelta(days=3), D(5), "WO-1"),
        OpenOrder("A", DUE + timedelta(days=9), D(5), "WO-2"),
    ]
    found = plan(world(Item("A", 30), orders=orders, today=date(2026, 5, 1)), [want("A", 4)])
    assert [(one.action, one.order_id, one.to) for one in found.messages] == [
        ("EXPEDITE", "WO-1", DUE),
        ("CANCEL", "WO-2", None),
    ]
    [late] = plan(world(Item("A", 3), today=date(2026, 5, 4)), [want("A", 4)]).suggestions
    assert late.late_days == 4


def test_safety_stock_is_made_up_today() -> None:
    [order] = plan(world(Item("A", safety=D(9)), on_hand={"A": 4}), []).suggestions
    assert (order.due, int(order.quantity), order.pegs[0].source) == (TODAY, 5, "safety stock")


@pytest.mark.parametrize("method", Method)
def test_needs_of_the_past_come_before_safety_stock(method: Method) -> None:
    rule = LotRule(method, D(1), Costs((D(50),), D(1), D(7)))
    late = TODAY - timedelta(days=20)
    found = plan(world(Item("A", safety=D(9), rule=rule)), [want("A", 4, due=late)]).suggestions
    assert found[0].due == late
    assert sum(one.quantity for one in found) >= 13


def test_circles_and_unknown_items_are_named() -> None:
    circle = (Item("A", components=(("B", D(1)),)), Item("B", components=(("A", D(1)),)))
    with pytest.raises(BomCircle):
        plan(world(*circle), [want("A", 1)])
    with pytest.raises(UnknownItem):
        plan(world(Item("A", components=(("B", D(1)),))), [want("A", 1)])
    with pytest.raises(UnknownItem):
        plan(world(Item("A")), [want("B", 1)])


@settings(max_examples=50)
@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(1, 50)), min_size=1, max_size=8),
    st.integers(0, 60),
    st.sampled_from(Method),
    st.sampled_from(["0", "0.1", "0.37"]),
)
def test_supply_always_covers_demand_and_every_piece_is_pegged(
    wanted: list[tuple[int, int]], stock: int, method: Method, scrap: str
) -> None:
    rule = LotRule(method, D(1), Costs((D(50),), D("0.5"), D(20)))
    demands = [want("A", quantity, f"SO-{n}", DUE + timedelta(days=day)) for n, (day, quantity) in enumerate(wanted)]
    found = plan(world(Item("A", scrap=D(scrap), rule=rule), on_hand={"A": stock}), demands)
    good = sum((one.quantity * (1 - D(scrap)) for one in found.suggestions), D(0))
    assert good + stock >= sum(one.quantity for one in demands) - D("1e-9")
    for demand in demands:
        ready = sum((one.quantity * (1 - D(scrap)) for one in found.suggestions if one.due <= demand.due), D(0))
        assert ready + stock >= sum(one.quantity for one in demands if one.due <= demand.due) - D("1e-9")
    assert plan(world(Item("A", scrap=D(scrap), rule=rule), on_hand={"A": stock}), demands) == found


# --- master schedule and capacity ------------------------------------------------------------------------------------


def test_a_master_schedule_with_available_to_promise() -> None:
    """The classic table: 45 on hand, lots of 80; forecast 20 then 40, orders 23, 20, 8, 4."""
    found = master_schedule(numbers(20, 20, 20, 20, 40, 40), numbers(23, 20, 8, 4, 0, 0), D(45), D(80))
    assert [int(one.schedule) for one in found] == [0, 0, 80, 0, 0, 80]
    assert [int(one.available) for one in found] == [22, 2, 62, 42, 2, 42]
    assert [None if one.promise is None else int(one.promise) for one in found] == [2, None, 68, None, None, 80]


def test_finite_capacity_says_why_it_is_late() -> None:
    days = {DUE + timedelta(days=number): D(8) for number in range(4)}
    jobs = [
        Job("A", "ST", D(12), DUE, DUE + timedelta(days=1)),
        Job("B", "ST", D(8), DUE, DUE + timedelta(days=1)),
        Job("C", "ST", D(30), DUE, DUE + timedelta(days=9)),
    ]
    first, second, third = schedule(jobs, {"ST": days})
    assert (first.start, first.end, first.why_late) == (DUE, DUE + timedelta(days=1), ())
    assert (second.end, second.why_late) == (DUE + timedelta(days=2), ("ST works on A first",))
    assert third.end is None
    assert third.why_late[0] == "ST lacks 18 h in the horizon"
    assert load(jobs, {"ST": days}) == {"ST": (D(50), D(32))}
