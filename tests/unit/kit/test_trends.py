"""Whether counts rise: Mann-Kendall with ties, two counts compared exactly (PF17 of the field, PLM-16)."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, kendalltau

from enghub.kit.statistics.trends import compared, mann_kendall


def test_ties_make_the_variance_smaller_not_larger() -> None:
    found = mann_kendall([1, 3, 3, 3, 3, 4, 4])
    assert (found.s, found.variance, found.exact) == (14, Fraction(104, 3), Fraction(96, 5040))
    assert (round(found.z, 4), round(found.p, 4)) == (2.2079, 0.0272)
    assert found.rises(0.05), "adding the ties' term would say p 0.0769"
    assert not mann_kendall([4, 4, 3, 3, 3, 3, 1]).rises(0.05), "a fall is no rise"


@pytest.mark.parametrize(
    ("weeks", "s", "exact"),
    [([2, 2, 2, 2, 2], 0, 1), ([1, 2, 3, 4], 6, Fraction(2, 24)), ([0, 0, 0, 0, 0, 0, 9], 6, Fraction(2 * 720, 5040))],
    ids=["flat", "four weeks can never be sure", "one bad week is no trend"],
)
def test_too_little_is_not_called_a_trend(weeks: list[int], s: int, exact: Fraction) -> None:
    found = mann_kendall(weeks)
    assert (found.s, found.exact) == (s, exact)
    assert not found.rises(0.05)


@given(st.lists(st.integers(0, 9), min_size=8, max_size=20, unique=True))
def test_without_ties_s_is_that_of_kendalls_tau(values: list[int]) -> None:
    found = mann_kendall(values)
    tau = kendalltau(range(len(values)), values).statistic
    assert found.s == round(tau * len(values) * (len(values) - 1) / 2)


def test_nine_after_three_are_no_proof() -> None:
    found = compared(3, 9, 30, 30)
    assert round(found.p, 4) == 0.1460
    assert not found.is_shown(0.05)
    assert found.ratio == 3
    assert found.low < 1 < (found.high or 0)


@given(st.integers(0, 60), st.integers(0, 60), st.integers(1, 60), st.integers(1, 60))
def test_two_counts_are_compared_as_scipy_does(before: int, after: int, days_before: int, days_after: int) -> None:
    found = compared(before, after, days_before, days_after)
    if not before + after:
        assert (found.p, found.low, found.high) == (1.0, 0.0, None)
        return
    test = binomtest(after, before + after, days_after / (days_before + days_after))
    interval = test.proportion_ci(0.95, method="exact")
    odds = days_before / days_after
    assert found.p == pytest.approx(test.pvalue, abs=1e-9)
    assert found.low == pytest.approx(interval.low / (1 - interval.low) * odds, rel=1e-6, abs=1e-9)
    if after < before + after:
        assert found.high == pytest.approx(interval.high / (1 - interval.high) * odds, rel=1e-6)


def test_counts_below_nothing_and_spans_without_a_day_are_refused() -> None:
    for wrong in ((-1, 2, 3, 3), (1, 2, 0, 3)):
        with pytest.raises(ValueError, match="days from 1"):
            compared(*wrong)
