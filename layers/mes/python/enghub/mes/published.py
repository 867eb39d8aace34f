"""The events this context promises, version 1.0 of each; their schemas are in ``events/published``.

Fields are added, never renamed or removed; a breaking change makes a new version. Names on the bus are snake_case, as
in the envelope. Quantities are numbers, times ISO 8601 in UTC, dates ISO 8601.
"""

from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import PlainSerializer

from enghub.core import wire
from enghub.core.event_data import EventData

Number = wire.Total
Moment = wire.Instant
Day = Annotated[wire.Day, PlainSerializer(date.isoformat)]


class MesEvent(EventData, source="enghub.mes"):
    """Base of this context's events."""


class WorkOrderState(MesEvent):
    """A work order as it is after the change; a later ``work_order_version`` is newer."""

    work_order_id: str
    work_order_version: int
    status: str
    product_id: str
    sales_order_id: str | None = None
    routing_id: str | None = None
    station_id: str | None = None
    line_id: str | None = None
    planned_qty: Number
    good_qty: Number
    defect_qty: Number
    due_date: Day
    shift_date: Day | None = None
    shift: str | None = None
    standard_seconds: Number | None = None
    unit: str = "pcs"
    scrap_qty: Number = Decimal(0)
    rework_qty: Number = Decimal(0)
    routing_version: int | None = None
    planned_start: Moment | None = None
    started_at: Moment | None = None
    completed_at: Moment | None = None
    holds: tuple[str, ...] = ()
    """The sources of its holds."""


class WorkOrderCreated(WorkOrderState):
    """A work order exists."""


class WorkOrderChanged(WorkOrderState):
    """Something planned about a work order was changed."""


class WorkOrderReleased(WorkOrderState):
    """A work order was handed to production."""


class WorkOrderStarted(WorkOrderState):
    """Production of a work order began."""


class WorkOrderPaused(WorkOrderState):
    """Production of a work order was interrupted."""


class WorkOrderResumed(WorkOrderState):
    """Production of a work order goes on."""


class WorkOrderCompleted(WorkOrderState):
    """Production of a work order ended; its quantities are final."""


class WorkOrderClosed(WorkOrderState):
    """A work order was put away."""


class WorkOrderCancelled(WorkOrderState):
    """A work order was given up before anything was produced."""


class ChartSignalled(MesEvent):
    """A point of a control chart failed tests for special causes; ``chart`` is location or spread."""

    characteristic_id: str
    product_id: str
    operation: str | None = None
    sample_id: str
    taken_at: Moment
    chart: str
    rules: tuple[str, ...]
    value: Number
    centre: Number
    lower: Number
    upper: Number
    lot_id: str | None = None
    work_order_id: str | None = None
    station_id: str | None = None
    ocap_plan_id: str | None = None


class InspectionState(MesEvent):
    """An inspection order after the change."""

    inspection_id: str
    kind: str
    part_id: str
    status: str
    lot_id: str | None = None
    lot_size: Number
    supplier_id: str | None = None
    work_order_id: str | None = None
    operation: str | None = None
    station_id: str | None = None
    severity: str
    sample_size: Number


class InspectionOpened(InspectionState):
    """A lot is to be inspected (IQC, IPQC, FQC)."""


class InspectionDecided(InspectionState):
    """A lot was accepted or rejected by its sample."""

    inspected: Number
    nonconforming: Number


class YieldLow(MesEvent):
    """The yield of an operation in a shift fell under 85 % or under its own history."""

    product_id: str
    operation: str
    shift_date: str
    shift: str
    said: str


class OcapState(MesEvent):
    """A case of an out-of-control action plan; ``cause`` is chart, yield or person."""

    ocap_id: str
    plan_id: str
    cause: str
    reference: str
    said: str
    lot_id: str | None = None
    work_order_id: str | None = None
    operation: str | None = None
    station_id: str | None = None


class OcapStarted(OcapState):
    """Something is out of control and has to be dealt with."""


class OcapClosed(OcapState):
    """It was dealt with, and somebody else verified that it helped."""


class LotHeld(MesEvent):
    """Nothing of a lot may be used or shipped; ``cause`` says what holds it: inspection/..., ocap/..., or a person."""

    lot_id: str
    material_id: str
    cause: str
    reason: str


class LotReleased(MesEvent):
    """What ``cause`` held is free again."""

    lot_id: str
    material_id: str
    cause: str
    reason: str


