"""The shift board (MES-14): what each line of a factory was to make in a shift, and what it made.

OEE = availability x performance x quality (ISO 22400-2). A figure that the reports do not support is None, with the
reason: availability needs run and down time in every report, performance also the standard time of every order.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from enghub.mes.consumed import ProductionFacts
from enghub.mes.factories import Factory
from enghub.mes.reports.model import Report

ZERO = Decimal(0)
RATE = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class BoardKey:
    """One shift of one factory."""

    factory: Factory
    shift_on: date
    shift: str


@dataclass(frozen=True, slots=True)
class Produced:
    """What one report adds to a line; ``report_id`` is the id of its event too."""

    report_id: str
    line_id: str
    good: Decimal
    defect: Decimal
    recorded_at: datetime
    standard_seconds: Decimal | None
    run_seconds: Decimal | None
    down_seconds: Decimal | None
    conflict: bool
    rework: Decimal = ZERO
    station_id: str = ""
    is_reversal: bool = False
    """What it says is taken off; ``recorded_at`` is then when the reversal was stored."""

    @classmethod
    def of(cls, report: Report) -> "Produced":
        """Return what a stored report adds, or a reversal takes off; the same as its event says."""
        return cls(
            report_id=report.report_id,
            line_id=report.line_id,
            good=report.good,
            defect=report.defect,
            recorded_at=report.recorded_at,
            standard_seconds=report.standard_seconds,
            run_seconds=report.run_seconds,
            down_seconds=report.down_seconds,
            conflict=report.conflicts_with is not None,
            rework=report.rework,
            station_id=report.station_id,
            is_reversal=report.reverses is not None,
        )


@dataclass(frozen=True, slots=True)
class StationLoad:
    """What a station reported in a shift, in seconds of standard time; pieces without one count nothing."""

    station_id: str
    line_id: str
    seconds: Decimal

    @classmethod
    def of_one(cls, produced: Produced) -> "StationLoad | None":
        """Return what one report adds, or a reversal takes off."""
        if not produced.station_id or not produced.standard_seconds:
            return None
        seconds = produced.standard_seconds * (produced.good + produced.defect)
        return cls(produced.station_id, produced.line_id, -seconds if produced.is_reversal else seconds)


@dataclass(frozen=True, slots=True)
class AlarmedLines:
    """How many alarms were open by line, when the board was told last."""

    lines: Mapping[str, int]
    at: datetime


@dataclass(frozen=True, slots=True)
class Counts:
    """Sums over reports. ``timed`` counts those with run and down time, ``paced`` those with run and standard time."""

    good: Decimal = ZERO
    defect: Decimal = ZERO
    reports: int = 0
    conflicts: int = 0
    timed: int = 0
    run_seconds: Decimal = ZERO
    down_seconds: Decimal = ZERO
    paced: int = 0
    standard_seconds: Decimal = ZERO
    """Standard time of everything produced by paced reports."""
    rework: Decimal = ZERO
    """Defective pieces that go back to be reworked; the others are scrap."""

    @classmethod
    def of_one(cls, produced: Produced) -> "Counts":
        """Return the counts of a single report; of a reversal, what it takes off."""
        counts = cls._of(produced)
        return -counts if produced.is_reversal else counts

    @classmethod
    def _of(cls, produced: Produced) -> "Counts":
        timed = produced.run_seconds is not None and produced.down_seconds is not None
        paced = produced.run_seconds is not None and produced.standard_seconds is not None
        return cls(
            good=produced.good,
            defect=produced.defect,
            reports=1,
            conflicts=int(produced.conflict),
            timed=int(timed),
            run_seconds=produced.run_seconds or ZERO,
            down_seconds=produced.down_seconds or ZERO,
            paced=int(paced),
            standard_seconds=(produced.standard_seconds or ZERO) * (produced.good + produced.defect) if paced else ZERO,
            rework=produced.rework,
        )

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))

    def __neg__(self) -> "Counts":
        return Counts(*(-getattr(self, name) for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class LineTotals:
    """What a line made; ``last_report_at`` is when its latest report was stored, ``updated_at`` when it was counted."""

    line_id: str
    counts: Counts
    last_report_at: datetime
    updated_at: datetime

    def add(self, produced: Produced, at: datetime) -> "LineTotals":
        """Count one more report."""
        return replace(
            self,
            counts=self.counts + Counts.of_one(produced),
            last_report_at=max(self.last_report_at, produced.recorded_at),
            updated_at=at,
        )


def produced_of(report_id: str, recorded_at: datetime, facts: ProductionFacts, *, is_reversal: bool) -> Produced:
    """Return what the event of a report says, or that of a reversal."""
    return Produced(
        report_id=report_id,
        line_id=facts.line_id,
        good=facts.good_qty,
        defect=facts.defect_qty,
        recorded_at=recorded_at,
        standard_seconds=facts.standard_seconds,
        run_seconds=facts.run_seconds,
        down_seconds=facts.down_seconds,
        conflict=facts.conflicts_with is not None,
        rework=facts.rework_qty,
        station_id=facts.station_id,
        is_reversal=is_reversal,
    )


def total(reports: Iterable[Produced], at: datetime) -> dict[str, LineTotals]:
    """Return the totals per line that these reports make."""
    lines: dict[str, LineTotals] = {}
    for produced in reports:
        empty = LineTotals(produced.line_id, Counts(), produced.recorded_at, at)
        lines[produced.line_id] = lines.get(produced.line_id, empty).add(produced, at)
    return lines


@dataclass(frozen=True, slots=True)
class Plan:
    """What one work order plans for the shift; ``version`` is the order's, 0 pieces mean it was cancelled."""

    work_order_id: str
    line_id: str
    quantity: Decimal
    version: int


