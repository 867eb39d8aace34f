"""What daily summaries need from a store."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from enghub.mes.factories import Factory
from enghub.mes.reports.model import Report
from enghub.mes.summaries.model import Day, Dimension, Made, Row, RowKey


@dataclass(frozen=True, slots=True)
class RowPage:
    """One page of rows; ``cursor`` is where to go on, None at the end."""

    rows: tuple[Row, ...]
    cursor: str | None


class SummaryRepository(Protocol):
    """Stores daily summaries."""

    def page(self, day: Day, dimension: Dimension, limit: int, cursor: str | None) -> "RowPage":
        """Return a page of a day's rows of one dimension, by name."""

    def rows(self, day: Day) -> dict[RowKey, Row]:
        """Return all rows of a day."""

    def count(self, day: Day, made: Made, now: datetime) -> None:
        """Add a report to its rows and remember that, together.

        Raises:
            AlreadyHandled: it was added before.
        """

    def counted(self, factory: Factory, report_ids: Iterable[str]) -> set[str]:
        """Return which of these reports were added; known for 14 days."""

    def correct(self, day: Day, seen: Row | None, right: Row) -> bool:
        """Replace a row where it is still as ``seen``; returns whether it was."""


class DayReports(Protocol):
    """The ledger, by day."""

    def of_day(self, day: Day) -> list[Report]:
        """Return every report of a day, as far as the index shows them yet."""

    def factories(self) -> list[Factory]:
        """Return the factories that ever reported, of all tenants; for system jobs."""

    def progress_differs(self, factory: Factory, work_order_id: str) -> dict[str, str]:
        """Return the operations of an order whose counters are not the sum of its reports, and how; none is right."""
