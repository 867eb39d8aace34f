"""The events this context promises, version 1.0 of each; their schemas are in ``events/published``.

Fields are added, never renamed or removed; a breaking change makes a new version. Names on the bus are snake_case, as
in the envelope. Quantities are numbers, times ISO 8601 in UTC, dates ISO 8601.
"""

from datetime import date
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
