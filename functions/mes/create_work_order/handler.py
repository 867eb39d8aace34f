"""Plans a work order (MES-01).

Trigger: POST /api/v1/work-orders. Event: WorkOrderCreated.
Runbook: docs/runbooks/mes-work-orders.md.
"""

from enghub.core import entrypoints, http
from enghub.mes import rights, wiring
from enghub.mes.gateways.gate import demand
from enghub.mes.work_orders.api import CreateWorkOrderRequest, WorkOrderResponse

app = http.resolver()


@app.post("/api/v1/work-orders", right=rights.CREATE_WORK_ORDER, key="optional", status_code=201)
def create_work_order(request: CreateWorkOrderRequest) -> WorkOrderResponse:
    """Plan a work order; 409 when its number is taken."""
    call = demand(http.call(app), rights.CREATE_WORK_ORDER)
    service = wiring.work_orders(call.claim(WorkOrderResponse.of))
    return WorkOrderResponse.of(service.create(request.to_command(call.origin)))


lambda_handler = entrypoints.http(app)
