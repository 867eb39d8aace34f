"""Control charts: what a process does by itself (parameters of a baseline) and limits for every plotted point. Pure.

X-bar and R, X-bar and S, individuals and moving range, p, np, c, u (Shewhart; AIAG SPC 2nd ed.; NIST/SEMATECH
e-Handbook 6.3.2, 6.3.3). Exact decimals throughout. Decided where books differ (docs/decisions/0075):

- the sigma of a baseline is the mean of R/d2(n) or s/c4(n) of its subgroups, so subgroups of any size go together;
- limits are those of each point's own n; p and u limits are cut at 0 and 1, others at 0 where no value can be below;
- the value after a gap has no moving range; a subgroup of one value has no spread point;
- without variation there are no limits: ``Parameters.sigma`` is 0 and ``has_variation`` says so.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from enum import StrEnum

from enghub.kit.statistics.constants import c4, d2, d3

PRECISION = 34
ZERO, ONE, THREE = Decimal(0), Decimal(1), Decimal(3)


class ChartKind(StrEnum):
    """Which chart: three for measurements, four for counts."""

    XBAR_R = "XBAR_R"
    XBAR_S = "XBAR_S"
    I_MR = "I_MR"
    P = "P"
    NP = "NP"
    C = "C"
    U = "U"

    @property
    def is_of_counts(self) -> bool:
        """Whether a sample is a count and a size instead of measured values."""
        return self in {ChartKind.P, ChartKind.NP, ChartKind.C, ChartKind.U}


@dataclass(frozen=True, slots=True)
class Sample:
    """What was taken at one time: ``values`` measured, or ``count`` of defectives or defects in ``size`` units.

    Without values and count it is a gap: something was to be taken and was not.
    """

    values: tuple[Decimal, ...] = ()
    count: Decimal | None = None
    size: Decimal = ONE

    @property
    def is_gap(self) -> bool:
        """Whether nothing was taken."""
        return not self.values and self.count is None


@dataclass(frozen=True, slots=True)
class Parameters:
    """What the process does by itself: ``centre`` (mean, or rate per unit) and the ``sigma`` of single values."""

    centre: Decimal
    sigma: Decimal

    @property
    def has_variation(self) -> bool:
        """Whether there are limits at all."""
        return self.sigma > 0


@dataclass(frozen=True, slots=True)
class Point:
    """One plotted point with its own limits; ``value`` is None at a gap, ``sigma`` that of the plotted statistic."""

    value: Decimal | None
    centre: Decimal
    sigma: Decimal
    lower: Decimal
    upper: Decimal


@dataclass(frozen=True, slots=True)
class Charts:
    """Where the process stands, and, for measurements, how much it varies within."""

    location: tuple[Point, ...]
    spread: tuple[Point, ...] = ()


def mean(values: Sequence[Decimal]) -> Decimal:
    """Return the arithmetic mean of at least one value."""
    return sum(values, ZERO) / len(values)


def deviation(values: Sequence[Decimal]) -> Decimal:
    """Return the standard deviation, divisor n - 1, of at least two values; 0 where all are equal."""
    if min(values) == max(values):
        return ZERO
    centre = mean(values)
    return (sum(((value - centre) ** 2 for value in values), ZERO) / (len(values) - 1)).sqrt()


def spread_of(values: Sequence[Decimal]) -> Decimal:
    """Return the range."""
    return max(values) - min(values)


class NoBaseline(ValueError):
    """The samples do not suffice for parameters."""


def estimate(kind: ChartKind, baseline: Sequence[Sample]) -> Parameters:
    """Return the parameters of a baseline.

    Raises:
        NoBaseline: fewer than two samples, or none that shows variation within, have values.
    """
    taken = [sample for sample in baseline if not sample.is_gap]
    if len(taken) < 2:
        message = "a baseline needs at least two samples"
        raise NoBaseline(message)
    with localcontext(prec=PRECISION):
        if kind.is_of_counts:
            return _of_counts(kind, taken)
        values = [value for sample in taken for value in sample.values]
        spreads = _sigmas(kind, baseline)
        if not spreads:
            message = "no subgroup has two values"
            raise NoBaseline(message)
        return Parameters(mean(values), mean(spreads))


def _of_counts(kind: ChartKind, taken: Sequence[Sample]) -> Parameters:
    units = sum((ONE if kind is ChartKind.C else sample.size for sample in taken), ZERO)
    rate = sum((sample.count or ZERO for sample in taken), ZERO) / units
    variance = rate * (1 - rate) if kind in {ChartKind.P, ChartKind.NP} else rate
    return Parameters(rate, max(variance, ZERO).sqrt())


def _sigmas(kind: ChartKind, samples: Sequence[Sample]) -> list[Decimal]:
    """Return each subgroup's own estimate of sigma."""
    if kind is ChartKind.I_MR:
        return [moved / d2(2) for moved in moving_ranges(samples) if moved is not None]
    groups = [sample.values for sample in samples if len(sample.values) > 1]
    if kind is ChartKind.XBAR_R:
        return [spread_of(group) / d2(len(group)) for group in groups]
    return [deviation(group) / c4(len(group)) for group in groups]


