"""Other members of the kinds of the field's traps, of quality, stock, ledger, by properties (docs/mes-cases.md)."""

import itertools
import math
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from enghub.kit.statistics.capability import Tolerance, capability
from enghub.kit.statistics.charts import ChartKind, NoBaseline, Point, Sample, chart, estimate
from enghub.kit.statistics.rules import RuleSet, marks
from enghub.mes.inspections.sampling import Severity
from enghub.mes.inspections.switching import Scheme
from enghub.mes.reports.batch import Entry, report_all
from enghub.mes.reports.service import Reporting
from enghub.mes.stock.model import Balance, Lot, Place, first_expired, kits, trace
from enghub.mes.work_orders.model import Status
from enghub.mes.work_orders.quantities import Books, Progress, limit_of
from tests.factories.http import NOW
from tests.factories.mes import FACTORY, a_command, an_order_in, plain
from tests.fakes.mes import FakeReports, Floor

D = Decimal
TODAY = date(2026, 4, 1)


# --- quality: MF11 to MF13, MF15 -------------------------------------------------------------------------------------


sigmas = st.lists(st.none() | st.integers(-35, 35).map(lambda tenths: D(tenths) / 10), max_size=30)


def points(distances: list[Decimal | None], sign: int = 1, scale: int = 1) -> list[Point]:
    return [
        Point(None if one is None else one * sign * scale, D(0), D(scale), D(-3 * scale), D(3 * scale))
        for one in distances
    ]


@settings(max_examples=80, deadline=None)
@given(sigmas, st.sampled_from(RuleSet), st.integers(1, 1000))
def test_signals_know_neither_side_nor_unit(distances: list[Decimal | None], rules: RuleSet, scale: int) -> None:
    """MF12: mirrored and in another unit, the same points are marked."""
    found = marks(points(distances), rules)
    assert marks(points(distances, -1), rules) == found
    assert marks(points(distances, 1, scale), rules) == found
    assert {mark.index for mark in found if mark.rule in {"N1", "WE1"}} == {
        index for index, one in enumerate(distances) if one is not None and abs(one) > 3
    }


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(40, 400)), min_size=2, max_size=12))
def test_limits_of_shares_lie_between_none_and_all_and_follow_each_size(lots: list[tuple[int, int]]) -> None:
    """MF11: the centre is a ratio of sums; a larger sample never has wider limits."""
    samples = [Sample(count=D(count), size=D(size)) for count, size in lots]
    found = chart(ChartKind.P, estimate(ChartKind.P, samples), samples).location
    centre = Fraction(sum(count for count, _ in lots), sum(size for _, size in lots))
    assert all(abs(Fraction(point.centre) - centre) < Fraction(1, 10**20) for point in found)
    assert all(0 <= point.lower <= point.centre <= point.upper <= 1 for point in found)
    by_size = sorted(zip((size for _, size in lots), found, strict=True), key=lambda pair: pair[0])
    assert all(b.upper <= a.upper and b.lower >= a.lower for (_, a), (_, b) in itertools.pairwise(by_size))


measures = st.none() | st.integers(-50, 50).map(lambda tenths: D(tenths) / 10)


@settings(max_examples=80, deadline=None)
@given(st.lists(measures, max_size=15), measures, measures)
def test_an_index_is_a_number_or_null_and_never_anything_else(
    values: list[Decimal | None], lower: Decimal | None, upper: Decimal | None
) -> None:
    """MF13: gaps, no variation, one limit or none: finite or null; Cp only with both limits."""
    samples = [Sample() if one is None else Sample((one,)) for one in values]
    try:
        found = capability(ChartKind.I_MR, samples, Tolerance(lower, upper))
    except NoBaseline:
        assert not any(None not in pair for pair in itertools.pairwise(values))
        return
    for index in (found.cp, found.cpk, found.pp, found.ppk):
        assert index.value is None or index.value.is_finite()
        assert found.has_variation or index.value is None
    if lower is None or upper is None:
        assert (found.cp.value, found.pp.value) == (None, None)
    there = [one for one in values if one is not None]
    assert found.has_variation is (len(set(there)) > 1)


