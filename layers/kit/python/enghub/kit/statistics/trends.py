"""Whether counts rise: the Mann-Kendall test of a series, the exact comparison of two counts. Pure.

Sources: M. G. Kendall, Rank Correlation Methods, 4th ed., chapter 4 (variance with ties is that without, *less* the
ties' term); J. Przyborowski and H. Wilenski, Biometrika 31 (1940): given their sum, one of two Poisson counts is
binomial; C. J. Clopper and E. S. Pearson, Biometrika 26 (1934), for the interval.
"""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import permutations
from statistics import NormalDist

EXACT_UP_TO = 7
"""Values of a series of which all orders are looked at: 5,040 of seven."""
SAME = 1 + 1e-7
"""Probabilities this near to each other are taken for equal (as scipy does)."""
_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Trend:
    """What Mann and Kendall say of a series; ``p`` is two-sided, with the correction for continuity.

    ``exact`` is the share of all orders of the values with an S as far from 0; None of longer series.
    """

    s: int
    variance: Fraction
    z: float
    p: float
    exact: Fraction | None

    @property
    def sure(self) -> float:
        """The probability by which it is judged: the exact one where there is one."""
        return self.p if self.exact is None else float(self.exact)

    def rises(self, level: float) -> bool:
        """Tell whether it rises, at this level of significance."""
        return self.s > 0 and self.sure < level


def mann_kendall(values: Sequence[float]) -> Trend:
    """Return the test of a series in its order."""
    s, count = _s(values), len(values)
    ties = sum(_term(times) for times in Counter(values).values())
    variance = Fraction(_term(count) - ties, 18)
    z = 0.0 if not s or not variance else (s - math.copysign(1, s)) / math.sqrt(variance)
    p = min(1.0, 2 * (1 - _NORMAL.cdf(abs(z))))
    exact = None
    if count <= EXACT_UP_TO:
        found = [abs(_s(order)) >= abs(s) for order in permutations(values)]
        exact = Fraction(sum(found), len(found))
    return Trend(s, variance, z, p, exact)


def _s(values: Sequence[float]) -> int:
    pairs = ((early, late) for place, late in enumerate(values) for early in values[:place])
    return sum((late > early) - (late < early) for early, late in pairs)


def _term(times: int) -> int:
    return times * (times - 1) * (2 * times + 5)


@dataclass(frozen=True, slots=True)
class Rise:
    """Two counts over their days: ``ratio`` of the rates, later to earlier, with its interval; None for "no limit"."""

    before: int
    after: int
    days_before: int
    days_after: int
    p: float
    ratio: float | None
    low: float
    high: float | None

    def is_shown(self, level: float) -> bool:
        """Tell whether the later rate is higher, at this level of significance."""
        return self.p < level and self.after * self.days_before > self.before * self.days_after


def compared(before: int, after: int, days_before: int, days_after: int, confidence: float = 0.95) -> Rise:
    """Compare two counts of events, exactly; the days may differ.

    Raises:
        ValueError: a count is below 0, or a span has no day.
    """
    if min(before, after) < 0 or min(days_before, days_after) < 1:
        message = "counts from 0 and days from 1 are needed"
        raise ValueError(message)
    total, share = before + after, days_after / (days_before + days_after)
    low, high = _interval(after, total, 1 - confidence)
    odds = days_before / days_after
    return Rise(
        before=before,
        after=after,
        days_before=days_before,
        days_after=days_after,
        p=_two_sided(after, total, share),
        ratio=after / before * odds if before else None,
        low=low / (1 - low) * odds,
        high=high / (1 - high) * odds if high < 1 else None,
    )


def _log_chance(found: int, total: int, share: float) -> float:
    ways = math.lgamma(total + 1) - math.lgamma(found + 1) - math.lgamma(total - found + 1)
    return ways + found * math.log(share) + (total - found) * math.log1p(-share)


def _two_sided(found: int, total: int, share: float) -> float:
    if not total:
        return 1.0
    seen = math.exp(_log_chance(found, total, share)) * SAME
    chances = (math.exp(_log_chance(other, total, share)) for other in range(total + 1))
    return min(1.0, math.fsum(chance for chance in chances if chance <= seen))


def _interval(found: int, total: int, alpha: float) -> tuple[float, float]:
    """Return the limits of the share by Clopper and Pearson."""

    def at_least(share: float) -> float:
        return math.fsum(math.exp(_log_chance(n, total, share)) for n in range(found, total + 1))

    def at_most(share: float) -> float:
        return math.fsum(math.exp(_log_chance(n, total, share)) for n in range(found + 1))

    low = 0.0 if not found else _where(lambda share: at_least(share) < alpha / 2)
    high = 1.0 if found == total else _where(lambda share: at_most(share) > alpha / 2)
    return low, high


def _where(is_below: Callable[[float], bool]) -> float:
    """Return where a condition that holds near 0 ceases to hold."""
    low, high = 0.0, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if is_below(middle) else (low, middle)
    return (low + high) / 2