def moving_ranges(samples: Sequence[Sample]) -> list[Decimal | None]:
    """Return the distance of each single value from the one before; None for the first and after a gap."""
    found: list[Decimal | None] = []
    before: Decimal | None = None
    for sample in samples:
        value = sample.values[0] if sample.values else None
        found.append(None if before is None or value is None else abs(value - before))
        before = value
    return found


def chart(kind: ChartKind, parameters: Parameters, samples: Sequence[Sample]) -> Charts:
    """Return the charts of ``samples`` (in time) against parameters, each point with the limits of its own size."""
    with localcontext(prec=PRECISION):
        if kind.is_of_counts:
            return Charts(tuple(_count_point(kind, parameters, sample) for sample in samples))
        location = tuple(_mean_point(parameters, sample) for sample in samples)
        if kind is ChartKind.I_MR:
            spreads = moving_ranges(samples)
            return Charts(location, tuple(_spread_point(_range_constants, parameters, 2, one) for one in spreads))
        return Charts(location, tuple(_subgroup_spread(kind, parameters, sample) for sample in samples))


def _mean_point(parameters: Parameters, sample: Sample) -> Point:
    value = mean(sample.values) if sample.values else None
    sigma = parameters.sigma / Decimal(max(len(sample.values), 1)).sqrt()
    return _point(value, parameters.centre, sigma)


def _count_point(kind: ChartKind, parameters: Parameters, sample: Sample) -> Point:
    rate, size = parameters.centre, ONE if kind is ChartKind.C else sample.size
    count = sample.count
    if kind in {ChartKind.P, ChartKind.U}:
        highest = ONE if kind is ChartKind.P else None
        return _point(None if count is None else count / size, rate, parameters.sigma / size.sqrt(), ZERO, highest)
    highest = size if kind is ChartKind.NP else None
    return _point(count, rate * size, parameters.sigma * size.sqrt(), ZERO, highest)


Constants = Callable[[int], tuple[Decimal, Decimal]]


def _range_constants(n: int) -> tuple[Decimal, Decimal]:
    return d2(n), d3(n)


def _deviation_constants(n: int) -> tuple[Decimal, Decimal]:
    return c4(n), (1 - c4(n) ** 2).sqrt()


def _subgroup_spread(kind: ChartKind, parameters: Parameters, sample: Sample) -> Point:
    values = sample.values
    if kind is ChartKind.XBAR_R:
        found, constants = (spread_of(values) if len(values) > 1 else None), _range_constants
    else:
        found, constants = (deviation(values) if len(values) > 1 else None), _deviation_constants
    return _spread_point(constants, parameters, max(len(values), 2), found)


def _spread_point(constants: Constants, parameters: Parameters, n: int, value: Decimal | None) -> Point:
    centre, sigma = constants(n)
    return _point(value, centre * parameters.sigma, sigma * parameters.sigma, ZERO)


def _point(
    value: Decimal | None,
    centre: Decimal,
    sigma: Decimal,
    lowest: Decimal | None = None,
    highest: Decimal | None = None,
) -> Point:
    lower, upper = centre - THREE * sigma, centre + THREE * sigma
    lower = lower if lowest is None else max(lower, lowest)
    return Point(value, centre, sigma, lower, upper if highest is None else min(upper, highest))
