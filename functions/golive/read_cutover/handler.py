"""Reads cut-over plans with their critical path, and runs: plan against actual (OPS-04, OPS-05).

Trigger: GET /api/v1/golive/go-lives/{goLiveId}/cutover-plan and cutover-runs, GET /api/v1/golive/cutover-runs/{runId}.
Runbook: docs/runbooks/golive-cutover.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from enghub.core import entrypoints, http
from enghub.core.clock import system_clock
from enghub.golive import rights
from enghub.golive.cutover import wiring
from enghub.golive.cutover.answers import PlanResponse, RunDetail, RunsResponse
from enghub.golive.cutover.api import GO_LIVES, RUNS, GoLiveId, RunId

app = http.resolver()
PageSize = Annotated[int, Query(alias="pageSize", ge=1, le=100)]
Cursor = Annotated[str | None, Query(max_length=2000)]


@app.get(f"{GO_LIVES}/<go_live_id>/cutover-plan", right=rights.READ_GOLIVE)
def get_cutover_plan(go_live_id: GoLiveId) -> PlanResponse:
    """Return the plan with its critical path by planned minutes."""
    return PlanResponse.of(wiring.cutovers().plan(http.call(app).principal.tenant_id, go_live_id))


@app.get(f"{GO_LIVES}/<go_live_id>/cutover-runs", right=rights.READ_GOLIVE)
def list_cutover_runs(
    go_live_id: GoLiveId,
    page_size: PageSize = 20,
    cursor: Cursor = None,
) -> RunsResponse:
    """Return part of a go-live's runs, the latest first."""
    tenant_id = http.call(app).principal.tenant_id
    return RunsResponse.of(wiring.cutovers().store.runs(tenant_id, go_live_id, page_size, cursor))


@app.get(f"{RUNS}/<run_id>", right=rights.READ_GOLIVE)
def get_cutover_run(run_id: RunId) -> RunDetail:
    """Return a run: every task's plan and actual, and the critical path by measured minutes."""
    found = wiring.cutovers().found(http.call(app).principal.tenant_id, run_id)
    return RunDetail.whole(found, system_clock())


lambda_handler = entrypoints.http(app)
