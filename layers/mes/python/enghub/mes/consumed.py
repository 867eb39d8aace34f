"""What this context reads from events; everything else in them it ignores."""

from datetime import date
from decimal import Decimal

from pydantic import BaseModel, ConfigDict


class Consumed(BaseModel):
    """Base of what is read from an event's ``data``."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)


class Production(Consumed):
    """Of ProductionReported (enghub.mes): what the shift board counts."""

    line_id: str
    shift_date: date
    shift: str
    good_qty: Decimal
    defect_qty: Decimal
    standard_seconds: Decimal | None = None
    run_seconds: Decimal | None = None
    down_seconds: Decimal | None = None
    conflicts_with: str | None = None


class PlannedOrder(Consumed):
    """Of WorkOrderReleased, WorkOrderChanged, WorkOrderCancelled (enghub.mes): what a shift is to produce."""

    work_order_id: str
    work_order_version: int
    status: str
    planned_qty: Decimal
    line_id: str | None = None
    shift_date: date | None = None
    shift: str | None = None
