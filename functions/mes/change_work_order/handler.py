"""Changes a work order: planned fields, the steps of its life, holds (MES-01).

Trigger: PATCH /api/v1/work-orders/{workOrderId}, POST /api/v1/work-orders/{workOrderId}/{step},
.../hold, .../lift-hold.
Events: WorkOrderChanged, WorkOrderReleased, -Started, -Paused, -Resumed, -Completed, -Closed, -Cancelled, -Held,
-HoldLifted.
Runbook: docs/runbooks/mes-work-orders.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path

from enghub.core import entrypoints, http
from enghub.core.errors import NotFound
from enghub.mes import rights, wiring
from enghub.mes.gateways.gate import demand
from enghub.mes.work_orders.api import EditWorkOrderRequest, HoldRequest, WorkOrderResponse, WorkOrderStepRequest
from enghub.mes.work_orders.model import Step

RIGHTS = {
    Step.RELEASE: rights.RELEASE_WORK_ORDER,
    Step.START: rights.START_WORK_ORDER,
    Step.PAUSE: rights.START_WORK_ORDER,
    Step.RESUME: rights.START_WORK_ORDER,
    Step.COMPLETE: rights.CLOSE_WORK_ORDER,
    Step.CLOSE: rights.CLOSE_WORK_ORDER,
    Step.CANCEL: rights.CLOSE_WORK_ORDER,
}

StepNamed = Annotated[str, Path(json_schema_extra={"enum": list(Step)})]

app = http.resolver()


@app.patch("/api/v1/work-orders/<work_order_id>", right=rights.CREATE_WORK_ORDER, key="optional")
def edit_work_order(work_order_id: str, request: EditWorkOrderRequest) -> WorkOrderResponse:
    """Change planned fields; 409 when the version is not the current one."""
    call = demand(http.call(app), rights.CREATE_WORK_ORDER)
    service = wiring.work_orders(call.claim(WorkOrderResponse.of))
    return WorkOrderResponse.of(service.edit(request.to_command(call.origin, work_order_id)))


@app.post("/api/v1/work-orders/<work_order_id>/hold", right=rights.HOLD_WORK_ORDER, key="optional")
def hold_work_order(work_order_id: str, request: HoldRequest) -> WorkOrderResponse:
    """Put a hold on an order: nothing goes on until it is lifted."""
    call = demand(http.call(app), rights.HOLD_WORK_ORDER)
    service = wiring.work_orders(call.claim(WorkOrderResponse.of))
    return WorkOrderResponse.of(service.hold(request.to_command(call.origin, work_order_id)))


@app.post("/api/v1/work-orders/<work_order_id>/lift-hold", right=rights.HOLD_WORK_ORDER, key="optional")
def lift_hold(work_order_id: str, request: HoldRequest) -> WorkOrderResponse:
    """Lift a hold; others may stay."""
    call = demand(http.call(app), rights.HOLD_WORK_ORDER)
    service = wiring.work_orders(call.claim(WorkOrderResponse.of))
    return WorkOrderResponse.of(service.lift_hold(request.to_command(call.origin, work_order_id)))


@app.post("/api/v1/work-orders/<work_order_id>/<step>", right=tuple(dict.fromkeys(RIGHTS.values())), key="optional")
def take_step(work_order_id: str, step: StepNamed, request: WorkOrderStepRequest) -> WorkOrderResponse:
    """Take a step: release, start, pause, resume, complete, close, cancel; 422 when the state does not allow it."""
    if step not in list(Step):
        raise NotFound(resource=f"step {step}")
    taken = Step(step)
    call = http.call(app)
    call.require(RIGHTS[taken])
    demand(call, RIGHTS[taken])
    service = wiring.work_orders(call.claim(WorkOrderResponse.of))
    return WorkOrderResponse.of(service.take(request.to_command(call.origin, work_order_id, taken)))


lambda_handler = entrypoints.http(app)
