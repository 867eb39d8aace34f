"""Plans material requirements, and keeps how items are planned (MES-08).

Trigger: PUT /api/v1/planning/items/{itemId}, POST /api/v1/planning/runs.
Runbook: docs/runbooks/mes-planning.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path

from enghub.core import entrypoints, http, wire
from enghub.mes import rights
from enghub.mes.planning.api import BASE, ItemResponse, PutItemRequest, RunRequest, RunResponse
from enghub.mes.planning.wiring import planning

app = http.resolver()


@app.put(f"{BASE}/items/<item_id>", right=rights.PLAN)
def put_planned_item(item_id: Annotated[wire.PathId, Path()], request: PutItemRequest) -> ItemResponse:
    """Say how an item is planned."""
    origin = http.call(app).origin
    return ItemResponse.of(planning().put_item(origin, request.to_item(item_id), request.version))


@app.post(f"{BASE}/runs", right=rights.PLAN, key="optional", status_code=201)
def plan_requirements(request: RunRequest) -> RunResponse:
    """Plan the demands over all levels, from stock and open orders; keeps what is suggested."""
    call = http.call(app)
    service = planning(call.claim(RunResponse.of))
    return RunResponse.of(service.run(request.to_command(call.origin)))


lambda_handler = entrypoints.http(app)
