"""Changes a work order: planned fields, and the steps of its life (MES-01).

Trigger: PATCH /api/v1/work-orders/{workOrderId}, POST /api/v1/work-orders/{workOrderId}/{step}.
Events: WorkOrderChanged, WorkOrderReleased, -Started, -Paused, -Resumed, -Completed, -Closed, -Cancelled.
Runbook: docs/runbooks/mes-work-orders.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path

from enghub.core import entrypoints, http
from enghub.core.errors import NotFound
from enghub.mes import rights, wiring
from enghub.mes.work_orders.api import EditWorkOrderRequest, StepRequest, WorkOrderResponse
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
    call = http.call(app)
    service = wiring.work_orders(call.claim(WorkOrderResponse.of))
    return WorkOrderResponse.of(service.edit(request.to_command(call.origin, work_order_id)))


@app.post("/api/v1/work-orders/<work_order_id>/<step>", right=tuple(dict.fromkeys(RIGHTS.values())), key="optional")
def take_step(work_order_id: str, step: StepNamed, request: StepRequest) -> WorkOrderResponse:
    """Take a step: release, start, pause, resume, complete, close, cancel; 422 when the state does not allow it."""
    if step not in list(Step):
        raise NotFound(resource=f"step {step}")
    taken = Step(step)
    call = http.call(app)
    call.require(RIGHTS[taken])
    service = wiring.work_orders(call.claim(WorkOrderResponse.of))
    return WorkOrderResponse.of(service.take(request.to_command(call.origin, work_order_id, taken)))


lambda_handler = entrypoints.http(app)
