"""Tells planners of new orders, and what an order made and cost when it is complete (MES-04, MES-15).

Trigger: queue tell_planners, from the bus: WorkOrderCreated, WorkOrderCompleted of enghub.mes. Event: NoticeRequested.
Runbook: docs/runbooks/mes-costs.md.
"""

from enghub.core import entrypoints
from enghub.core.entrypoints import on
from enghub.mes.consumed import WorkOrderCompleted, WorkOrderCreated
from enghub.mes.telling import following

lambda_handler = entrypoints.events(
    on(WorkOrderCreated, following.on_planned),
    on(WorkOrderCompleted, following.on_completion),
)