@settings(max_examples=80, deadline=None)
@given(st.text("AR", max_size=25))
def test_tightening_is_two_of_any_five_lots_since_normal_began(lots: str) -> None:
    """MF15 b: against a look at every window of the history."""
    scheme = Scheme(FACTORY, "IQC", "MAT-1", "SUP-1", may_reduce=False)
    tightened = None
    for number, lot in enumerate(lots, start=1):
        scheme, _ = scheme.decided(lot == "A", None)
        if scheme.severity is Severity.TIGHTENED:
            tightened = number
            break
    windows = [end for end in range(1, len(lots) + 1) if lots[max(end - 5, 0) : end].count("R") >= 2]
    assert tightened == (windows[0] if windows else None)


# --- stock: MF17, MF18, MF23 -----------------------------------------------------------------------------------------


a_stock = st.lists(
    st.tuples(st.none() | st.integers(-3, 3), st.integers(0, 9), st.integers(0, 5), st.booleans()), max_size=8
)


@settings(max_examples=80, deadline=None)
@given(a_stock, st.integers(1, 40))
def test_what_expires_first_goes_first_and_all_or_nothing(listed: list[Any], wanted: int) -> None:
    """MF17: never held, never expired, without a date last; nothing is taken where there is too little."""
    lots, stock = {}, []
    for number, (days, quantity, came, is_held) in enumerate(listed):
        name = f"L{number}"
        expires = None if days is None else TODAY + timedelta(days=days)
        holds = ("x",) if is_held else ()
        lots[name] = Lot(FACTORY, name, "M", "pcs", NOW + timedelta(days=came), expires_on=expires, holds=holds)
        stock.append(Balance(FACTORY, "M", Place("W", "A", name), D(quantity + 1), D(quantity)))
    usable = {name for name, lot in lots.items() if not lot.holds and (lot.expires_on or TODAY) >= TODAY}
    free = sum(one.available for one in stock if one.place.lot_id in usable)
    taken, total = first_expired(stock, lots, D(wanted), TODAY)
    assert total == free
    assert sum(one.quantity for one in taken) == (wanted if free >= wanted else 0)
    assert {one.place.lot_id for one in taken} <= usable
    dates = [lots[one.place.lot_id].expires_on or date.max for one in taken]
    assert dates == sorted(dates)
    left = {one.place.lot_id: one.available for one in stock}
    for one in taken:
        left[one.place.lot_id] -= one.quantity
    if taken:
        assert all(not left[name] for name in usable if (lots[name].expires_on or date.max) < dates[-1])


@settings(max_examples=80, deadline=None)
@given(st.sets(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=30))
def test_a_trace_reaches_each_lot_once_in_any_circle(edges: set[tuple[int, int]]) -> None:
    """MF18: against a closure of the relation, both ways."""
    reach = set(edges)
    for middle, first, last in itertools.product(range(8), repeat=3):
        if (first, middle) in reach and (middle, last) in reach:
            reach.add((first, last))
    for ways, closure in ((edges, reach), ({(b, a) for a, b in edges}, {(b, a) for a, b in reach})):
        nexts = {f"lot:{n}": [f"lot:{b}" for a, b in ways if a == n] for n in range(8)}
        found = trace("lot:0", lambda nodes, nexts=nexts: {node: nexts[node] for node in nodes}, 100)  # type: ignore[misc]
        assert sorted(found.lots) == sorted(str(b) for a, b in closure if a == 0 and b != 0)


