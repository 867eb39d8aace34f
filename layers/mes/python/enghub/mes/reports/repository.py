"""What the reporting service needs from a store."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from enghub.core.events import Envelope
from enghub.core.identity import Origin
from enghub.mes.places import Place
from enghub.mes.reports.model import Anchor, Report, Spot
from enghub.mes.work_orders.model import WorkOrder


@dataclass(frozen=True, slots=True)
class Seen:
    """What one look finds before a report: the order, the report already stored under the key, the anchors around.

    ``has_anchor`` tells whether the report's own window has its anchor yet.
    """

    work_order: WorkOrder | None
    stored: Report | None
    anchors: tuple[Anchor, ...]
    has_anchor: bool


class Overtaken(Exception):
    """Between the look and the write something else was stored that matters; look again."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One report to store, whole: with its origin, its events, and whether it opens its window."""

    report: Report
    origin: Origin
    events: tuple[Envelope, ...]
    opens_window: bool


@dataclass(frozen=True, slots=True)
class ReportPage:
    """One page of reports; ``cursor`` is where to go on, None at the end."""

    reports: tuple[Report, ...]
    cursor: str | None


class ReportRepository(Protocol):
    """Stores reports of many tenants and factories, and counts them on their work orders."""

    def look(self, place: Place, client_key: str, work_order_id: str, spot: Spot, at: datetime) -> Seen:
        """Return everything that decides about a report, in one read."""

    def add(self, entry: Entry) -> None:
        """Store the report, count it on its work order, and promise its events: all or nothing.

        Raises:
            Overtaken: the key was used, the order left production or has too little left, or the window was opened.
        """

    def of_work_order(self, place: Place, work_order_id: str, limit: int, cursor: str | None) -> ReportPage:
        """Return a page of an order's reports by report time.

        Raises:
            Invalid: the cursor belongs to another list.
        """
