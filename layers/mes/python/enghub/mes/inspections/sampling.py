"""Single sampling plans by attributes: ISO 2859-1:1999 (GB/T 2828.1-2012), tables 1, 2-A, 2-B, 2-C, whole. Pure.

The master tables are a staircase: a cell's acceptance number follows from the sum of the places of its code letter and
its AQL, and where that gives none an arrow leads along the column to the next plan. What follows an arrow takes sample
size *and* numbers of the plan it finds. Every one of the 1,274 cells is compared with a transcription in the tests
(docs/decisions/0076 says which sources).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cache
from types import MappingProxyType


class Severity(StrEnum):
    """How strictly lots are inspected."""

    NORMAL = "NORMAL"
    TIGHTENED = "TIGHTENED"
    REDUCED = "REDUCED"


class Level(StrEnum):
    """Inspection level: general I to III, special S-1 to S-4."""

    S1 = "S-1"
    S2 = "S-2"
    S3 = "S-3"
    S4 = "S-4"
    I = "I"  # noqa: E741 - the standard's name
    II = "II"
    III = "III"


LETTERS = "ABCDEFGHJKLMNPQR"
_PRINTED = """
0.010 0.015 0.025 0.040 0.065 0.10 0.15 0.25 0.40 0.65 1.0 1.5 2.5 4.0 6.5 10 15 25 40 65 100 150 250 400 650 1000
"""
AQLS = tuple(Decimal(aql) for aql in _PRINTED.split())
"""Per cent nonconforming up to 10; all of them nonconformities per 100 units."""
MOST_PER_CENT = Decimal(10)
LOT_ENDS = (8, 15, 25, 50, 90, 150, 280, 500, 1200, 3200, 10_000, 35_000, 150_000, 500_000)
"""The largest lot of each row of table 1; the last row has no end."""
_ROWS: Mapping[Level, str] = MappingProxyType(
    {
        Level.S1: "AAAABBBBCCCCDDD",
        Level.S2: "AAABBBCCCDDDEEE",
        Level.S3: "AABBCCDDEEFFGGH",
        Level.S4: "AABCCDEEFGGHJJK",
        Level.I: "AABCCDEFGHJKLMN",
        Level.II: "ABCDEFGHJKLMNPQ",
        Level.III: "BCDEFGHJKLMNPQR",
    }
)
_SIZES = (2, 3, 5, 8, 13, 20, 32, 50, 80, 125, 200, 315, 500, 800, 1250, 2000, 3150)
_REDUCED_SIZES = (2, 2, 2, 3, 5, 8, 13, 20, 32, 50, 80, 125, 200, 315, 500, 800)
_STAIRS: Mapping[Severity, Mapping[int, int]] = MappingProxyType(
    {
        Severity.NORMAL: {14: 0, 17: 1, 18: 2, 19: 3, 20: 5, 21: 7, 22: 10, 23: 14, 24: 21, 25: 30, 26: 44},
        Severity.TIGHTENED: {15: 0, 18: 1, 19: 2, 20: 3, 21: 5, 22: 8, 23: 12, 24: 18, 25: 27, 26: 41},
        Severity.REDUCED: {14: 0, 18: 1, 19: 2, 20: 3, 21: 5, 22: 6, 23: 8, 24: 10, 25: 14, 26: 21},
    }
)
"""Place of the letter plus place of the AQL to acceptance number."""
_REDUCED_TOP: Mapping[int, int] = MappingProxyType({17: 1, 18: 2, 19: 3, 20: 5, 21: 7, 22: 10, 23: 14, 24: 21, 25: 30})
"""Table 2-C, letters A and B, whose size is the same: by the place of the AQL alone."""
_ALL_LETTERS_UP_TO = 24
_LAST_OF_TOP = LETTERS.index("E")


@dataclass(frozen=True, slots=True)
class Plan:
    """How many to take, with how many nonconforming the lot is accepted; rejected from one more on."""

    letter: str
    size: int
    accept: int

    @property
    def reject(self) -> int:
        """The rejection number."""
        return self.accept + 1


def code_letter(lot_size: int, level: Level) -> str:
    """Return the code letter of table 1.

    Raises:
        ValueError: a lot has two items at least.
    """
    if lot_size < 2:
        message = "the tables begin at lots of 2"
        raise ValueError(message)
    row = sum(lot_size > end for end in LOT_ENDS)
    return _ROWS[level][row]


@cache
def plan_of_letter(severity: Severity, letter: str, aql: Decimal) -> Plan:
    """Return the plan of a cell of the master table, arrows followed.

    Raises:
        ValueError: no such letter or AQL.
    """
    row, column = LETTERS.index(letter), AQLS.index(aql)
    stair = row + column
    down, up = range(row, len(_SIZES)), range(row, -1, -1)
    first, then = (up, down) if _points_up(severity, stair) else (down, up)
    for place in (*first, *then):
        accept = _accept(severity, place, column)
        if accept is not None:
            sizes = _REDUCED_SIZES if severity is Severity.REDUCED else _SIZES
            return Plan((LETTERS + "S")[place], sizes[place], accept)
    message = f"no plan for {letter} at {aql}"
    raise ValueError(message)


def _points_up(severity: Severity, stair: int) -> bool:
    """Tell where an arrow points: right of the first zero (not in table 2-B), and right of the last number."""
    return stair > max(_STAIRS[severity]) - 2 or (stair == 15 and severity is not Severity.TIGHTENED)


def _accept(severity: Severity, row: int, column: int) -> int | None:
    stair = row + column
    if row == len(LETTERS):
        return 1 if severity is Severity.TIGHTENED and stair == 18 else None  # letter S has one cell
    if severity is Severity.REDUCED and row < 2 and stair > 15:
        return _REDUCED_TOP.get(column)
    if stair > _ALL_LETTERS_UP_TO and row > _LAST_OF_TOP:
        return None
    return _STAIRS[severity].get(stair)


def single_plan(severity: Severity, lot_size: int, level: Level, aql: Decimal) -> Plan:
    """Return the plan of a lot: never more than the lot itself, which is then inspected whole.

    Raises:
        ValueError: the lot is smaller than 2, or the AQL is none of the preferred ones.
    """
    found = plan_of_letter(severity, code_letter(lot_size, level), aql)
    return found if found.size < lot_size else Plan(found.letter, lot_size, found.accept)


def tighter(aql: Decimal) -> Decimal | None:
    """Return the next smaller AQL, None before the first."""
    place = AQLS.index(aql)
    return AQLS[place - 1] if place else None
