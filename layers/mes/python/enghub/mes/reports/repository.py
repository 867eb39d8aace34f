"""What the reporting service needs from a store."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from enghub.core.commits import Commit
from enghub.mes.factories import Factory
from enghub.mes.plant.model import Plant, Station
from enghub.mes.reports.model import FactoryShift, FirstReport, Report, StationOperation
from enghub.mes.work_orders.model import WorkOrder


@dataclass(frozen=True, slots=True)
class Lookup:
    """What one look finds before a report: the order, the report stored under the key, the first reports around.

    ``has_first`` tells whether the report's own window has its first yet, ``knows_shift`` whether its factory is known
    to work in its shift. Plant and station are None where nobody described them.
    """

    work_order: WorkOrder | None
    stored: Report | None
    first_reports: tuple[FirstReport, ...]
    has_first: bool
    knows_shift: bool
    plant: Plant | None = None
    station: Station | None = None


@dataclass(frozen=True, slots=True)
class ReversalLookup:
    """What one look finds before a reversal: the report, its reversal if there is one, order, factory.

    ``opened_window`` is the window of which the report is the first, None when another is.
    """

    report: Report
    reversal: Report | None
    work_order: WorkOrder | None
    plant: Plant | None
    opened_window: int | None


class ConcurrentChange(Exception):
    """Between the look and the write something else was stored that matters; look again."""


@dataclass(frozen=True, slots=True)
class ReportPage:
    """One page of reports; ``cursor`` is where to go on, None at the end."""

    reports: tuple[Report, ...]
    cursor: str | None


class ReportRepository(Protocol):
    """Stores reports of many tenants and factories, and counts them on their work orders."""

    def look(
        self,
        shift: FactoryShift,
        client_key: str,
        work_order_id: str,
        station_operation: StationOperation,
        at: datetime,
        *,
        seconds: int = 60,
    ) -> Lookup:
        """Return everything that decides about a report, in one read; windows are so many seconds long."""

    def get(self, factory: Factory, client_key: str) -> Report | None:
        """Return the report stored under a terminal's key, as it is now."""

    def save(
        self, commit: Commit[Report], order: WorkOrder, *, opens_window: bool, opens_shift: bool, seconds: int = 60
    ) -> None:
        """Store a report, count it on its work order as it was seen, and promise its events: all or nothing.

        ``opens_window``: the report is the first of its station and operation in its window; ``opens_shift``: the first
        in a shift that its factory was not known to work in.

        Raises:
            ConcurrentChange: the key was used, people changed the order, too little is left, or the window was opened.
        """

    def look_back(self, factory: Factory, report_id: str) -> ReversalLookup | None:
        """Return everything that decides about a reversal; None where there is no such report."""

    def reverse(self, commit: Commit[Report], seen: ReversalLookup) -> None:
        """Store a reversal, take its report off the order, mark the report, and promise the event: all or nothing.

        Raises:
            ConcurrentChange: the report was reversed, or the order changed, since it was seen.
        """

    def of_work_order(self, factory: Factory, work_order_id: str, limit: int, cursor: str | None) -> ReportPage:
        """Return a page of an order's reports by report time.

        Raises:
            Invalid: the cursor belongs to another list.
        """

    def of_shift_day(
        self, factory: Factory, shift_on: date, shift: str, station_id: str | None, *, limit: int, cursor: str | None
    ) -> ReportPage:
        """Return a page of a shift's reports, of one station or of all, by station and report time.

        Raises:
            Invalid: the cursor belongs to another list.
        """
