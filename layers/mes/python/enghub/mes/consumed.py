"""What this context reads from events; everything else in them it ignores."""

from datetime import date
from decimal import Decimal

from enghub.core.event_data import EventData


class FromMes(EventData, source="enghub.mes"):
    """Base of what is read from this context's own events."""


class ProductionReported(FromMes):
    """What the shift board counts."""

    line_id: str
    shift_date: date
    shift: str
    good_qty: Decimal
    defect_qty: Decimal
    standard_seconds: Decimal | None = None
    run_seconds: Decimal | None = None
    down_seconds: Decimal | None = None
    conflicts_with: str | None = None


class PlannedOrder(FromMes):
    """What a work order plans for a shift."""

    work_order_id: str
    work_order_version: int
    status: str
    planned_qty: Decimal
    line_id: str | None = None
    shift_date: date | None = None
    shift: str | None = None


class WorkOrderReleased(PlannedOrder):
    """From now on the shift is to produce it."""


class WorkOrderChanged(PlannedOrder):
    """Its quantity, line or shift may be another."""


class WorkOrderCancelled(PlannedOrder):
    """Nobody is to produce it any more."""
