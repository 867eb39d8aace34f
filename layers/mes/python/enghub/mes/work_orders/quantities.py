"""The one rule of quantities (MES-02): what an operation made, scrapped, sends to rework, and how much it still may.

Pieces that are good or scrap count to the plan; pieces to be reworked do not, for they come back. An operation may make
the planned quantity and the allowance, computed exactly and cut down to whole pieces where the unit is counted. Where
the routing enforces the sequence, an operation may make what the one before it passed on. Pure.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

ZERO = Decimal(0)
SMALLEST = Decimal("0.0001")
PIECES = frozenset({"pcs", "pc", "ea", "piece", "pieces", "件", "个", "只", "片", "台"})
"""Units of which there are no fractions."""
MOST_OPERATIONS = 50
"""Operations of one order: its item stays bounded."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What one operation of an order made."""

    good: Decimal = ZERO
    scrap: Decimal = ZERO
    rework: Decimal = ZERO

    @property
    def counted(self) -> Decimal:
        """What counts to the plan."""
        return self.good + self.scrap

    def __add__(self, other: "Progress") -> "Progress":
        return Progress(self.good + other.good, self.scrap + other.scrap, self.rework + other.rework)

    def __neg__(self) -> "Progress":
        return Progress(-self.good, -self.scrap, -self.rework)


NOTHING = Progress()


def is_whole(quantity: Decimal, unit: str) -> bool:
    """Tell whether a quantity may be one of the unit."""
    return unit.lower() not in PIECES or quantity == quantity.to_integral_value()


def limit_of(planned: Decimal, allowance: Decimal, unit: str) -> Decimal:
    """Return the most that may be made: plan and allowance, exact, cut down to pieces or to four decimals."""
    most = planned * (1 + allowance)
    return most.quantize(Decimal(1) if unit.lower() in PIECES else SMALLEST, ROUND_DOWN)


def in_order(operations: Iterable[str]) -> list[str]:
    """Return operations in the order of their numbers: OP-5, OP-10, OP-20."""
    return sorted(operations, key=lambda name: [int(part) if part.isdigit() else part for part in _parts(name)])


def _parts(name: str) -> list[str]:
    return ["", *re.split(r"(\d+)", name)][1:]


@dataclass(frozen=True, slots=True)
class Books:
    """What the rule looks at: the operations (none: any may be reported), whether in sequence, limit, progress."""

    operations: tuple[str, ...]
    in_sequence: bool
    limit: Decimal
    progress: Mapping[str, Progress]

    def known(self) -> list[str]:
        """Return the operations that there are: as the routing says, else as they were reported, by their numbers."""
        return list(self.operations) or in_order(self.progress)

    def of(self, operation: str) -> Progress:
        """Return what an operation made."""
        return self.progress.get(operation, NOTHING)

    def before(self, operation: str) -> str | None:
        """Return the operation that has to pass pieces on first."""
        if not self.in_sequence or operation not in self.operations[1:]:
            return None
        return self.operations[self.operations.index(operation) - 1]

    def after(self, operation: str) -> str | None:
        """Return the operation that this one passes pieces on to."""
        if not self.in_sequence or operation not in self.operations[:-1]:
            return None
        return self.operations[self.operations.index(operation) + 1]

    def open(self, operation: str) -> Decimal:
        """Return what an operation may still make."""
        before = self.before(operation)
        most = self.limit if before is None else self.of(before).good
        return most - self.of(operation).counted

    @property
    def last(self) -> str | None:
        """The operation that finishes pieces."""
        known = self.known()
        return known[-1] if known else None

    @property
    def good(self) -> Decimal:
        """Finished pieces: what the last operation made."""
        return self.of(self.last).good if self.last else ZERO

    @property
    def scrap(self) -> Decimal:
        """Pieces lost in any operation."""
        return sum((made.scrap for made in self.progress.values()), ZERO)

    @property
    def rework(self) -> Decimal:
        """Pieces sent to rework by any operation."""
        return sum((made.rework for made in self.progress.values()), ZERO)
