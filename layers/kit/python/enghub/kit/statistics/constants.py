"""Control-chart constants for every subgroup size, computed rather than copied out of a table.

For ``n`` independent values of a standard normal distribution: ``d2`` and ``d3`` are mean and standard deviation of
their range, ``c4`` is the mean of their standard deviation (ASTM E2587, AIAG SPC 2nd ed., appendix E). The range's
moments are integrals of P(W > w); 64 Gauss-Legendre points outside and a trapezoid inside give 12 digits.
"""

import math
from decimal import Decimal
from functools import cache
from statistics import NormalDist

_PHI = NormalDist().cdf
_DENSITY = NormalDist().pdf
_STEP = 0.0625
_GRID = tuple(step * _STEP for step in range(-144, 145))
_WIDEST = 18.0
_PANELS, _POINTS = 6, 20
MAX_SUBGROUP = 1000


@cache
def _legendre() -> tuple[tuple[float, float], ...]:
    """Return nodes and weights of Gauss-Legendre quadrature on [-1, 1]."""
    found = []
    for index in range(1, _POINTS + 1):
        x = math.cos(math.pi * (index - 0.25) / (_POINTS + 0.5))
        slope = 1.0
        for _ in range(50):
            before, value = 1.0, x
            for order in range(2, _POINTS + 1):
                before, value = value, ((2 * order - 1) * x * value - (order - 1) * before) / order
            slope = _POINTS * (x * value - before) / (x * x - 1)
            x -= value / slope
        found.append((x, 2 / ((1 - x * x) * slope * slope)))
    return tuple(found)


def _wider(width: float, n: int) -> float:
    """Return P(W > width) of the range of ``n`` values."""
    narrower = sum(_DENSITY(x) * (_PHI(x + width) - _PHI(x)) ** (n - 1) for x in _GRID)
    return 1 - n * _STEP * narrower


@cache
def _moments(n: int) -> tuple[float, float]:
    """Return mean and mean square of the range of ``n`` values."""
    if not 2 <= n <= MAX_SUBGROUP:
        message = f"a range needs 2 to {MAX_SUBGROUP} values, not {n}"
        raise ValueError(message)
    half = _WIDEST / _PANELS / 2
    mean = square = 0.0
    for panel in range(_PANELS):
        middle = (2 * panel + 1) * half
        for node, weight in _legendre():
            width = middle + half * node
            share = weight * half * _wider(width, n)
            mean += share
            square += 2 * width * share
    return mean, square


@cache
def d2(n: int) -> Decimal:
    """Return the mean range of ``n`` standard normal values.

    Raises:
        ValueError: n is not 2 to 1,000.
    """
    return Decimal(repr(round(_moments(n)[0], 12)))


@cache
def d3(n: int) -> Decimal:
    """Return the standard deviation of the range of ``n`` standard normal values.

    Raises:
        ValueError: n is not 2 to 1,000.
    """
    mean, square = _moments(n)
    return Decimal(repr(round(math.sqrt(square - mean * mean), 10)))


@cache
def c4(n: int) -> Decimal:
    """Return the mean standard deviation (divisor n - 1) of ``n`` standard normal values.

    Raises:
        ValueError: n is below 2.
    """
    if n < 2:
        message = f"a standard deviation needs 2 values, not {n}"
        raise ValueError(message)
    ratio = math.exp(math.lgamma(n / 2) - math.lgamma((n - 1) / 2))
    return Decimal(repr(round(math.sqrt(2 / (n - 1)) * ratio, 13)))


def c4_of(degrees: float) -> float:
    """Return c4 for any degrees of freedom above 0, fractions too."""
    return math.sqrt(2 / degrees) * math.exp(math.lgamma((degrees + 1) / 2) - math.lgamma(degrees / 2))
