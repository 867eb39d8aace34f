"""Plans drills, calls them off, ends and judges them, keeps what they found; actions (OPS-16).

Trigger: PUT and DELETE /api/v1/golive/drill-plans/{planId}; POST /api/v1/golive/drills, /api/v1/golive/drill-newcomers,
and below /api/v1/golive/drills/{drillId} cancel, end, findings; PUT .../scores/{dimension}; POST /api/v1/golive/actions
and .../{actionId}/end.
Runbook: docs/runbooks/golive-drills.md.
"""

from typing import TYPE_CHECKING, Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from enghub.core import entrypoints, http
from enghub.core.calls import Call
from enghub.core.commits import Kept
from enghub.core.lazy import lazy
from enghub.golive import rights
from enghub.golive.actions.api import ActionResponse, EndActionRequest, PromiseRequest
from enghub.golive.drills.api import (
    AimPart,
    CancelDrillRequest,
    Dimension,
    DrillId,
    DrillPlanResponse,
    DrillResponse,
    FindingRequest,
    JudgeRequest,
    NewcomerRequest,
    PlanDrillRequest,
    PlanId,
    PutDrillPlanRequest,
)
from enghub.golive.drills.plans import Slot
from enghub.golive.forms import BASE, Id

if TYPE_CHECKING:
    from enghub.golive.actions import wiring as actions
    from enghub.golive.drills import wiring
else:
    actions = lazy("enghub.golive.actions.wiring")
    wiring = lazy("enghub.golive.drills.wiring")

app = http.resolver()
ONE = f"{BASE}/drills/<drill_id>"
Seen = Annotated[int | None, Query(ge=1, le=1_000_000_000)]


@app.put(f"{BASE}/drill-plans/<plan_id>", right=rights.MANAGE_GOLIVE)
def put_drill_plan(plan_id: PlanId, request: PutDrillPlanRequest) -> DrillPlanResponse:
    """Store a plan: each month's drills are made when the month begins."""
    origin = http.call(app).origin
    plan = request.to_plan(origin.tenant_id, plan_id)
    return DrillPlanResponse.of(wiring.drill_plans().put(plan_id, plan, request.version, origin))


@app.delete(f"{BASE}/drill-plans/<plan_id>", right=rights.MANAGE_GOLIVE, status_code=204)
def delete_drill_plan(plan_id: PlanId, version: Seen = None) -> None:
    """Plan no more; what is planned stays."""
    wiring.drill_plans().delete(plan_id, version, http.call(app).origin)


@app.post(f"{BASE}/drills", right=rights.MANAGE_GOLIVE, key="optional", status_code=201)
def plan_drill(request: PlanDrillRequest) -> DrillResponse:
    """Plan a drill: its moment is drawn now and kept; refused where its alerts would reach production."""
    return _planned(http.call(app), request, request.to_slot())


@app.post(f"{BASE}/drill-newcomers", right=rights.MANAGE_GOLIVE, key="optional", status_code=201)
def plan_newcomer(request: NewcomerRequest) -> DrillResponse:
    """Plan the drill of somebody new, in their second week."""
    return _planned(http.call(app), request, request.to_slot())


@app.post(f"{ONE}/cancel", right=rights.MANAGE_GOLIVE)
def cancel_drill(drill_id: DrillId, request: CancelDrillRequest) -> DrillResponse:
    """Call a drill off before it begins."""
    return DrillResponse.of(wiring.drills().cancel(drill_id, request.reason, http.call(app).origin))


@app.post(f"{ONE}/end", right=rights.WORK_ON_GOLIVE)
def end_drill(drill_id: DrillId) -> DrillResponse:
    """End a drill: it is measured by its incident's timeline, and scored."""
    return DrillResponse.of(wiring.drills().end(drill_id, http.call(app).origin))


@app.put(f"{ONE}/scores/<dimension>", right=rights.MANAGE_GOLIVE)
def judge_drill(drill_id: DrillId, dimension: Annotated[Dimension, Path()], request: JudgeRequest) -> DrillResponse:
    """Put an observer's judgement in place of a measure."""
    origin = http.call(app).origin
    return DrillResponse.of(wiring.drills().judge(drill_id, dimension, request.points, request.why, origin))


@app.post(f"{ONE}/findings", right=rights.WORK_ON_GOLIVE, key="optional", status_code=201)
def add_finding(drill_id: DrillId, request: FindingRequest) -> ActionResponse:
    """Keep what a drill found: an action with an owner, tracked until it is done."""
    call = http.call(app)
    claim = call.claim(lambda made: ActionResponse.of(Kept(made)))
    return ActionResponse.of(wiring.drills().find(drill_id, request.to_wanted(), call.origin, claim))


@app.post(f"{BASE}/actions", right=rights.WORK_ON_GOLIVE, key="optional", status_code=201)
def promise_action(request: PromiseRequest) -> ActionResponse:
    """Promise to do something until a time; its owner is told when it is overdue."""
    call = http.call(app)
    claim = call.claim(lambda made: ActionResponse.of(Kept(made)))
    return ActionResponse.of(actions.actions().promise(request.about, request.to_wanted(), call.origin, claim))


@app.post(f"{BASE}/actions/<action_id>/end", right=rights.WORK_ON_GOLIVE)
def end_action(action_id: Annotated[Id, Path()], request: EndActionRequest) -> ActionResponse:
    """Say that an action is done, or given up."""
    return ActionResponse.of(actions.actions().end(action_id, request.state, request.note, http.call(app).origin))


def _planned(call: Call, aim: AimPart, slot: Slot) -> DrillResponse:
    claim = call.claim(lambda made: DrillResponse.of(Kept(made)))
    return DrillResponse.of(wiring.drills().plan(slot, aim.to_aim(), call.origin, claim))


lambda_handler = entrypoints.http(app)
