"""Error budgets: how fast they burn over two windows at once, in exact arithmetic (OPS-18). No I/O.

The windows are those of Google's SRE workbook for 30 days: a page where 2 % of the budget go in an hour or 5 % in six,
a ticket where 10 % go in a day or in three. A rate fires when both windows are *greater than* its factor.
"""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from enghub.golive.slo.errors import NeverFires

PERIOD = timedelta(days=30)


class Answer(StrEnum):
    """What two windows say."""

    PAGE = "PAGE"
    TICKET = "TICKET"
    QUIET = "QUIET"
    TOO_FEW = "TOO_FEW"
    """Fewer events than the least in one of the windows: one failure of three says nothing."""
    NO_DATA = "NO_DATA"
    """Nothing was asked, which is neither good nor bad."""


@dataclass(frozen=True, slots=True)
class Rate:
    """One pair of windows and the factor that both have to exceed."""

    short: timedelta
    long: timedelta
    factor: Fraction
    answer: Answer


RATES = (
    Rate(timedelta(minutes=5), timedelta(hours=1), Fraction("14.4"), Answer.PAGE),
    Rate(timedelta(minutes=30), timedelta(hours=6), Fraction(6), Answer.PAGE),
    Rate(timedelta(hours=2), timedelta(days=1), Fraction(3), Answer.TICKET),
    Rate(timedelta(hours=6), timedelta(days=3), Fraction(1), Answer.TICKET),
)


@dataclass(frozen=True, slots=True)
class Counts:
    """Events of one window."""

    bad: int
    total: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of one pair of windows."""

    answer: Answer
    short_burn: Fraction | None
    long_burn: Fraction | None
    budget_lasts: timedelta | None
    """How long a full budget lasts at the pace of the long window; None where nothing burns."""
    is_partial: bool
    """The service is younger than the long window: it holds all there is."""


def rate_of(long: timedelta) -> Rate:
    """Return the pair of windows by its long one.

    Raises:
        KeyError: there is none.
    """
    return {rate.long: rate for rate in RATES}[long]


def judge(objective: Decimal, rate: Rate, windows: tuple[Counts, Counts], least: int, age: timedelta | None) -> Verdict:
    """Return what a short and a long window say about an objective in percent, 99.9.

    Raises:
        NeverFires: all requests failing would not exceed the factor.
    """
    budget = 1 - Fraction(objective) / 100
    if rate.factor * budget >= 1:
        raise NeverFires(field="objective", factor=float(rate.factor), most=float(round(1 / budget, 2)))
    short, long = windows
    burns = [None if one.total == 0 else Fraction(one.bad, one.total) / budget for one in windows]
    lasts = timedelta(seconds=float(int(PERIOD.total_seconds()) / burns[1])) if burns[1] else None
    is_partial = age is not None and age < rate.long
    return Verdict(_answer(rate, (short, long), burns, least), burns[0], burns[1], lasts, is_partial)


def _answer(rate: Rate, windows: tuple[Counts, Counts], burns: list[Fraction | None], least: int) -> Answer:
    if any(burn is None for burn in burns):
        return Answer.NO_DATA
    if any(one.total < least for one in windows):
        return Answer.TOO_FEW
    return rate.answer if all(burn is not None and burn > rate.factor for burn in burns) else Answer.QUIET
