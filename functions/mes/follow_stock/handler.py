"""Holds and releases lots, and suggests to take in what an order made (MES-04, MES-13).

Trigger: queue follow_stock, from the bus: LotHeld, LotReleased, WorkOrderCompleted of enghub.mes. Holds go by their
cause, so order and repetition do not matter; a lot that is not in stock yet is none of ours.
Events: StockReceiptSuggested, NoticeRequested.
Runbook: docs/runbooks/mes-inventory.md.
"""

from enghub.core import entrypoints
from enghub.core.entrypoints import on
from enghub.mes.consumed import LotHeld, LotReleased, WorkOrderCompleted
from enghub.mes.stock import following

lambda_handler = entrypoints.events(
    on(LotHeld, following.on_hold),
    on(LotReleased, following.on_release),
    on(WorkOrderCompleted, following.on_completion),
)
