"""Quantiles that the standard library lacks, by mpmath, which is loaded on first use."""

from functools import lru_cache
from statistics import NormalDist
from typing import TYPE_CHECKING

from enghub.core.lazy import lazy

if TYPE_CHECKING:
    import mpmath
else:
    mpmath = lazy("mpmath")

_NORMAL = NormalDist()


def normal(probability: float) -> float:
    """Return the value that a standard normal variable stays below with this probability (between 0 and 1)."""
    return float(_NORMAL.inv_cdf(probability))


@lru_cache(maxsize=256)
def chi_squared(probability: float, degrees: float) -> float:
    """Return the value that chi-squared with ``degrees`` of freedom stays below with this probability.

    Starts from Wilson and Hilferty's approximation and halves the interval around it: it never diverges.

    Raises:
        ValueError: the probability is not between 0 and 1, or there is no degree of freedom.
    """
    if not 0 < probability < 1 or degrees <= 0:
        message = "a probability between 0 and 1 and degrees of freedom above 0 are needed"
        raise ValueError(message)

    def below(value: float) -> float:
        found: float = mpmath.gammainc(degrees / 2, 0, value / 2, regularized=True)
        return float(found)

    spread = 2 / (9 * degrees)
    guess: float = degrees * max(1 - spread + normal(probability) * spread**0.5, 0.05) ** 3
    low, high = guess / 2, guess * 2
    while below(low) > probability:
        low /= 2
    while below(high) < probability:
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if below(middle) < probability else (low, middle)
        if high - low < 1e-13 * high:
            break
    return (low + high) / 2