@settings(max_examples=80, deadline=None)
@given(st.dictionaries(st.sampled_from("ABC"), st.tuples(st.integers(-20, 200), st.integers(1, 9)), min_size=1))
def test_kits_are_those_that_can_be_put_together_one_by_one(parts: dict[str, tuple[int, int]]) -> None:
    """MF23: whole kits only; what is promised beyond the stock is a shortage and makes none."""
    free, made = {name: have for name, (have, _) in parts.items()}, 0
    while all(free[name] >= per for name, (_, per) in parts.items()):
        free, made = {name: free[name] - per for name, (_, per) in parts.items()}, made + 1
    count, short = kits(
        {name: D(have) for name, (have, _) in parts.items()}, {n: D(per) for n, (_, per) in parts.items()}
    )
    assert count == made
    assert short == {name: -have for name, (have, _) in parts.items() if have < 0}


# --- the ledger: MF1, MF2, MF22 --------------------------------------------------------------------------------------


@given(st.integers(1, 10**6), st.integers(0, 10_000), st.sampled_from(["pcs", "kg"]))
def test_a_limit_is_exact_and_cut_never_rounded_up(planned: int, basis_points: int, unit: str) -> None:
    """MF1: against exact fractions, for pieces and for what has four decimals."""
    step = 1 if unit == "pcs" else Fraction(1, 10_000)
    exact = Fraction(planned) * (10_000 + basis_points) / 10_000
    assert Fraction(limit_of(D(planned), D(basis_points) / 10_000, unit)) == math.floor(exact / step) * step


lots = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 40), st.integers(0, 10)), max_size=20)


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 4), lots)
def test_what_one_operation_lost_is_taken_off_the_next_once(count: int, made: list[tuple[int, int, int]]) -> None:
    """MF2: over any number of operations and batches, against sums kept beside."""
    names = [f"OP-{10 * number}" for number in range(1, count + 1)]
    progress: dict[str, Progress] = {}
    good, scrap = [0] * count, [0] * count
    for place, passed, lost in made:
        at = place % count
        books = Books(tuple(names), True, D(100), progress)
        room = (good[at - 1] if at else 100) - good[at] - scrap[at]
        assert books.open(names[at]) == room
        if passed + lost <= room:
            progress = {**progress, names[at]: books.of(names[at]) + Progress(D(passed), D(lost))}
            good[at], scrap[at] = good[at] + passed, scrap[at] + lost
    books = Books(tuple(names), True, D(100), progress)
    assert plain(books.good, books.scrap) == (good[-1], sum(scrap))


sent = st.lists(st.tuples(st.integers(0, 6), st.integers(1, 3), st.integers(0, 30)), min_size=1, max_size=12)


@settings(max_examples=40, deadline=None)
@given(st.lists(sent, min_size=1, max_size=4), st.sets(st.integers(0, 6)))
def test_batches_sent_again_whole_or_in_part_store_each_key_once(batches: list[Any], unknown: set[int]) -> None:
    """MF22: any keys, twice inside, again in another batch, some refused: the ledger has the first of each, once."""
    started = NOW - timedelta(hours=1)
    order = an_order_in(Status.IN_PROGRESS, started_at=started, planned_quantity=D(1000))
    floor = Floor(orders={(FACTORY, order.work_order_id): order})
    kept: dict[int, int] = {}
    for batch in batches:
        entries = [
            Entry(
                f"k{key}",
                a_command(
                    f"k{key}",
                    good,
                    work_order_id="WO-9" if key in unknown else "WO-1",
                    reported_at=NOW - timedelta(minutes=minute),
                ),
            )
            for key, good, minute in batch
        ]
        answers = report_all(entries, Reporting(FakeReports(floor)), lambda: None, lambda _: None)
        first = {key: good for key, good, _ in reversed(batch)}
        kept |= {key: good for key, good in first.items() if key not in kept and key not in unknown}
        assert [one.key for one in answers] == [entry.key for entry in entries]
    assert sorted((one.client_key, int(one.good)) for one in floor.reports.values()) == sorted(
        (f"k{key}", good) for key, good in kept.items()
    )
    assert floor.orders[FACTORY, "WO-1"].good == sum(kept.values())
