"""Holds orders that a critical change affects or that wait for one; lets them go when it is over (PLM-07, PLM-26).

Trigger: queue hold_orders, from the bus: ChangePointCreated, ChangePointCancelled, ChangeEffectPlanned, ChangeApplied
of enghub.plm, in any order.
Events: WorkOrderHeld, WorkOrderHoldLifted, NoticeRequested.
Runbook: docs/runbooks/mes-work-orders.md.
"""

from enghub.core import entrypoints
from enghub.core.entrypoints import on
from enghub.mes.consumed import ChangeApplied, ChangeEffectPlanned, ChangePointCancelled, ChangePointCreated
from enghub.mes.engineering import holding

lambda_handler = entrypoints.events(
    on(ChangePointCreated, holding.on_change),
    on(ChangePointCancelled, holding.on_withdrawal),
    on(ChangeEffectPlanned, holding.on_effect),
    on(ChangeApplied, holding.on_application),
)
