"""Reporting production (MES-02, MES-03): the hot path of the floor. Reversals are in ``reversing``."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from enghub.core import ids
from enghub.core.commits import Commit
from enghub.core.errors import IdempotencyKeyReused, RuleViolated, Unavailable
from enghub.core.events import Envelope
from enghub.core.identity import Origin
from enghub.mes import published
from enghub.mes.factories import Factory
from enghub.mes.reports import model
from enghub.mes.reports.model import FactoryShift, Place, Report, StationOperation
from enghub.mes.reports.repository import ConcurrentChange, Lookup, ReportPage, ReportRepository
from enghub.mes.work_orders.errors import WorkOrderNotFound
from enghub.mes.work_orders.model import WorkOrder
from enghub.mes.work_orders.quantities import ZERO, Progress

ATTEMPTS = 8
USUAL_SECONDS = 60
MOST_REMEMBERED = 2_000


@dataclass(frozen=True, slots=True)
class ReportProduction:
    """What a terminal reports; ``client_key`` and ``fingerprint`` recognise a repeat."""

    origin: Origin
    client_key: str
    fingerprint: str
    work_order_id: str
    good: Decimal
    defect: Decimal
    defect_types: tuple[str, ...]
    station_operation: StationOperation
    shift_on: date | None
    shift: str | None
    reported_at: datetime
    produced_by: str
    run_seconds: Decimal | None = None
    down_seconds: Decimal | None = None
    setup_seconds: Decimal | None = None
    rework: Decimal = ZERO
    source: str = "terminal"

    @property
    def made(self) -> Progress:
        """What it adds to its operation."""
        return Progress(self.good, self.defect - self.rework, self.rework)


@dataclass(frozen=True, slots=True)
class Recorded:
    """The stored report; ``repeated`` when it was there before."""

    report: Report
    repeated: bool


@dataclass(frozen=True, slots=True)
class Assumed:
    """What a look assumes of a factory before it has seen it: the shift, and how long conflict windows are."""

    shift: str
    seconds: int


@dataclass
class Memory:
    """What the last look at each factory found: a guess for the next one, which looks again where it was wrong.

    So reports cost one read although their windows and shift follow from what that read finds.
    """

    of: dict[Factory, Assumed] = field(default_factory=dict)

    def recall(self, factory: Factory, shift: str | None) -> Assumed:
        """Return what to assume; a shift that the report names is not assumed."""
        known = self.of.get(factory) or Assumed("", USUAL_SECONDS)
        return known if shift is None else replace(known, shift=shift)

    def learn(self, factory: Factory, found: Assumed) -> None:
        """Remember what was found."""
        if len(self.of) >= MOST_REMEMBERED:
            self.of.clear()
        self.of[factory] = found


_memory = Memory()


class Reporting:
    """The use cases."""

    def __init__(self, repository: ReportRepository, memory: Memory = _memory) -> None:
        self._repository = repository
        self._memory = memory

    def report(self, command: ReportProduction) -> Recorded:
        """Store a report once: one read and one transaction when nothing comes between.

        Raises:
            IdempotencyKeyReused: the key was used for another report.
            WorkOrderNotFound, ReportTimeInFuture, ReportTooOld, UnknownStation, UnknownDefectType, UnknownShift
            NoShiftThen, and what ``WorkOrder.check_report`` raises.
            Unavailable: other writers kept coming between; nothing was stored.
        """
        model.check_time(command.reported_at, command.origin.at)
        factory = Factory.of(command.origin)
        for _ in range(ATTEMPTS):
            assumed = self._memory.recall(factory, command.shift)
            seen = self._look(factory, command, assumed)
            if seen.stored is not None:
                return _repeat(seen.stored, command)
            try:
                order, place = _check(command, seen)
            except (WorkOrderNotFound, RuleViolated):
                # The look is no snapshot: the report may have been stored between its halves, and be the reason.
                stored = self._repository.get(factory, command.client_key)
                if stored is None:
                    raise
                return _repeat(stored, command)
            found = Assumed(place.shift, seen.plant.reporting.conflict_seconds if seen.plant else USUAL_SECONDS)
            if found != assumed:
                self._memory.learn(factory, found)
                continue
            report = _report(command, order, place, seen, found.seconds)
            commit = Commit(command.origin, "recorded", report, events=_events(command.origin, report, order))
            opens = {"opens_window": not seen.has_first, "opens_shift": not seen.knows_shift}
            try:
                self._repository.save(commit, order, **opens, seconds=found.seconds)
            except ConcurrentChange:
                continue
            return Recorded(report, repeated=False)
        raise Unavailable

    def of_shift_day(
        self, factory: Factory, shift_on: date, shift: str, station_id: str | None, *, limit: int, cursor: str | None
    ) -> ReportPage:
        """Return a page of a shift's reports, of one station or of all."""
        return self._repository.of_shift_day(factory, shift_on, shift, station_id, limit=limit, cursor=cursor)

    def _look(self, factory: Factory, command: ReportProduction, assumed: Assumed) -> Lookup:
        return self._repository.look(
            FactoryShift(factory, assumed.shift),
            command.client_key,
            command.work_order_id,
            command.station_operation,
            command.reported_at,
            seconds=assumed.seconds,
        )

    def of_work_order(self, factory: Factory, work_order_id: str, limit: int, cursor: str | None) -> ReportPage:
        """Return a page of an order's reports, oldest first; empty when there is no such order."""
        return self._repository.of_work_order(factory, work_order_id, limit, cursor)


