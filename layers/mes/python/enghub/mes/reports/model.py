"""A production report (MES-02): what was produced where, by whom, in which shift. It never changes once stored.

A wrong report is reversed by another that names it (MES-22): same place, same quantities, taken off. Everything derived
is the sum of reports, reversals negative.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from enghub.kit.calendars.zones import day_of
from enghub.mes.factories import Factory
from enghub.mes.plant.model import Plant, ReportingRules, Station, calendar_of, shift_of
from enghub.mes.reports.errors import (
    NoShiftThen,
    ReportTimeInFuture,
    ReportTooOld,
    UnknownDefectType,
    UnknownShift,
    UnknownStation,
)
from enghub.mes.work_orders.model import WorkOrder
from enghub.mes.work_orders.quantities import ZERO, Progress

WINDOW = timedelta(seconds=60)
"""Two reports of one station and operation closer than this describe the same moment, unless the factory says else."""
CLOCK_SKEW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Report:
    """One report; ``reported_at`` is when the terminal says, ``recorded_at`` when it was stored.

    ``client_key`` is the terminal's Idempotency-Key, ``fingerprint`` the hash of what it sent with it. ``defect`` are
    defective pieces, of which ``rework`` go back to be reworked and the rest is scrap. ``run_seconds`` and
    ``down_seconds`` are the machine time the report covers, where the terminal knows it, ``setup_seconds`` what
    setting up for its operation took before. ``reverses`` names the report that this one takes off (``corrected_by``
    who, ``reason`` why), ``reversed_by`` the one that took this off.
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
    setup_seconds: Decimal | None = None
    conflicts_with: str | None = None
    rework: Decimal = ZERO
    source: str = "terminal"
    reverses: str | None = None
    reason: str | None = None
    corrected_by: str | None = None
    reversed_by: str | None = None

    @property
    def quantity(self) -> Decimal:
        """Pieces reported, good and defective."""
        return self.good + self.defect

    @property
    def made(self) -> Progress:
        """What the report adds to its operation; less than nothing for a reversal."""
        made = Progress(self.good, self.defect - self.rework, self.rework)
        return -made if self.reverses else made


@dataclass(frozen=True, slots=True)
class StationOperation:
    """A station and operation: where two reports of one moment may contradict each other."""

    station_id: str
    operation: str


@dataclass(frozen=True, slots=True)
class FirstReport:
    """The first report of a station_operation in one window; later ones are compared with it."""

    report_id: str
    reported_at: datetime
    good: Decimal
    defect: Decimal


def window_of(at: datetime, seconds: int = 60) -> int:
    """Return the number of the window of so many seconds that holds ``at``."""
    return int(at.timestamp()) // seconds


@dataclass(frozen=True, slots=True)
class FactoryShift:
    """A shift that a factory works in: by it the ledger's shifts are found, whatever became of their events."""

    factory: Factory
    shift: str


def conflicting(
    first_reports: Iterable[FirstReport], at: datetime, good: Decimal, defect: Decimal, seconds: int = 60
) -> str | None:
    """Return the nearest report of the same moment that says other numbers, None when all agree.

    The same numbers again are no conflict: a station that finishes a piece every 20 s reports them so.
    """
    window = timedelta(seconds=seconds)
    others = [
        first
        for first in first_reports
        if abs(first.reported_at - at) < window and (first.good, first.defect) != (good, defect)
    ]
    nearest = min(others, key=lambda first: abs(first.reported_at - at), default=None)
    return nearest.report_id if nearest else None


@dataclass(frozen=True, slots=True)
class Place:
    """When and where a report counts: shift, the day it counts to, line."""

    shift: str
    shift_on: date
    line_id: str


UNKNOWN_LINE = "-"
"""Only orders released before lines were demanded have none."""


def place_of(
    plant: Plant | None,
    station: Station | None,
    order: WorkOrder,
    *,
    shift: str | None,
    shift_on: date | None,
    made_at: datetime,
) -> Place:
    """Return where a report counts: as the factory's calendar says, or as given.

    Raises:
        UnknownShift, NoShiftThen
    """
    line_id = station.line_id if station else order.line_id or UNKNOWN_LINE
    if plant is None or not plant.calendar.shifts:
        if shift is None:
            raise NoShiftThen(field="shift", report_time=made_at.isoformat())
        today = None if plant is None else day_of(made_at, calendar_of(plant).tz)
        return Place(shift, shift_day(shift_on, made_at, order, shift, today), line_id)
    known = [one.name for one in plant.calendar.shifts]
    if shift is not None and shift not in known:
        raise UnknownShift(field="shift", shift=shift, known=", ".join(known))
    found = shift_of(plant, shift, made_at)
    if found is None and shift is None:
        raise NoShiftThen(field="shift", report_time=made_at.isoformat())
    name, day = found or (str(shift), day_of(made_at, calendar_of(plant).tz))
    return Place(name, shift_on or day, line_id)


def shift_day(
    given: date | None, reported_at: datetime, order: WorkOrder, shift: str, today: date | None = None
) -> date:
    """Return the day of a shift that no calendar has: as given, else as planned for the order, else the day itself.

    The plan is believed when it names the same shift at most a day away: at 02:00 the night shift is yesterday's.
    """
    if given is not None:
        return given
    today = today or reported_at.date()
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


def check_known(
    plant: Plant | None,
    station: Station | None,
    station_id: str,
    defect_types: tuple[str, ...],
    ages: tuple[datetime, datetime],
) -> None:
    """Demand what a factory that is described demands of a report; ``ages`` are when it was made and now.

    Raises:
        UnknownStation, UnknownDefectType, ReportTooOld
    """
    if plant is None:
        return
    rules: ReportingRules = plant.reporting
    if station is None or station.is_deleted:
        raise UnknownStation(field="station", station=station_id)
    for name in defect_types:
        if rules.defect_types and name not in rules.defect_types:
            raise UnknownDefectType(field="defectTypes", defect_type=name)
    made_at, now = ages
    if now - made_at > timedelta(hours=rules.oldest_hours):
        raise ReportTooOld(field="reportTime", report_time=made_at.isoformat(), hours=rules.oldest_hours)
