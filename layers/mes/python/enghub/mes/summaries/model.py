"""The daily summary (MES-15): what a factory made on a day, in all and by line, product, employee and operation.

The day is the one that a report's shift counts to. Every row is the sum of the ledger's reports of that day, reversals
taken off; a job proves that (``proof``).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from enghub.mes.boards.model import RATE, Counts, Produced
from enghub.mes.factories import Factory
from enghub.mes.reports.model import Report


class Dimension(StrEnum):
    """By what a day is summed up."""

    FACTORY = "factory"
    LINE = "line"
    PRODUCT = "product"
    EMPLOYEE = "employee"
    OPERATION = "operation"


@dataclass(frozen=True, slots=True)
class Day:
    """A day of a factory."""

    factory: Factory
    day: date


@dataclass(frozen=True, slots=True)
class Made:
    """What one report adds to its day, and to which rows."""

    produced: Produced
    names: Mapping[Dimension, str]

    @classmethod
    def of(cls, report: Report) -> "Made":
        """Return what a stored report adds, or a reversal takes off; the same as its event says."""
        names = {
            Dimension.LINE: report.line_id,
            Dimension.PRODUCT: report.product_id,
            Dimension.EMPLOYEE: report.produced_by,
            Dimension.OPERATION: report.operation,
        }
        return cls(Produced.of(report), names)

    def rows(self) -> list["RowKey"]:
        """Return the rows that it adds to."""
        return [RowKey(Dimension.FACTORY, ""), *(RowKey(one, name) for one, name in self.names.items())]


@dataclass(frozen=True, slots=True, order=True)
class RowKey:
    """One row of a day."""

    dimension: Dimension
    name: str


@dataclass(frozen=True, slots=True)
class Row:
    """What was made, in one row of a day."""

    dimension: Dimension
    name: str
    counts: Counts
    updated_at: datetime

    @property
    def key(self) -> RowKey:
        """Which row it is."""
        return RowKey(self.dimension, self.name)

    @property
    def yield_rate(self) -> Decimal | None:
        """Good of all that was made (ISO 22400 quality ratio); None where nothing was."""
        output = self.counts.good + self.counts.defect
        return (self.counts.good / output).quantize(RATE) if output else None


def total(made: Iterable[Made], at: datetime) -> dict[RowKey, Row]:
    """Return the rows that these reports make."""
    sums: dict[RowKey, Counts] = {}
    for one in made:
        counts = Counts.of_one(one.produced)
        for key in one.rows():
            sums[key] = sums.get(key, Counts()) + counts
    return {key: Row(key.dimension, key.name, counts, at) for key, counts in sums.items()}