def _repeat(stored: Report, command: ReportProduction) -> Recorded:
    if stored.fingerprint != command.fingerprint:
        raise IdempotencyKeyReused(key=command.client_key)
    return Recorded(replace(stored, reversed_by=None), repeated=True)


def _check(command: ReportProduction, seen: Lookup) -> tuple[WorkOrder, Place]:
    """Demand everything that a report has to be; return the order and where it counts."""
    order = seen.work_order
    if order is None:
        raise WorkOrderNotFound(work_order_id=command.work_order_id)
    made_at, where = command.reported_at, command.station_operation
    ages = (made_at, command.origin.at)
    model.check_known(seen.plant, seen.station, where.station_id, command.defect_types, ages)
    order.check_report(where.operation, command.made, made_at)
    place = model.place_of(
        seen.plant, seen.station, order, shift=command.shift, shift_on=command.shift_on, made_at=made_at
    )
    return order, place


def _report(command: ReportProduction, order: WorkOrder, place: Place, seen: Lookup, seconds: int) -> Report:
    where, moment = command.station_operation, command.reported_at
    return Report(
        factory=order.factory,
        report_id=ids.new_id(command.origin.at),
        client_key=command.client_key,
        fingerprint=command.fingerprint,
        work_order_id=order.work_order_id,
        product_id=order.product_id,
        line_id=place.line_id,
        station_id=where.station_id,
        operation=where.operation,
        shift_on=place.shift_on,
        shift=place.shift,
        good=command.good,
        defect=command.defect,
        defect_types=command.defect_types,
        produced_by=command.produced_by,
        reported_at=moment,
        recorded_at=command.origin.at,
        standard_seconds=order.standard_of(where.operation),
        run_seconds=command.run_seconds,
        down_seconds=command.down_seconds,
        setup_seconds=command.setup_seconds,
        conflicts_with=model.conflicting(seen.first_reports, moment, command.good, command.defect, seconds),
        rework=command.rework,
        source=command.source,
    )


def facts_of(report: Report) -> dict[str, Any]:
    """Return what an event says of a report."""
    return {
        "report_id": report.report_id,
        "work_order_id": report.work_order_id,
        "product_id": report.product_id,
        "good_qty": report.good,
        "defect_qty": report.defect,
        "rework_qty": report.rework,
        "defect_types": report.defect_types,
        "produced_by": report.produced_by,
        "operation": report.operation,
        "station_id": report.station_id,
        "line_id": report.line_id,
        "shift_date": report.shift_on,
        "shift": report.shift,
        "report_time": report.reported_at,
    }


def more_facts_of(report: Report, order: WorkOrder) -> Mapping[str, Any]:
    """Return what only those who count production are told."""
    return {
        "planned_qty": order.planned_quantity,
        "standard_seconds": report.standard_seconds,
        "run_seconds": report.run_seconds,
        "down_seconds": report.down_seconds,
        "conflicts_with": report.conflicts_with,
    }


def _events(origin: Origin, report: Report, order: WorkOrder) -> tuple[Envelope, ...]:
    """Return what the report means to others; ProductionReported carries the report's own id."""
    facts = facts_of(report)
    produced = published.ProductionReported.model_validate({**facts, **more_facts_of(report, order)}).envelope(origin)
    produced = replace(produced, event_id=report.report_id)
    if not report.defect:
        return (produced,)
    return (produced, published.DefectReported.model_validate(facts).envelope(origin))
