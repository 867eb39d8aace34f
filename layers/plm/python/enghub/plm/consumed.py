"""What this context reads of others' events; everything else in them it ignores."""

from datetime import date
from decimal import Decimal

from enghub.core.event_data import EventData


class FromMes(EventData, source="enghub.mes"):
    """Base of what is read from the shop floor."""


class FloorOrder(FromMes):
    """A work order as it is; a later version is newer."""

    work_order_id: str
    work_order_version: int
    status: str
    product_id: str
    planned_qty: Decimal
    good_qty: Decimal
    line_id: str | None = None
    due_date: date
    holds: tuple[str, ...] = ()


class WorkOrderCreated(FloorOrder):
    """It exists."""


class WorkOrderChanged(FloorOrder):
    """Something planned is another."""


class WorkOrderReleased(FloorOrder):
    """Handed to production."""


class WorkOrderStarted(FloorOrder):
    """Production began."""


class WorkOrderPaused(FloorOrder):
    """Interrupted."""


class WorkOrderResumed(FloorOrder):
    """Goes on."""


class WorkOrderCompleted(FloorOrder):
    """Its quantities are final."""


class WorkOrderClosed(FloorOrder):
    """Put away."""


class WorkOrderCancelled(FloorOrder):
    """Given up."""


class WorkOrderHeld(FloorOrder):
    """A hold was put on it."""


class WorkOrderHoldLifted(FloorOrder):
    """A hold of it was lifted."""


class StockChanged(FromMes):
    """Stock at one place became more or less."""

    material_id: str
    lot_id: str
    warehouse_id: str
    location_id: str
    quantity: Decimal


class FloorInspection(FromMes):
    """An inspection of a part."""

    inspection_id: str
    kind: str
    part_id: str
    status: str
    lot_id: str | None = None


class InspectionOpened(FloorInspection):
    """It waits to be done."""


class InspectionDecided(FloorInspection):
    """It is accepted or rejected."""

    operation: str | None = None
    nonconforming: Decimal = Decimal(0)


class FloorDefects(FromMes):
    """Pieces of a product found bad, by a report."""

    product_id: str
    defect_qty: Decimal
    defect_types: tuple[str, ...]
    operation: str = ""
    shift_date: date


class DefectReported(FloorDefects):
    """Pieces were found defective."""


class ReportReversed(FloorDefects):
    """A report was taken back, with what it said of defects."""


class ChangePointCreated(EventData, source="enghub.plm"):
    """A change of this context's own: it reopens what was approved."""

    ecn_number: str
    type: str
    affected_products: tuple[str, ...]
