"""Plans material requirements, and keeps how items are planned (MES-08).

Trigger: PUT /api/v1/planning/items/{itemId}, POST /api/v1/planning/runs. A large run is launched by its transaction.
Runbook: docs/runbooks/mes-planning.md.
"""

from typing import TYPE_CHECKING, Annotated

from aws_lambda_powertools.event_handler import Response, content_types
from aws_lambda_powertools.event_handler.openapi.params import Path

from enghub.core import entrypoints, http, wire
from enghub.core.lazy import lazy
from enghub.mes import rights
from enghub.mes.planning.api import BASE, MAX_BODY_BYTES, ItemResponse, PutItemRequest, RunRequest, RunResponse
from enghub.mes.planning.model import RunState
from enghub.mes.planning.wiring import planning

if TYPE_CHECKING:
    from enghub.mes.large_plans import wiring as large_plans
else:
    large_plans = lazy("enghub.mes.large_plans.wiring")

app = http.resolver(max_body_bytes=MAX_BODY_BYTES)


@app.put(f"{BASE}/items/<item_id>", right=rights.PLAN)
def put_planned_item(item_id: Annotated[wire.PathId, Path()], request: PutItemRequest) -> ItemResponse:
    """Say how an item is planned."""
    origin = http.call(app).origin
    return ItemResponse.of(planning().put_item(origin, request.to_item(item_id), request.version))


@app.post(
    f"{BASE}/runs",
    right=rights.PLAN,
    key="optional",
    status_code=201,
    responses={202: {"description": "it is large: planned in chunks, read it until its state is DONE"}},
)
def plan_requirements(request: RunRequest) -> Response[RunResponse]:
    """Plan the demands over all levels, from stock and open orders; keeps what is suggested. 202: it goes on."""
    call = http.call(app)
    run = planning(call.claim(RunResponse.of), large_plans.take).run(request.to_command(call.origin))
    status = 202 if run.state is RunState.PLANNING else 201
    return Response(status, content_types.APPLICATION_JSON, RunResponse.of(run))


lambda_handler = entrypoints.http(app)
