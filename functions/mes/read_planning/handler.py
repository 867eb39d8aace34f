"""Reads runs and items, and answers what-if questions: lot sizes, master schedules, finite capacity (MES-08).

Trigger: GET /api/v1/planning/items/{itemId}, .../runs/{runId}, .../runs/{runId}/suggestions;
POST /api/v1/planning/{lot-sizes|master-schedules|schedules}.
Runbook: docs/runbooks/mes-planning.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from enghub.core import entrypoints, http, wire
from enghub.mes import rights
from enghub.mes.factories import Factory
from enghub.mes.planning import api, whatif
from enghub.mes.planning.api import BASE
from enghub.mes.planning.wiring import planning

app = http.resolver()
RunId = Annotated[wire.PathId, Path()]


@app.get(f"{BASE}/items/<item_id>", right=rights.READ_PLANNING)
def get_planned_item(item_id: Annotated[wire.PathId, Path()]) -> api.ItemResponse:
    """Return how an item is planned."""
    return api.ItemResponse.of(planning().item(Factory.of(http.call(app).origin), item_id))


@app.get(f"{BASE}/runs/<run_id>", right=rights.READ_PLANNING)
def get_planning_run(run_id: RunId) -> api.RunResponse:
    """Return a run."""
    return api.RunResponse.of(planning().get_run(Factory.of(http.call(app).origin), run_id))


@app.get(f"{BASE}/runs/<run_id>/suggestions", right=rights.READ_PLANNING)
def list_suggestions(
    run_id: RunId,
    page_size: Annotated[int, Query(ge=1, le=100, alias="pageSize")] = 50,
    cursor: Annotated[str | None, Query(max_length=2000)] = None,
) -> api.SuggestionsResponse:
    """Return one page of a run's suggestions, each with what it is for and why so much."""
    factory = Factory.of(http.call(app).origin)
    return api.SuggestionsResponse.of(planning().suggestions(factory, run_id, page_size, cursor))


@app.post(f"{BASE}/lot-sizes", right=rights.READ_PLANNING)
def compare_lot_sizes(request: whatif.LotSizesRequest) -> whatif.LotSizesResponse:
    """Return what every method would order and cost, side by side."""
    http.call(app)
    return whatif.LotSizesResponse.of(request.sized())


@app.post(f"{BASE}/master-schedules", right=rights.READ_PLANNING)
def try_master_schedule(request: whatif.MasterScheduleRequest) -> whatif.MasterScheduleResponse:
    """Return a master schedule of forecast, orders and stock, with what may still be promised."""
    http.call(app)
    return whatif.MasterScheduleResponse.of(request)


@app.post(f"{BASE}/schedules", right=rights.READ_PLANNING)
def try_schedule(request: whatif.ScheduleRequest) -> whatif.ScheduleResponse:
    """Return jobs on finite capacity, and why the late ones are late; nothing is stored."""
    http.call(app)
    return request.answer()


lambda_handler = entrypoints.http(app)
