"""A production report (MES-02): what was produced where, by whom, in which shift. It never changes once stored."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from enghub.mes.factories import Factory
from enghub.mes.reports.errors import ReportTimeInFuture
from enghub.mes.work_orders.model import WorkOrder

WINDOW = timedelta(seconds=60)
"""Two reports of one station and operation closer than this describe the same moment."""
CLOCK_SKEW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Report:
    """One report; ``reported_at`` is when the terminal says, ``recorded_at`` when it was stored.

    ``client_key`` is the terminal's Idempotency-Key, ``fingerprint`` the hash of what it sent with it. ``run_seconds``
    and ``down_seconds`` are the machine time the report covers, where the terminal knows it.
    """

    factory: Factory
    report_id: str
    client_key: str
    fingerprint: str
    work_order_id: str
    product_id: str
    line_id: str
    station_id: str
    operation: str
    shift_on: date
    shift: str
    good: Decimal
    defect: Decimal
    defect_types: tuple[str, ...]
    produced_by: str
    reported_at: datetime
    recorded_at: datetime
    standard_seconds: Decimal | None = None
    run_seconds: Decimal | None = None
    down_seconds: Decimal | None = None
    conflicts_with: str | None = None

    @property
    def quantity(self) -> Decimal:
        """Pieces reported, good and defective."""
        return self.good + self.defect


@dataclass(frozen=True, slots=True)
class StationOperation:
    """A station and operation: where two reports of one moment may contradict each other."""

    station_id: str
    operation: str


@dataclass(frozen=True, slots=True)
class FirstReport:
    """The first report of a station_operation in one window of 60 s; later ones are compared with it."""

    report_id: str
    reported_at: datetime
    good: Decimal
    defect: Decimal


def window_of(at: datetime) -> int:
    """Return the number of the 60 s window that holds ``at``."""
    return int(at.timestamp()) // int(WINDOW.total_seconds())


@dataclass(frozen=True, slots=True)
class FactoryShift:
    """A shift that a factory works in: by it the ledger's shifts are found, whatever became of their events."""

    factory: Factory
    shift: str


def conflicting(first_reports: Iterable[FirstReport], at: datetime, good: Decimal, defect: Decimal) -> str | None:
    """Return the nearest report of the same moment that says other numbers, None when all agree.

    The same numbers again are no conflict: a station that finishes a piece every 20 s reports them so.
    """
    others = [
        first
        for first in first_reports
        if abs(first.reported_at - at) < WINDOW and (first.good, first.defect) != (good, defect)
    ]
    nearest = min(others, key=lambda first: abs(first.reported_at - at), default=None)
    return nearest.report_id if nearest else None


def shift_day(given: date | None, reported_at: datetime, order: WorkOrder, shift: str) -> date:
    """Return the day a report's shift began: as given, else as planned for the order, else the UTC day of the report.

    The plan is believed when it names the same shift at most a day away: at 02:00 the night shift is yesterday's.
    """
    if given is not None:
        return given
    today = reported_at.date()
    if order.shift == shift and order.shift_on is not None and abs(order.shift_on - today) <= timedelta(days=1):
        return order.shift_on
    return today


def check_time(reported_at: datetime, now: datetime) -> None:
    """Refuse reports from the future, beyond what terminal clocks differ.

    Raises:
        ReportTimeInFuture
    """
    if reported_at > now + CLOCK_SKEW:
        raise ReportTimeInFuture(field="reportTime", report_time=reported_at.isoformat())
