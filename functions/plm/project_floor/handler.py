"""Keeps what the shop floor tells of work orders, inspections and stock, so that a change finds what it hits (PLM-09).

Trigger: queue project_floor, from the bus: WorkOrder events, InspectionOpened, InspectionDecided and StockChanged
of enghub.mes. By version and time: older and repeated events change nothing. Runbook: docs/runbooks/plm-changes.md.
"""

from enghub.core import entrypoints
from enghub.core.entrypoints import on
from enghub.core.events import Envelope
from enghub.plm import consumed
from enghub.plm.floor.dynamo import DynamoFloor


def take_order(event: Envelope, order: consumed.FloorOrder) -> None:
    """Keep a work order's state."""
    DynamoFloor().take_order(event, order)


def take_inspection(event: Envelope, inspection: consumed.FloorInspection) -> None:
    """Keep an inspection's state."""
    DynamoFloor().take_inspection(event, inspection)


def take_stock(event: Envelope, told: consumed.StockChanged) -> None:
    """Keep what a place holds."""
    DynamoFloor().take_stock(event, told)


lambda_handler = entrypoints.events(
    on(consumed.WorkOrderCreated, take_order),
    on(consumed.WorkOrderChanged, take_order),
    on(consumed.WorkOrderReleased, take_order),
    on(consumed.WorkOrderStarted, take_order),
    on(consumed.WorkOrderPaused, take_order),
    on(consumed.WorkOrderResumed, take_order),
    on(consumed.WorkOrderCompleted, take_order),
    on(consumed.WorkOrderClosed, take_order),
    on(consumed.WorkOrderCancelled, take_order),
    on(consumed.WorkOrderHeld, take_order),
    on(consumed.WorkOrderHoldLifted, take_order),
    on(consumed.StockChanged, take_stock),
    on(consumed.InspectionOpened, take_inspection),
    on(consumed.InspectionDecided, take_inspection),
)