class WorkOrderHeld(WorkOrderState):
    """A hold was put on a work order; ``hold_reason`` says why."""

    hold_source: str
    hold_reason: str


class WorkOrderHoldLifted(WorkOrderState):
    """A hold of a work order was lifted."""

    hold_source: str
    hold_reason: str


class StockChanged(MesEvent):
    """Stock at one place became more (``quantity`` above 0) or less."""

    movement_id: str
    kind: str
    material_id: str
    lot_id: str
    warehouse_id: str
    location_id: str
    quantity: Number
    work_order_id: str | None = None


class StockReceiptSuggested(MesEvent):
    """An order is complete: what it made may go into stock."""

    work_order_id: str
    material_id: str
    quantity: Number
    lot_id: str


class ProductionReported(MesEvent):
    """Pieces were produced; ``conflicts_with`` names a report of the same moment with other numbers."""

    report_id: str
    work_order_id: str
    product_id: str
    good_qty: Number
    defect_qty: Number
    defect_types: tuple[str, ...]
    produced_by: str
    operation: str
    station_id: str
    line_id: str
    shift_date: Day
    shift: str
    report_time: Moment
    planned_qty: Number
    standard_seconds: Number | None = None
    run_seconds: Number | None = None
    down_seconds: Number | None = None
    conflicts_with: str | None = None
    rework_qty: Number = Decimal(0)


class DefectReported(MesEvent):
    """Pieces were found defective."""

    report_id: str
    work_order_id: str
    product_id: str
    good_qty: Number
    defect_qty: Number
    defect_types: tuple[str, ...]
    produced_by: str
    operation: str
    station_id: str
    line_id: str
    shift_date: Day
    shift: str
    report_time: Moment
    rework_qty: Number = Decimal(0)


class ReportReversed(MesEvent):
    """A report was taken back: all that it says was not so; its quantities are those that were reported.

    ``report_id`` is the reversal, ``reverses`` the report. Whoever counted the report takes it off again.
    """

    report_id: str
    reverses: str
    reason: str
    work_order_id: str
    product_id: str
    good_qty: Number
    defect_qty: Number
    rework_qty: Number = Decimal(0)
    defect_types: tuple[str, ...]
    produced_by: str
    operation: str
    station_id: str
    line_id: str
    shift_date: Day
    shift: str
    report_time: Moment
    recorded_at: Moment
    """When the report, not the reversal, was stored."""
    planned_qty: Number
    standard_seconds: Number | None = None
    run_seconds: Number | None = None
    down_seconds: Number | None = None
    conflicts_with: str | None = None


class LineStop(MesEvent):
    """A stop of a line or of one of its stations."""

    stop_id: str
    line_id: str
    station_id: str | None = None
    reason: str | None = None
    """The code of the stop reason, where it is known already."""
    is_planned: bool = False
    started_at: Moment
    work_order_id: str | None = None


class LineStopped(LineStop):
    """The line does not produce since ``started_at``."""


class LineStarted(LineStop):
    """The line produces again; the stop is over."""

    ended_at: Moment
    seconds: Number


class AndonState(MesEvent):
    """A call for help of a station, as it is now."""

    call_id: str
    line_id: str
    station_id: str
    kind: str
    state: str
    raised_at: Moment
    acknowledged_at: Moment | None = None
    resolved_at: Moment | None = None


class AndonRaised(AndonState):
    """A station calls for help."""


class AndonChanged(AndonState):
    """Somebody came, or it is solved."""


class EquipmentStateChanged(MesEvent):
    """A machine is in ``state`` since ``at``; told late, it may be older than what was told before."""

    equipment_id: str
    station_id: str | None = None
    change_id: str
    state: str
    at: Moment
    reason: str = ""


class MaintenanceState(MesEvent):
    """A job of maintenance, as it is now; without a plan somebody asked for it."""

    job_id: str
    equipment_id: str
    title: str
    state: str
    priority: str
    plan_id: str | None = None
    due_on: Day | None = None
    requested_at: Moment
    started_at: Moment | None = None
    ended_at: Moment | None = None
    remedy: str = ""


class MaintenanceRequested(MaintenanceState):
    """Somebody asks for maintenance, or a plan is due."""


class MaintenanceChanged(MaintenanceState):
    """A job was accepted, refused, started, finished or cancelled."""
