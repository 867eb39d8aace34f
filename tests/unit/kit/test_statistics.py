"""Control charts, their tests and capability against published values and scipy (MES-11)."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from enghub.kit.statistics import capability as capabilities
from enghub.kit.statistics import quantiles
from enghub.kit.statistics.capability import Tolerance, capability, indices
from enghub.kit.statistics.charts import ChartKind, NoBaseline, Parameters, Point, Sample, chart, estimate
from enghub.kit.statistics.constants import c4, d2, d3
from enghub.kit.statistics.rules import RuleSet, marks

D = Decimal
AIAG: dict[int, tuple[str, ...]] = {  # d2, d3, A2, D3, D4, c4, A3, B4: AIAG SPC 2nd ed., appendix E
    2: ("1.128", "0.853", "1.880", "0", "3.267", "0.7979", "2.659", "3.267"),
    3: ("1.693", "0.888", "1.023", "0", "2.574", "0.8862", "1.954", "2.568"),
    5: ("2.326", "0.864", "0.577", "0", "2.114", "0.9400", "1.427", "2.089"),
    7: ("2.704", "0.833", "0.419", "0.076", "1.924", "0.9594", "1.182", "1.882"),
    10: ("3.078", "0.797", "0.308", "0.223", "1.777", "0.9727", "0.975", "1.716"),
    25: ("3.931", "0.708", "0.153", "0.459", "1.541", "0.9896", "0.606", "1.435"),
}


def measured(*groups: Any) -> list[Sample]:
    made = [group if isinstance(group, tuple) else (group,) for group in groups]
    return [Sample() if group == (None,) else Sample(tuple(D(str(value)) for value in group)) for group in made]


def counted(counts: list[int], sizes: list[int]) -> list[Sample]:
    return [Sample(count=D(count), size=D(size)) for count, size in zip(counts, sizes, strict=True)]


def in_sigmas(*distances: Any) -> list[Point]:
    """Points of a process with centre 0 and sigma 1; None is a gap."""
    return [Point(None if one is None else D(str(one)), D(0), D(1), D(-3), D(3)) for one in distances]


def failed(rule: str, *distances: Any, rules: RuleSet = RuleSet.NELSON) -> list[int]:
    return [mark.index for mark in marks(in_sigmas(*distances), rules) if mark.rule == rule]


@pytest.mark.parametrize("n", AIAG)
def test_constants_are_those_of_the_aiag_table(n: int) -> None:
    root, three = D(n).sqrt(), D(3)
    made = (
        *(d2(n), d3(n), three / d2(n) / root, max(1 - three * d3(n) / d2(n), D(0)), 1 + three * d3(n) / d2(n)),
        *(c4(n), three / c4(n) / root, 1 + three * (1 - c4(n) ** 2).sqrt() / c4(n)),
    )
    for value, printed in zip(made, AIAG[n], strict=True):
        assert abs(value - D(printed)) <= D("0.0011"), printed  # the table's d3 and D4 carry its own rounding


def test_constants_agree_with_exact_values_and_with_scipy_for_any_size() -> None:
    assert abs(float(d2(2)) - 2 / 3.141592653589793**0.5) < 1e-11
    assert abs(float(d3(2)) - (2 - 4 / 3.141592653589793) ** 0.5) < 1e-9
    for n, mean, deviation in ((4, 2.05875, 0.87981), (13, 3.336, 0.770)):
        assert (float(d2(n)), float(d3(n))) == pytest.approx((mean, deviation), abs=5e-4)
        wider = integrate.quad(lambda x, n=n: 1 - stats.norm.cdf(x) ** n - stats.norm.sf(x) ** n, -9, 9)[0]
        assert float(d2(n)) == pytest.approx(wider, abs=1e-8)
        assert abs(float(c4(n)) - float(stats.chi(n - 1).mean()) / (n - 1) ** 0.5) < 1e-11
    assert d2(100) == pytest.approx(D("5.01519"), abs=D("0.0005"))
    with pytest.raises(ValueError, match="2 to"):
        d2(1)


@pytest.mark.parametrize("degrees", [0.7, 1, 3, 29.4, 500])
@pytest.mark.parametrize("probability", [0.001, 0.025, 0.5, 0.975, 0.999])
def test_quantiles_are_those_of_scipy(probability: float, degrees: float) -> None:
    assert quantiles.chi_squared(probability, degrees) == pytest.approx(
        float(stats.chi2.ppf(probability, degrees)), rel=1e-9
    )
    assert quantiles.normal(probability) == pytest.approx(float(stats.norm.ppf(probability)), abs=1e-12)


# --- published charts ------------------------------------------------------------------------------------------------


def test_nist_individuals() -> None:
    """NIST/SEMATECH e-Handbook 6.3.2.2, flow rates of ten batches: 55.8041, 45.8159."""
    flow = measured(49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1)
    found = estimate(ChartKind.I_MR, flow)
    point = chart(ChartKind.I_MR, found, flow).location[0]
    assert found.centre == D("50.81")
    assert float(point.upper) == pytest.approx(55.8041, abs=3e-3)  # the book rounds d2 to 1.128
    assert float(point.lower) == pytest.approx(45.8159, abs=3e-3)


def test_nist_counts_of_defects() -> None:
    """NIST/SEMATECH e-Handbook 6.3.3.1, defects of 25 wafers: centre 16, limits 28 and 4."""
    counts = [16, 14, 28, 16, 12, 20, 10, 12, 10, 17, 19, 17, 14, 16, 15, 13, 14, 16, 11, 20, 11, 19, 16, 31, 13]
    wafers = counted(counts, [1] * 25)
    points = chart(ChartKind.C, estimate(ChartKind.C, wafers), wafers).location
    assert [points[0].centre, points[0].upper, points[0].lower] == [16, 28, 4]
    assert [mark.index for mark in marks(points, RuleSet.SHEWHART)] == [23]  # 28 is on the limit, 31 beyond


def test_nist_proportions() -> None:
    """NIST/SEMATECH e-Handbook 6.3.3.2, 30 lots of 50 chips: centre 0.2313, limits 0.4102 and 0.0524."""
    defective = [12, 15, 8, 10, 4, 7, 16, 9, 14, 10, 5, 6, 17, 12, 22, 8, 10, 5, 13, 11, 20, 18, 24, 15, 9, 12, 7, 13]
    lots = counted([*defective, 9, 6], [50] * 30)
    points = chart(ChartKind.P, estimate(ChartKind.P, lots), lots).location
    assert [round(float(x), 4) for x in (points[0].centre, points[0].upper, points[0].lower)] == [
        0.2313,
        0.4102,
        0.0524,
    ]
    assert {mark.index for mark in marks(points, RuleSet.SHEWHART)} == {14, 22}


def test_subgroups_by_range_and_by_deviation() -> None:
    """X-bar-R by the AIAG constants: centre +- A2 R-bar, D4 R-bar; X-bar-S: centre +- A3 s-bar."""
    groups = measured((10, 12, 11, 13, 9), (11, 11, 12, 10, 11), (12, 9, 10, 11, 13))
    by_range = chart(ChartKind.XBAR_R, estimate(ChartKind.XBAR_R, groups), groups)
    range_mean = (4 + 2 + 4) / 3
    assert float(by_range.location[0].upper) == pytest.approx(11 + 0.5768 * range_mean, abs=1e-3)
    assert float(by_range.spread[0].upper) == pytest.approx(2.1145 * range_mean, abs=1e-3)
    assert by_range.spread[0].lower == 0
    by_deviation = chart(ChartKind.XBAR_S, estimate(ChartKind.XBAR_S, groups), groups)
    spread_mean = sum(float(stats.tstd([float(v) for v in group.values])) for group in groups) / 3
    assert float(by_deviation.location[0].upper) == pytest.approx(11 + 1.4273 * spread_mean, abs=1e-3)
    assert float(by_deviation.spread[0].upper) == pytest.approx(2.0889 * spread_mean, abs=1e-3)


# --- traps of the field ----------------------------------------------------------------------------------------------


def test_limits_follow_the_size_of_each_sample() -> None:
    """MF11, and members of its kind."""
    lots = counted([3, 4, 2, 11], [50, 100, 80, 200])
    points = chart(ChartKind.P, estimate(ChartKind.P, lots), lots).location
    assert round(points[0].centre, 6) == D("0.046512")
    assert [round(point.upper, 6) for point in points] == [D("0.135858"), D("0.109689"), D("0.117146"), D("0.091185")]
    assert [round(point.lower, 6) for point in points] == [0, 0, 0, D("0.001839")]
    assert marks(points) == []
    boards = counted([9, 6], [4, 2])
    defects = chart(ChartKind.U, estimate(ChartKind.U, boards), boards).location
    assert (defects[0].value, defects[0].centre) == (D("2.25"), D("2.5"))
    np = chart(ChartKind.NP, estimate(ChartKind.NP, lots), lots).location
    assert [point.centre for point in np] == pytest.approx([size * points[0].centre for size in (50, 100, 80, 200)])
    assert chart(ChartKind.P, Parameters(D("0.9"), D("0.3")), counted([5], [5])).location[0].upper == 1


def test_disputed_readings_of_the_rules() -> None:
    """MF12, and members of its kind."""
    assert failed("N5", 2.1, -2.2, 0.1) == []
    assert (failed("N1", 3.4, 0.5, 2.2), failed("N5", 3.4, 0.5, 2.2)) == ([0], [2])
    assert failed("N1", 3.0, -3.0) == []
    run = [0.4] * 5 + [0] + [0.4] * 4
    assert failed("N2", *run) == failed("WE4", *run, rules=RuleSet.WESTERN_ELECTRIC) == []
    centred = [Sample(tuple([D(50)] * 4)) for _ in range(15)]
    centred[7] = Sample(tuple([D("51.5")] * 4))
    points = chart(ChartKind.XBAR_R, Parameters(D(50), D(2)), centred).location
    assert [mark.rule for mark in marks(points)] == []
    assert failed("N8", *[1.2] * 8) == []
    assert failed("N8", *[1.2, -1.2] * 4) == [7]
    assert failed("N5", 2.1, 0.1, 0.2, 2.5) == []  # three points apart is no two of three
    assert failed("N7", *[1.0, -1.0] * 7, 0.2) == [14]  # on the line is inside
    assert failed("N3", 1, 2, 3, 4, 5) == []
    assert failed("N3", 1, 1.1, 1.2, 1.3, 1.4, 1.5) == [5]
    assert failed("N4", *[0.5, -0.5] * 7) == [13]
    assert failed("N4", *[0.5, -0.5] * 6, 0.5, 0.5) == []
    assert failed("N2", *[0.4] * 5, None, *[0.4] * 8) == []
    assert failed("N2", *[0.4] * 11) == [8, 9, 10]
    assert failed("WE3", 1.1, 1.2, 0.1, 1.3, 1.4, rules=RuleSet.WESTERN_ELECTRIC) == [4]


def test_capability_where_limits_or_variation_are_missing() -> None:
    """MF13, and members of its kind."""
    upper_only = Tolerance(upper=D("13.2"))
    cp, cpk = indices(D(10), D("0.5"), 25, 24, upper_only)
    assert cp.value is None
    assert round(cpk.value or D(0), 6) == D("2.133333")
    _, negative = indices(D("13.5"), D("0.5"), 25, 24, upper_only)
    assert negative.value == D("-0.2")
    still = capability(ChartKind.I_MR, measured(*["5.00"] * 25), Tolerance(D("4.9"), D("5.1")))
    assert (still.has_variation, still.cp.value, still.cpk.value, still.pp.value, still.ppk.value) == (
        False,
        *[None] * 4,
    )
    odd = capability(ChartKind.I_MR, measured(*["4.9"] * 7), Tolerance(lower=D(0)))
    assert not odd.has_variation
    zero = indices(D(1), D(1), 25, 24, Tolerance(lower=D(0)))[1]
    assert round(zero.value or 0, 6) == D("0.333333")


def test_no_range_across_a_gap() -> None:
    """MF13 d: ranges 2 and 4 only."""
    values = measured(10, 12, None, 11, 15)
    found = estimate(ChartKind.I_MR, values)
    points = chart(ChartKind.I_MR, found, values)
    assert found.centre == 12
    assert (round(points.location[0].lower, 6), round(points.location[0].upper, 6)) == (D("4.023958"), D("19.976042"))
    assert [point.value for point in points.spread] == [None, 2, None, None, 4]
    assert points.location[2].value is None


def test_a_baseline_needs_something() -> None:
    with pytest.raises(NoBaseline):
        estimate(ChartKind.I_MR, measured(1, None))
    with pytest.raises(NoBaseline):
        estimate(ChartKind.I_MR, measured(1, None, 2))
    assert not estimate(ChartKind.XBAR_R, measured((1, 1), (1, 1))).has_variation
    assert marks(chart(ChartKind.XBAR_R, Parameters(D(1), D(0)), measured((2, 2))).location) == []
    uneven = measured((1, 2, 3), (4,), (2, 4))
    assert [point.value for point in chart(ChartKind.XBAR_R, Parameters(D(2), D(1)), uneven).spread] == [2, None, 2]


def test_nist_capability_and_its_interval() -> None:
    """NIST/SEMATECH e-Handbook 6.1.6: limits 8 and 20, mean 16, s 2: Cp 1.0, Cpk 0.6667."""
    cp, cpk = indices(D(16), D(2), 50, 49, Tolerance(D(8), D(20)))
    assert cp.value == 1
    assert round(cpk.value or D(0), 4) == D("0.6667")
    assert cp.interval is not None
    assert cpk.interval is not None
    assert float(cp.interval.lower) == pytest.approx((float(stats.chi2.ppf(0.025, 49)) / 49) ** 0.5)
    assert float(cp.interval.upper) == pytest.approx((float(stats.chi2.ppf(0.975, 49)) / 49) ** 0.5)
    half = 1.959964 * (1 / 450 + (2 / 3) ** 2 / 98) ** 0.5
    assert float(cpk.interval.upper - (cpk.value or 0)) == pytest.approx(half, rel=1e-6)


def test_degrees_of_freedom_of_the_sigma_within() -> None:
    """Duncan's table: five subgroups of 5 by range have 18.1 to 18.4; by pooled deviation at most 20."""
    groups = measured(*[(1, 2, 3, 4, 5)] * 5)
    assert capabilities.degrees_of_freedom(ChartKind.XBAR_R, groups) == pytest.approx(18.3, abs=0.3)
    assert 19 < capabilities.degrees_of_freedom(ChartKind.XBAR_S, groups) <= 20
    assert 14 < capabilities.degrees_of_freedom(ChartKind.I_MR, measured(*range(25))) < 15.5


@settings(max_examples=40)
@given(st.lists(st.decimals(min_value=-1000, max_value=1000, places=3), min_size=4, max_size=30), st.integers(-9, 9))
def test_a_shift_moves_every_limit_and_no_mark(values: list[Decimal], shift: int) -> None:
    here, there = (measured(*[value + move for value in values]) for move in (0, shift))
    first, second = (estimate(ChartKind.I_MR, samples) for samples in (here, there))
    assert second.sigma == first.sigma
    assert abs(second.centre - first.centre - shift) < D("1e-25")
    made = [
        chart(ChartKind.I_MR, parameters, samples).location for parameters, samples in ((first, here), (second, there))
    ]
    assert all(abs(b.upper - a.upper - shift) < D("1e-25") for a, b in zip(*made, strict=True))
