"""Counts production on the shift board and notes what is planned for the shift (MES-14).

Trigger: queue update_shift_board, from the bus: ProductionReported, ReportReversed, WorkOrderReleased,
WorkOrderChanged, WorkOrderCancelled, AndonRaised, AndonChanged of enghub.mes. A report and its inbox mark are one
transaction; plans go by the order's version, calls by what they are now.
Runbook: docs/runbooks/mes-shift-board.md.
"""

from enghub.core import entrypoints
from enghub.core.entrypoints import on
from enghub.core.events import Envelope
from enghub.mes.alarms import wiring as alarms
from enghub.mes.boards import wiring
from enghub.mes.consumed import (
    AndonChanged,
    AndonRaised,
    AndonState,
    PlannedOrder,
    ProductionFacts,
    ProductionReported,
    ReportReversed,
    WorkOrderCancelled,
    WorkOrderChanged,
    WorkOrderReleased,
)
from enghub.mes.factories import Factory


def count(event: Envelope, report: ProductionFacts) -> None:
    """Count a report on its board, or take it off."""
    wiring.shift_boards().count(event, report)


def plan(event: Envelope, order: PlannedOrder) -> None:
    """Note what an order plans for its shift."""
    wiring.shift_boards().plan(event, order)


def call(event: Envelope, heard: AndonState) -> None:
    """Show a call for help as it is now."""
    alarms.calls_on_boards().heard_of(Factory(event.tenant_id, event.factory_id), heard.call_id)


lambda_handler = entrypoints.events(
    on(ProductionReported, count),
    on(ReportReversed, count),
    on(WorkOrderReleased, plan),
    on(WorkOrderChanged, plan),
    on(WorkOrderCancelled, plan),
    on(AndonRaised, call),
    on(AndonChanged, call),
)
