"""Reporting production (MES-02, MES-03): the hot path of the floor."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from enghub.core import ids
from enghub.core.commits import Commit
from enghub.core.errors import IdempotencyKeyReused, RuleViolated, Unavailable
from enghub.core.events import Envelope
from enghub.core.identity import Origin
from enghub.mes import published
from enghub.mes.factories import Factory
from enghub.mes.reports import model
from enghub.mes.reports.model import FactoryShift, Report, StationOperation
from enghub.mes.reports.repository import ConcurrentChange, Lookup, ReportPage, ReportRepository
from enghub.mes.work_orders.errors import WorkOrderNotFound
from enghub.mes.work_orders.model import WorkOrder

ATTEMPTS = 8
UNKNOWN_LINE = "-"
"""Only orders released before lines were demanded have none."""


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
    shift: str
    reported_at: datetime
    produced_by: str
    run_seconds: Decimal | None = None
    down_seconds: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """The stored report; ``repeated`` when it was there before."""

    report: Report
    repeated: bool


class Reporting:
    """The use cases."""

    def __init__(self, repository: ReportRepository) -> None:
        self._repository = repository

    def report(self, command: ReportProduction) -> Recorded:
        """Store a report once: one read and one transaction when nothing comes between.

        Raises:
            IdempotencyKeyReused: the key was used for another report.
            WorkOrderNotFound, NotInProduction, BeyondPlan, ReportTimeInFuture
            Unavailable: other writers kept coming between; nothing was stored.
        """
        model.check_time(command.reported_at, command.origin.at)
        factory = Factory.of(command.origin)
        for _ in range(ATTEMPTS):
            seen = self._repository.look(
                FactoryShift(factory, command.shift),
                command.client_key,
                command.work_order_id,
                command.station_operation,
                command.reported_at,
            )
            if seen.stored is not None:
                return _repeat(seen.stored, command)
            try:
                commit = _commit(command, seen)
            except (WorkOrderNotFound, RuleViolated):
                # The look is no snapshot: the report may have been stored between its halves, and be the reason.
                stored = self._repository.get(factory, command.client_key)
                if stored is None:
                    raise
                return _repeat(stored, command)
            try:
                self._repository.save(commit, opens_window=not seen.has_first, opens_shift=not seen.knows_shift)
            except ConcurrentChange:
                continue
            return Recorded(commit.after, repeated=False)
        raise Unavailable

    def of_work_order(self, factory: Factory, work_order_id: str, limit: int, cursor: str | None) -> ReportPage:
        """Return a page of an order's reports, oldest first; empty when there is no such order."""
        return self._repository.of_work_order(factory, work_order_id, limit, cursor)


def _repeat(stored: Report, command: ReportProduction) -> Recorded:
    if stored.fingerprint != command.fingerprint:
        raise IdempotencyKeyReused(key=command.client_key)
    return Recorded(stored, repeated=True)


def _commit(command: ReportProduction, seen: Lookup) -> Commit[Report]:
    order = seen.work_order
    if order is None:
        raise WorkOrderNotFound(work_order_id=command.work_order_id)
    order.check_report(command.good + command.defect)
    conflict = model.conflicting(seen.first_reports, command.reported_at, command.good, command.defect)
    report = _report(command, order, conflict)
    return Commit(command.origin, "recorded", report, events=_events(command.origin, report, order))


def _report(command: ReportProduction, order: WorkOrder, conflict: str | None) -> Report:
    return Report(
        factory=order.factory,
        report_id=ids.new_id(command.origin.at),
        client_key=command.client_key,
        fingerprint=command.fingerprint,
        work_order_id=order.work_order_id,
        product_id=order.product_id,
        line_id=order.line_id or UNKNOWN_LINE,
        station_id=command.station_operation.station_id,
        operation=command.station_operation.operation,
        shift_on=model.shift_day(command.shift_on, command.reported_at, order, command.shift),
        shift=command.shift,
        good=command.good,
        defect=command.defect,
        defect_types=command.defect_types,
        produced_by=command.produced_by,
        reported_at=command.reported_at,
        recorded_at=command.origin.at,
        standard_seconds=order.standard_seconds,
        run_seconds=command.run_seconds,
        down_seconds=command.down_seconds,
        conflicts_with=conflict,
    )


def _events(origin: Origin, report: Report, order: WorkOrder) -> tuple[Envelope, ...]:
    """Return what the report means to others; ProductionReported carries the report's own id."""
    facts = {
        "report_id": report.report_id,
        "work_order_id": report.work_order_id,
        "product_id": report.product_id,
        "good_qty": report.good,
        "defect_qty": report.defect,
        "defect_types": report.defect_types,
        "produced_by": report.produced_by,
        "operation": report.operation,
        "station_id": report.station_id,
        "line_id": report.line_id,
        "shift_date": report.shift_on,
        "shift": report.shift,
        "report_time": report.reported_at,
    }
    more = {
        "planned_qty": order.planned_quantity,
        "standard_seconds": report.standard_seconds,
        "run_seconds": report.run_seconds,
        "down_seconds": report.down_seconds,
        "conflicts_with": report.conflicts_with,
    }
    produced = published.ProductionReported.model_validate({**facts, **more}).envelope(origin)
    produced = replace(produced, event_id=report.report_id)
    if not report.defect:
        return (produced,)
    return (produced, published.DefectReported.model_validate(facts).envelope(origin))
