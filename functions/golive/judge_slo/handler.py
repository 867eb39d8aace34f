"""Objectives of services with their error budgets, counts that are reported, burn rates on demand (OPS-18).

Trigger: PUT, GET and DELETE /api/v1/golive/slo/objectives/{objectiveId}, GET /api/v1/golive/slo/objectives, POST
.../{objectiveId}/counts; POST /api/v1/golive/slo/burn-rates, which stores nothing. A stored objective is looked at by
its timer, see take_looks.
Runbook: docs/runbooks/golive-incidents.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from enghub.core import entrypoints, http
from enghub.golive import rights
from enghub.golive.forms import paged
from enghub.golive.incidents import wiring as incidents
from enghub.golive.slo import dynamo, wiring
from enghub.golive.slo.api import (
    OBJECTIVES,
    BurnResponse,
    BurnsResponse,
    CountResponse,
    JudgeBurnRequest,
    ObjectiveDetail,
    ObjectiveId,
    ObjectiveResponse,
    ObjectivesResponse,
    PutObjectiveRequest,
    ReportCountsRequest,
)

app = http.resolver()


@app.post("/api/v1/golive/slo/burn-rates", right=rights.READ_GOLIVE, limit="read")
def judge_burn_rates(request: JudgeBurnRequest) -> BurnsResponse:
    """Return what each pair of windows says about an objective."""
    http.call(app)
    return BurnsResponse(items=tuple(BurnResponse.of(long, verdict) for long, verdict in request.verdicts()))


@app.put(f"{OBJECTIVES}/<objective_id>", right=rights.MANAGE_ONCALL)
def put_objective(objective_id: ObjectiveId, request: PutObjectiveRequest) -> ObjectiveResponse:
    """Store an objective; from now on it is looked at, and what burns too fast pages who is on call."""
    call = http.call(app)
    incidents.services().get(call.principal.tenant_id, request.service_id)
    wanted = request.to_objective(call.principal.tenant_id, objective_id)
    return ObjectiveResponse.of(wiring.setup().put(objective_id, wanted, request.version, call.origin))


@app.delete(f"{OBJECTIVES}/<objective_id>", right=rights.MANAGE_ONCALL, status_code=204)
def delete_objective(
    objective_id: ObjectiveId, version: Annotated[int | None, Query(ge=1, le=1_000_000_000)] = None
) -> None:
    """Take an objective away; it is looked at no more."""
    wiring.setup().delete(objective_id, version, http.call(app).origin)


@app.get(OBJECTIVES, right=rights.READ_GOLIVE)
def list_objectives(
    page_size: Annotated[int, Query(alias="pageSize", ge=1, le=100)] = 50,
    cursor: Annotated[str | None, Query(max_length=1000)] = None,
) -> ObjectivesResponse:
    """Return a page of objectives."""
    tenant_id = http.call(app).principal.tenant_id
    page = dynamo.objectives().page(tenant_id, page_size, cursor)
    return ObjectivesResponse(**paged(page, ObjectiveResponse.of))


@app.get(f"{OBJECTIVES}/<objective_id>", right=rights.READ_GOLIVE)
def get_objective(objective_id: ObjectiveId) -> ObjectiveDetail:
    """Return an objective and how it stood at its last look: what fires, what is left of its budget."""
    tenant_id = http.call(app).principal.tenant_id
    kept = wiring.setup().get(tenant_id, objective_id)
    return ObjectiveDetail.whole(kept, dynamo.standing(tenant_id, objective_id))


@app.post(f"{OBJECTIVES}/<objective_id>/counts", right=rights.WORK_ON_GOLIVE)
def report_counts(objective_id: ObjectiveId, request: ReportCountsRequest) -> CountResponse:
    """Say what was counted in five minutes; another count of the same five minutes takes its place."""
    tenant_id = http.call(app).principal.tenant_id
    wiring.setup().get(tenant_id, objective_id)
    dynamo.report(tenant_id, objective_id, request.to_bucket())
    return CountResponse(start=request.start, bad=request.bad, total=request.total)


lambda_handler = entrypoints.http(app)
