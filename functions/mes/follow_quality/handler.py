"""Records defects, opens inspections, starts action plans, scores suppliers (MES-04, MES-09, MES-10).

Trigger: queue follow_quality, from the bus: ProductionReported, ReportReversed, DefectReported, ChartSignalled,
YieldLow, InspectionDecided, WorkOrderCompleted of enghub.mes. Every effect has a mark of its own: a redelivery
completes them.
Events: InspectionOpened, YieldLow, OcapStarted, LotHeld, NoticeRequested.
Runbook: docs/runbooks/mes-quality.md.
"""

from enghub.core import entrypoints
from enghub.core.entrypoints import on
from enghub.mes import following
from enghub.mes.consumed import (
    ChartSignalled,
    DefectReported,
    InspectionDecided,
    ProductionReported,
    ReportReversed,
    WorkOrderCompleted,
    YieldLow,
)

lambda_handler = entrypoints.events(
    on(ProductionReported, following.on_report),
    on(ReportReversed, following.on_reversal),
    on(DefectReported, following.on_defects),
    on(ChartSignalled, following.on_signal),
    on(YieldLow, following.on_low_yield),
    on(InspectionDecided, following.on_decision),
    on(WorkOrderCompleted, following.on_completion),
)
