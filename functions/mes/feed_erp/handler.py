"""Makes messages to the ERP of completed orders and movements of stock; the event's number is the message's (MES-04).

Trigger: queue feed_erp, from the bus: WorkOrderCompleted, StockChanged of enghub.mes (none where there is no ERP).
Runbook: docs/runbooks/mes-erp.md.
"""

from enghub.core import entrypoints
from enghub.core.entrypoints import on
from enghub.mes.consumed import StockChanged, WorkOrderCompleted
from enghub.mes.gateways import erp_feed

lambda_handler = entrypoints.events(
    on(WorkOrderCompleted, erp_feed.on_completion),
    on(StockChanged, erp_feed.on_movement),
)
