"""Tests for special causes: Western Electric 1 to 4 and Nelson 1 to 8. Pure.

Readings that books dispute, as decided in docs/decisions/0075: *beyond* is greater, a point on a line is inside it; a
point on the centre line ends every run on a side; two of three and four of five count one side only, and the point that
is marked is itself beyond; Nelson 8 needs points on both sides; six in a row rising are six points; a gap ends
everything. A mark stands at the point that completes a pattern and at each one that continues it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise

from enghub.kit.statistics.charts import Point

LONGEST = 15
"""Points that the longest test looks at."""


class RuleSet(StrEnum):
    """Which tests a chart runs."""

    SHEWHART = "SHEWHART"
    """Only points beyond the limits: for charts of spread, whose neighbours are not independent or not symmetric."""
    WESTERN_ELECTRIC = "WESTERN_ELECTRIC"
    NELSON = "NELSON"


@dataclass(frozen=True, slots=True)
class Mark:
    """A test that a point fails; ``rule`` is ``WE1`` to ``WE4`` or ``N1`` to ``N8``."""

    index: int
    rule: str


Test = Callable[[Sequence[Point]], bool]
"""Whether the last of some neighbouring points, all with values, completes or continues a pattern."""


def _value(point: Point) -> Decimal:
    """Return the value; points without one never reach a test."""
    return point.centre if point.value is None else point.value


def _side(point: Point, sigmas: int = 0) -> int:
    """Return 1 above, -1 below, 0 where the point is not beyond so many sigmas of its centre."""
    distance = _value(point) - point.centre
    if abs(distance) <= sigmas * point.sigma:
        return 0
    return 1 if distance > 0 else -1


def _beyond_limits(points: Sequence[Point]) -> bool:
    point = points[-1]
    return not point.lower <= _value(point) <= point.upper


def _of(needed: int, window: int, sigmas: int) -> Test:
    def test(points: Sequence[Point]) -> bool:
        side = _side(points[-1], sigmas)
        return side != 0 and sum(_side(point, sigmas) == side for point in points[-window:]) >= needed

    return test


def _one_side(length: int) -> Test:
    def test(points: Sequence[Point]) -> bool:
        side = _side(points[-1])
        return len(points) >= length and side != 0 and all(_side(point) == side for point in points[-length:])

    return test


def _steps(points: Sequence[Point]) -> list[int]:
    values = [point.value for point in points if point.value is not None]
    return [(later > earlier) - (later < earlier) for earlier, later in pairwise(values)]


def _trend(points: Sequence[Point]) -> bool:
    steps = _steps(points[-6:])
    return len(steps) == 5 and abs(sum(steps)) == 5


def _alternating(points: Sequence[Point]) -> bool:
    steps = _steps(points[-14:])
    return len(steps) == 13 and all(one == -other != 0 for one, other in pairwise(steps))


def _hugging(points: Sequence[Point]) -> bool:
    return len(points) >= 15 and all(_side(point, 1) == 0 for point in points[-15:])


def _avoiding(points: Sequence[Point]) -> bool:
    sides = {_side(point, 1) for point in points[-8:]}
    return len(points) >= 8 and sides == {1, -1}


_TESTS: dict[RuleSet, dict[str, Test]] = {
    RuleSet.SHEWHART: {"N1": _beyond_limits},
    RuleSet.WESTERN_ELECTRIC: {
        "WE1": _beyond_limits,
        "WE2": _of(2, 3, 2),
        "WE3": _of(4, 5, 1),
        "WE4": _one_side(8),
    },
    RuleSet.NELSON: {
        "N1": _beyond_limits,
        "N2": _one_side(9),
        "N3": _trend,
        "N4": _alternating,
        "N5": _of(2, 3, 2),
        "N6": _of(4, 5, 1),
        "N7": _hugging,
        "N8": _avoiding,
    },
}
RULES = tuple(dict.fromkeys(rule for tests in _TESTS.values() for rule in tests))


def marks(points: Sequence[Point], rules: RuleSet = RuleSet.NELSON) -> list[Mark]:
    """Return every test that a point fails, by point; none where there is no variation (sigma 0)."""
    found: list[Mark] = []
    run: list[Point] = []
    for index, point in enumerate(points):
        if point.value is None or point.sigma == 0:
            run = []
            continue
        run = [*run[-(LONGEST - 1) :], point]
        found.extend(Mark(index, rule) for rule, test in _TESTS[rules].items() if test(run))
    return found


def distance(point: Point) -> Decimal | None:
    """Return how many sigmas a point is from its centre; None at a gap or without variation."""
    if point.value is None or point.sigma == 0:
        return None
    return (point.value - point.centre) / point.sigma
