"""Holds the open orders of what a critical engineering change affects; lets them go when it is withdrawn (PLM-07).

Trigger: queue hold_orders, from the bus: ChangePointCreated, ChangePointCancelled of enghub.plm, in any order.
Events: WorkOrderHeld, WorkOrderHoldLifted, NoticeRequested.
Runbook: docs/runbooks/mes-work-orders.md.
"""

from enghub.core import entrypoints
from enghub.core.entrypoints import on
from enghub.mes.consumed import ChangePointCancelled, ChangePointCreated
from enghub.mes.engineering import holding

lambda_handler = entrypoints.events(
    on(ChangePointCreated, holding.on_change),
    on(ChangePointCancelled, holding.on_withdrawal),
)
