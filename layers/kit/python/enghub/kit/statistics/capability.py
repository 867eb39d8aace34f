"""Process capability: Cp, Cpk by the variation within subgroups, Pp, Ppk by all of it, with intervals. Pure.

Formulae of AIAG SPC 2nd ed., chapter IV, and NIST/SEMATECH e-Handbook 6.1.6. The intervals: chi-squared for Cp and Pp;
Bissell's normal approximation for Cpk and Ppk. Degrees of freedom of the sigma within are those of a chi variable with
the same coefficient of variation (Patnaik); neighbouring moving ranges share a value, which is accounted for.
An absent limit makes Cp null and Cpk one-sided; Cpk may be negative; without variation all are null.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from itertools import pairwise

from enghub.kit.statistics import quantiles
from enghub.kit.statistics.charts import PRECISION, ChartKind, Sample, deviation, estimate, mean, moving_ranges
from enghub.kit.statistics.constants import c4, c4_of, d2, d3

_FEW = 2


@dataclass(frozen=True, slots=True)
class Interval:
    """From where to where the true value lies with the confidence asked for."""

    lower: Decimal
    upper: Decimal


@dataclass(frozen=True, slots=True)
class Index:
    """One index; None where it has no meaning (an absent limit, no variation)."""

    value: Decimal | None = None
    interval: Interval | None = None


@dataclass(frozen=True, slots=True)
class Capability:
    """Indices of a process, with what they were made of."""

    count: int
    mean: Decimal | None = None
    sigma_within: Decimal | None = None
    sigma_overall: Decimal | None = None
    cp: Index = Index()
    cpk: Index = Index()
    pp: Index = Index()
    ppk: Index = Index()
    has_variation: bool = True


@dataclass(frozen=True, slots=True)
class Tolerance:
    """Specification limits; one of them may be absent, which is not zero."""

    lower: Decimal | None = None
    upper: Decimal | None = None


def capability(
    kind: ChartKind, samples: Sequence[Sample], tolerance: Tolerance, confidence: float = 0.95
) -> Capability:
    """Return the indices of measured samples.

    Args:
        kind: XBAR_R, XBAR_S or I_MR: how the sigma within is estimated.
        samples: in time; gaps are left out.
        tolerance: at least one limit.
        confidence: of the intervals, two-sided, between 0 and 1.

    Raises:
        NoBaseline: fewer than two samples have values.
        ValueError: the chart is one of counts.
    """
    if kind.is_of_counts:
        message = "capability indices are for measurements"
        raise ValueError(message)
    within = estimate(kind, samples)
    values = [value for sample in samples for value in sample.values]
    with localcontext(prec=PRECISION):
        overall = deviation(values)
        if overall == 0:
            return Capability(len(values), mean(values), within.sigma, overall, has_variation=False)
        degrees = degrees_of_freedom(kind, samples)
        cp, cpk = indices(within.centre, within.sigma, len(values), degrees, tolerance, confidence=confidence)
        pp, ppk = indices(within.centre, overall, len(values), len(values) - 1, tolerance, confidence=confidence)
    return Capability(len(values), within.centre, within.sigma, overall, cp, cpk, pp, ppk)


def indices(
    centre: Decimal, sigma: Decimal, count: int, degrees: float, tolerance: Tolerance, *, confidence: float = 0.95
) -> tuple[Index, Index]:
    """Return Cp and Cpk of a mean and a sigma; both empty where sigma is 0."""
    if sigma == 0:
        return Index(), Index()
    sides = [
        *([] if tolerance.upper is None else [tolerance.upper - centre]),
        *([] if tolerance.lower is None else [centre - tolerance.lower]),
    ]
    if not sides:
        return Index(), Index()
    cpk = min(sides) / (3 * sigma)
    tail = (1 - confidence) / 2
    width = _of_float(
        -quantiles.normal(tail) * math.sqrt(1 / (9 * count) + float(cpk) ** 2 / (2 * degrees)),
    )
    second = Index(cpk, Interval(cpk - width, cpk + width))
    if len(sides) < _FEW:
        return Index(), second
    cp = sum(sides, Decimal(0)) / (6 * sigma)
    low, high = (math.sqrt(quantiles.chi_squared(part, degrees) / degrees) for part in (tail, 1 - tail))
    return Index(cp, Interval(cp * _of_float(low), cp * _of_float(high))), second


def _of_float(value: float) -> Decimal:
    return Decimal(repr(value))


def degrees_of_freedom(kind: ChartKind, samples: Sequence[Sample]) -> float:
    """Return the degrees of freedom of the sigma within that ``estimate`` makes of these samples."""
    sizes = [len(sample.values) for sample in samples if len(sample.values) > 1]
    if kind is ChartKind.I_MR:
        there = [one is not None for one in moving_ranges(samples)]
        count = sum(there)
        joined = sum(a and b for a, b in pairwise(there))
        shared = 4 / math.pi * (math.sqrt(3) / 2 + math.asin(0.5) / 2) - float(d2(2)) ** 2
        variance = (count * float(d3(2)) ** 2 + 2 * joined * shared) / count**2 / float(d2(2)) ** 2
    elif kind is ChartKind.XBAR_R:
        variance = sum(float(d3(n) / d2(n)) ** 2 for n in sizes) / len(sizes) ** 2
    else:
        variance = sum(1 / float(c4(n)) ** 2 - 1 for n in sizes) / len(sizes) ** 2
    return _of_variation(variance)


def _of_variation(square: float) -> float:
    """Return the degrees of freedom of a chi variable whose coefficient of variation has this square."""
    low, high = 0.01, 1e7
    for _ in range(100):
        middle = math.sqrt(low * high)
        low, high = (middle, high) if 1 / c4_of(middle) ** 2 - 1 > square else (low, middle)
    return math.sqrt(low * high)
