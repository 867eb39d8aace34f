"""Counts production on the shift board and notes what is planned for the shift (MES-14).

Trigger: queue update_shift_board, from the bus: ProductionReported, ReportReversed, WorkOrderReleased,
WorkOrderChanged, WorkOrderCancelled of enghub.mes. A report and its inbox mark are one
transaction; plans go by the order's version.
Runbook: docs/runbooks/mes-shift-board.md.
"""

from enghub.core import entrypoints
from enghub.core.entrypoints import on
from enghub.core.events import Envelope
from enghub.mes.boards import wiring
from enghub.mes.consumed import (
    PlannedOrder,
    ProductionFacts,
    ProductionReported,
    ReportReversed,
    WorkOrderCancelled,
    WorkOrderChanged,
    WorkOrderReleased,
)


def count(event: Envelope, report: ProductionFacts) -> None:
    """Count a report on its board, or take it off."""
    wiring.shift_boards().count(event, report)


def plan(event: Envelope, order: PlannedOrder) -> None:
    """Note what an order plans for its shift."""
    wiring.shift_boards().plan(event, order)


lambda_handler = entrypoints.events(
    on(ProductionReported, count),
    on(ReportReversed, count),
    on(WorkOrderReleased, plan),
    on(WorkOrderChanged, plan),
    on(WorkOrderCancelled, plan),
)
