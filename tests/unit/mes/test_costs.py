"""What orders cost: exact, each figure with its source, null where it cannot be told (MES-04, MES-15)."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enghub.mes.costing import model
from enghub.mes.costing.errors import CurrencyFixed
from enghub.mes.costing.model import EVERY, CostKind, OrderCost, Price, Source, StandardCost, Used, cost_of
from enghub.mes.reports.model import Report
from enghub.mes.routings.model import Operation
from enghub.mes.stock.model import Movement, MovementKind, Purpose
from enghub.mes.work_orders.model import Status, WorkOrder
from enghub.mes.work_orders.quantities import Progress
from tests.factories.http import NOW
from tests.factories.mes import FACTORY, an_order_in

D = Decimal
DAY = NOW.date()
MATERIAL, LABOUR, MACHINE = CostKind
OPERATIONS = (Operation("OP-10", standard_seconds=D(20)), Operation("OP-20", standard_seconds=D(30)))


def an_order(first: tuple[int, int] = (90, 10), second: tuple[int, int] = (80, 10)) -> WorkOrder:
    """Two operations in sequence, each with its good and lost pieces."""
    progress = {name: Progress(*map(D, made)) for name, made in (("OP-10", first), ("OP-20", second))}
    fields = {"operations": OPERATIONS, "in_sequence": True, "bom_version": "V1"}
    return an_order_in(Status.COMPLETED, progress=progress, completed_at=NOW, **fields)


def a_report(number: int, operation: str = "OP-10", pieces: int = 100, **fields: Any) -> Report:
    made = Report(
        *(FACTORY, f"R-{number}", f"k-{number}", "f", "WO-1", "PROD-A001", "SMT-1", "ST-1", operation),
        *(DAY, "day", D(pieces), D(0), (), "emp", NOW, NOW),
        standard_seconds=D(20),
    )
    return replace(made, **fields)


def moved(kind: MovementKind, material: str, quantity: str, number: int = 1) -> Movement:
    at = (f"M-{number}", kind, material, D(quantity), (), NOW, "emp")
    return Movement(FACTORY, *at, Purpose("WO-1"))


def prices(**amounts: str) -> dict[tuple[CostKind, str], StandardCost]:
    """Prices since ever; ``material_C``, ``labour_ALL``."""
    found = {}
    for name, amount in amounts.items():
        kind, _, subject = name.partition("_")
        one = CostKind(kind.upper())
        found[one, subject] = StandardCost(FACTORY, one, subject, "CNY", (Price(date(2020, 1, 1), D(amount)),))
    return found


def cost(order: WorkOrder, used: list[Used], known: Any, *, whole: bool = True) -> OrderCost:
    return cost_of(order, used, lambda *name: known.get(name), at=NOW, day=DAY, are_reports_whole=whole)


def test_set_up_counts_once_per_operation_as_the_first_report_says_else_as_the_routing() -> None:
    order = replace(
        an_order(),
        operations=(Operation("OP-10", setup_seconds=D(600)), Operation("OP-20", setup_seconds=D(300))),
    )
    later, earlier = NOW + timedelta(hours=1), NOW - timedelta(hours=1)
    reports = [
        a_report(1, station_id="ST-0", reported_at=earlier),
        a_report(2, setup_seconds=D(900), reported_at=later),
        a_report(3, setup_seconds=D(700)),
        a_report(4, "OP-20"),
    ]
    told = [(one.kind, one.operation, one.subject, one.quantity, one.source) for one in model.set_up(order, reports)]
    assert told == [
        (LABOUR, "OP-10", "ST-1", D(700), Source.REPORTED_SETUP),
        (MACHINE, "OP-10", "ST-1", D(700), Source.REPORTED_SETUP),
        (LABOUR, "OP-20", "ST-1", D(300), Source.STANDARD_SETUP),
        (MACHINE, "OP-20", "ST-1", D(300), Source.STANDARD_SETUP),
    ]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.one_of(st.none(), st.integers(0, 900)), st.booleans()), max_size=6), st.randoms())
def test_a_reversal_takes_set_up_off_with_its_report_in_whatever_order_they_come(
    told: list[tuple[int | None, bool]], dice: Any
) -> None:
    order = replace(an_order(), operations=(Operation("OP-10", setup_seconds=D(600)),))
    made = [
        a_report(n, setup_seconds=None if seconds is None else D(seconds), reported_at=NOW + timedelta(minutes=n))
        for n, (seconds, _) in enumerate(told)
    ]
    undone = [
        replace(one, report_id=f"X-{n}", reverses=one.report_id)
        for n, (one, (_, gone)) in enumerate(zip(made, told, strict=True))
        if gone
    ]
    ledger = [*made, *undone]
    dice.shuffle(ledger)
    left = [seconds for seconds, gone in told if not gone]
    wanted = next((one for one in left if one is not None), 600) if left else 0
    found = model.set_up(order, ledger)
    assert [one.quantity for one in found] == ([wanted] * 2 if wanted else [])


def test_set_up_is_part_of_what_lost_pieces_had_cost() -> None:
    order = replace(an_order(), operations=(Operation("OP-10", setup_seconds=D(360)), OPERATIONS[1]))
    reports = [a_report(1), a_report(2, "OP-20", 90, standard_seconds=D(30))]
    without = [*model.of_bom(order, {"C": D(2)}), *model.time_spent(reports)]
    plain, found = cost(order, without, ALL), cost(order, [*without, *model.set_up(order, reports)], ALL)
    assert (plain.total, plain.of_scrap) == (D(162), D("25.2"))
    # 360 s at 36 and 72 an hour are 10.8 on 100 pieces; 20 of them were lost
    assert (found.total, found.of_scrap) == (D("172.8"), D("25.2") + 20 * D("0.108"))


ALL = prices(material_C="0.105", labour_ALL="36", machine_ALL="72")


def test_material_time_and_what_the_lost_pieces_had_cost() -> None:
    """100 begun: material 200 x 0.105; op 10 100 x 20 s, op 20 90 x 30 s at 36 and 72 an hour."""
    order = an_order()
    reports = [a_report(1), a_report(2, "OP-20", 90, standard_seconds=D(30))]
    found = cost(order, [*model.of_bom(order, {"C": D(2)}), *model.time_spent(reports)], ALL)
    assert (found.material, found.labour, found.machine) == (D(21), D(47), D(94))
    assert (found.total, found.currency, found.lacking) == (D(162), "CNY", ())
    # 10 lost at op 10 cost 0.21 + 0.6 each, 10 at op 20 0.9 more
    assert found.of_scrap == D("8.1") + D("17.1")
    assert found.per_piece == D("2.025")
    assert [(one.kind, one.subject, one.operation, one.amount) for one in found.lines][:2] == [
        (MATERIAL, "C", None, D(21)),
        (LABOUR, "ST-1", "OP-10", D(20)),
    ]
    assert found.lines[0].references == ("PROD-A001/V1",)
    assert (found.lines[1].price_of, found.lines[1].quantity) == (EVERY, D("0.555556"))


def test_issues_count_before_the_bom_and_what_comes_back_is_taken_off() -> None:
    movements = [
        moved(MovementKind.ISSUE, "C", "210.5", 1),
        moved(MovementKind.RECEIPT, "C", "10.5", 2),
        moved(MovementKind.RECEIPT, "PROD-A001", "80", 3),
        moved(MovementKind.MOVE, "C", "5", 4),
    ]
    (used,) = model.issued(an_order(), movements)
    assert (used.subject, used.quantity, used.source, used.references) == ("C", D(200), Source.ISSUES, ("M-1", "M-2"))


def test_reported_time_counts_before_standard_time_and_people_stand_through_down_time() -> None:
    reports = [a_report(1, run_seconds=D(1800), down_seconds=D(600)), a_report(2, pieces=3)]
    labour, machine = model.time_spent(reports)
    assert (labour.quantity, machine.quantity) == (D(2460), D(1860))
    assert labour.source is Source.REPORTED_AND_STANDARD_TIME


def test_a_reversed_report_costs_nothing_whether_the_list_shows_it_as_reversed_or_not() -> None:
    wrong = a_report(1, pieces=1000, standard_seconds=None)
    reversal = a_report(2, pieces=1000, standard_seconds=None, reverses="R-1")
    used = model.time_spent([wrong, reversal, a_report(3)])
    assert [one.quantity for one in used] == [D(2000), D(2000)]


@pytest.mark.parametrize(
    ("used", "known", "lacking", "told"),
    [
        ([], ALL, ("NEITHER_ISSUED_NOR_BOM",), (None, D(0), D(0))),
        ([Used(MATERIAL, "X", D(1), Source.ISSUES)], ALL, ("NO_PRICE MATERIAL X",), (None, D(0), D(0))),
        (
            [Used(MATERIAL, "C", D(1), Source.ISSUES), Used(LABOUR, "ST-1", None, Source.STANDARD_TIME)],
            ALL,
            ("NEITHER_REPORTED_NOR_STANDARD_TIME LABOUR ST-1",),
            (D("0.105"), None, D(0)),
        ),
    ],
)
def test_what_cannot_be_told_is_null_and_named(used: Any, known: Any, lacking: Any, told: Any) -> None:
    found = cost(an_order(), used, known)
    assert (found.lacking, (found.material, found.labour, found.machine)) == (lacking, told)
    assert (found.total, found.of_scrap, found.per_piece, found.is_provisional) == (None, None, None, True)


def test_prices_of_two_currencies_are_never_added_and_missing_reports_are_waited_for() -> None:
    euros = {**ALL, (LABOUR, EVERY): StandardCost(FACTORY, LABOUR, EVERY, "EUR", (Price(DAY, D(30)),))}
    used = [Used(MATERIAL, "C", D(1), Source.ISSUES), *model.time_spent([a_report(1)])]
    found = cost(an_order(), used, euros)
    assert (found.total, found.material, found.currency, found.lacking) == (None, None, None, ("CURRENCIES_DIFFER",))
    late = cost(an_order(), used, ALL, whole=False)
    assert (late.total, late.labour, late.material, late.lacking) == (None, None, D("0.105"), ("REPORTS_ON_THEIR_WAY",))


def test_the_price_of_the_day_counts() -> None:
    known = StandardCost(FACTORY, MATERIAL, "C", "CNY", (Price(DAY, D(1)),))
    later = known.priced(Price(DAY + timedelta(days=1), D(2)), "CNY")
    assert [later.on(DAY + timedelta(days=days)) for days in (-1, 0, 1, 99)] == [
        None,
        Price(DAY, D(1)),
        *[Price(DAY + timedelta(days=1), D(2))] * 2,
    ]
    corrected = later.priced(Price(DAY, D("1.5")), "CNY")
    assert (corrected.on(DAY), corrected.version, len(corrected.prices)) == (Price(DAY, D("1.5")), 3, 2)
    assert corrected.priced(Price(DAY, D("1.5")), "CNY") is corrected
    with pytest.raises(CurrencyFixed):
        corrected.priced(Price(DAY, D(1)), "EUR")


amounts = st.decimals(0, 10**6, places=4)
priced = st.lists(st.tuples(amounts, amounts), max_size=6)
timed = st.lists(st.tuples(st.integers(0, 10**6), amounts), max_size=6)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.tuples(amounts, amounts), max_size=6), st.lists(st.tuples(st.integers(0, 10**6), amounts), max_size=6)
)
def test_a_total_is_the_exact_sum_rounded_once(materials: list[Any], hours: list[Any]) -> None:
    used: list[Any] = []
    known: dict[Any, Any] = {}
    exact = Fraction(0)
    for number, (quantity, price) in enumerate(materials or [(D(0), D(0))]):
        used.append(Used(MATERIAL, f"C{number}", quantity, Source.ISSUES))
        known |= prices(**{f"material_C{number}": str(price)})
        exact += Fraction(quantity) * Fraction(price)
    for number, (seconds, rate) in enumerate(hours):
        used.append(Used(LABOUR, f"S{number}", D(seconds), Source.REPORTED_TIME, operation="OP-10"))
        known |= prices(**{f"labour_S{number}": str(rate)})
        exact += Fraction(seconds) * Fraction(rate) / 3600
    found = cost(an_order(), used, known)
    assert found.total is not None
    assert abs(Fraction(found.total) - exact) <= Fraction(1, 20_000)
    assert found.of_scrap is not None
    assert 0 <= found.of_scrap <= found.total + D("0.0001")


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50), st.integers(0, 500))
def test_lost_pieces_and_good_ones_together_cost_the_total(good: int, lost: int, early: int, price: int) -> None:
    """What the good pieces cost plus scrap is everything: nothing is paid twice, nothing is lost."""
    order = an_order((good + lost, early), (good, lost))
    begun, passed = good + lost + early, good + lost
    reports = [a_report(1, pieces=begun), a_report(2, "OP-20", passed, standard_seconds=D(30))]
    used = [*model.of_bom(order, {"C": D(2)}), *model.time_spent(reports)]
    found = cost(order, used, prices(material_C=str(price), labour_ALL="36", machine_ALL="0"))
    assert found.total is not None
    assert found.of_scrap is not None
    of_good = good * (Fraction(2 * price) + Fraction(20 * 36, 3600) + Fraction(30 * 36, 3600))
    assert abs(Fraction(found.total) - Fraction(found.of_scrap) - of_good) <= Fraction(1, 5_000)