@dataclass(frozen=True, slots=True)
class PlannedLine:
    """What all orders plan for a line; ``changes`` counts how often that changed."""

    line_id: str
    quantity: Decimal
    changes: int = 0


def planned(plans: Iterable[Plan]) -> dict[str, PlannedLine]:
    """Return what these plans make per line."""
    lines: dict[str, PlannedLine] = {}
    for plan in plans:
        known = lines.get(plan.line_id, PlannedLine(plan.line_id, ZERO))
        lines[plan.line_id] = replace(known, quantity=known.quantity + plan.quantity)
    return lines


class MissingInput(StrEnum):
    """Why a figure cannot be given."""

    PLAN = "NO_WORK_ORDER_PLANNED"
    OUTPUT = "NOTHING_REPORTED"
    RUN_TIME = "RUN_TIME_NOT_REPORTED"
    STANDARD_TIME = "STANDARD_TIME_UNKNOWN"


@dataclass(frozen=True, slots=True)
class LineFigures:
    """One line of the board; rates are ratios to 4 decimals, ``lacking`` tells why some are None."""

    line_id: str
    plan: Decimal | None
    counts: Counts
    quality: Decimal | None
    availability: Decimal | None
    performance: Decimal | None
    oee: Decimal | None
    lacking: tuple[MissingInput, ...]
    open_alarms: int
    as_of: datetime | None


@dataclass(frozen=True, slots=True)
class Board:
    """The board; ``as_of`` is when its latest report was stored, ``behind_seconds`` how long counting it took."""

    key: BoardKey
    lines: tuple[LineFigures, ...]
    as_of: datetime | None
    behind_seconds: Decimal | None


def board(
    key: BoardKey, lines: Iterable[LineTotals], plan: Iterable[PlannedLine], alarmed: AlarmedLines | None = None
) -> Board:
    """Return the board of the lines that have a plan, output or an alarm."""
    alarms = alarmed.lines if alarmed else {}
    made = {line.line_id: line for line in lines}
    wanted = {line.line_id: line.quantity for line in plan if line.quantity}
    names = sorted(made.keys() | wanted.keys() | alarms.keys())
    latest = max(made.values(), key=lambda line: line.last_report_at, default=None)
    behind = (latest.updated_at - latest.last_report_at).total_seconds() if latest else None
    return Board(
        key=key,
        lines=tuple(
            replace(_figures(name, made.get(name), wanted.get(name)), open_alarms=alarms.get(name, 0)) for name in names
        ),
        as_of=latest.last_report_at if latest else None,
        behind_seconds=None if behind is None else Decimal(str(max(behind, 0.0))),
    )


def _figures(name: str, line: LineTotals | None, plan: Decimal | None) -> LineFigures:
    counts = line.counts if line else Counts()
    output = counts.good + counts.defect
    timed, paced = counts.timed == counts.reports, counts.paced == counts.reports
    quality = _rate(counts.good, output)
    availability = _rate(counts.run_seconds, counts.run_seconds + counts.down_seconds) if timed else None
    performance = _rate(counts.standard_seconds, counts.run_seconds) if paced else None
    oee = None
    if quality is not None and availability is not None and performance is not None:
        oee = (quality * availability * performance).quantize(RATE)
    lacking = {
        MissingInput.PLAN: plan is None,
        MissingInput.OUTPUT: quality is None,
        MissingInput.RUN_TIME: output > 0 and availability is None,
        MissingInput.STANDARD_TIME: output > 0 and availability is not None and performance is None,
    }
    return LineFigures(
        line_id=name,
        plan=plan,
        counts=counts,
        quality=quality,
        availability=availability,
        performance=performance,
        oee=oee,
        lacking=tuple(reason for reason, applies in lacking.items() if applies),
        open_alarms=0,
        as_of=line.last_report_at if line else None,
    )


def _rate(part: Decimal, whole: Decimal) -> Decimal | None:
    return (part / whole).quantize(RATE) if whole else None
