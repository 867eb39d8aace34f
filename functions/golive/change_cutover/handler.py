"""Cut-over plans, runs of them, what people say during a run; traffic ramps (OPS-04, OPS-05, OPS-08).

Trigger: PUT /api/v1/golive/go-lives/{goLiveId}/cutover-plan, POST .../cutover-runs, and below
/api/v1/golive/cutover-runs/{runId} POST tasks/{taskId}/{end|vote|again|skip}, roll-back and progress; POST
/api/v1/golive/ramps and .../{rampId}/{pause|resume|roll-back|complete}.
Runbook: docs/runbooks/golive-cutover.md.
"""

from typing import TYPE_CHECKING

from enghub.core import entrypoints, http, ids
from enghub.core.clock import system_clock
from enghub.core.lazy import lazy
from enghub.golive import rights
from enghub.golive.cutover import wiring
from enghub.golive.cutover.answers import PlanResponse, RunDetail, RunResponse
from enghub.golive.cutover.api import (
    GO_LIVES,
    RUNS,
    EndTaskRequest,
    GoLiveId,
    ProgressRequest,
    PutPlanRequest,
    RunId,
    SkipRequest,
    StartRunRequest,
    TaskId,
    VoteRequest,
)
from enghub.golive.ramps.answers import RampResponse
from enghub.golive.ramps.api import RAMPS, BackRequest, RampId, RampPart

if TYPE_CHECKING:
    from enghub.golive.incidents import wiring as incidents
    from enghub.golive.ramps import wiring as ramping
else:  # for routes of ramps alone
    incidents = lazy("enghub.golive.incidents.wiring")
    ramping = lazy("enghub.golive.ramps.wiring")

app = http.resolver()
RAMP = f"{RAMPS}/<ramp_id>"
TASK = f"{RUNS}/<run_id>/tasks/<task_id>"


@app.put(f"{GO_LIVES}/<go_live_id>/cutover-plan", right=rights.MANAGE_GOLIVE)
def put_cutover_plan(go_live_id: GoLiveId, request: PutPlanRequest) -> PlanResponse:
    """Store a plan: the document's, or one's own; circles and unknown owners are refused."""
    origin = http.call(app).origin
    return PlanResponse.of(wiring.cutovers().put_plan(go_live_id, request.maker(), request.version, origin))


@app.post(f"{GO_LIVES}/<go_live_id>/cutover-runs", right=rights.DECIDE_GOLIVE, key="optional", status_code=201)
def start_cutover(go_live_id: GoLiveId, request: StartRunRequest) -> RunResponse:
    """Begin a run: the real one needs a decision to go that holds."""
    call = http.call(app)
    claim = call.claim(RunResponse.of_new)
    run = wiring.cutovers().start(
        go_live_id, call.origin, claim, rehearsal=request.rehearsal, by_clock=request.by_clock
    )
    return RunResponse.of(run)


@app.post(f"{TASK}/end", right=rights.WORK_ON_GOLIVE)
def end_task(run_id: RunId, task_id: TaskId, request: EndTaskRequest) -> RunDetail:
    """Say what became of a task that waits for its owner, or of its way back."""
    origin = http.call(app).origin
    found = wiring.cutovers().end_task(run_id, task_id, origin, passed=request.passed, result=request.result)
    return RunDetail.whole(found, system_clock())


@app.post(f"{TASK}/vote", right=rights.DECIDE_GOLIVE)
def vote_on_task(run_id: RunId, task_id: TaskId, request: VoteRequest) -> RunDetail:
    """Approve what a gate shows, or refuse it; the evidence that was seen must still be the evidence."""
    origin = http.call(app).origin
    said = {"seen": request.seen, "comment": request.comment}
    found = wiring.cutovers().vote(run_id, task_id, request.verdict, origin, **said)
    return RunDetail.whole(found, system_clock())


@app.post(f"{TASK}/again", right=rights.WORK_ON_GOLIVE)
def do_task_again(run_id: RunId, task_id: TaskId) -> RunDetail:
    """Do a task again that failed, is uncertain, or that nothing follows yet."""
    return RunDetail.whole(wiring.cutovers().again(run_id, task_id, http.call(app).origin), system_clock())


@app.post(f"{TASK}/skip", right=rights.DECIDE_GOLIVE)
def skip_task(run_id: RunId, task_id: TaskId, request: SkipRequest) -> RunDetail:
    """Go on without a task."""
    found = wiring.cutovers().skip(run_id, task_id, request.reason, http.call(app).origin)
    return RunDetail.whole(found, system_clock())


@app.post(f"{RUNS}/<run_id>/roll-back", right=rights.DECIDE_GOLIVE)
def roll_back(run_id: RunId, request: SkipRequest) -> RunDetail:
    """Go back; only those that the plan names, and not past the point of no return."""
    found = wiring.cutovers().roll_back(run_id, request.reason, http.call(app).origin)
    return RunDetail.whole(found, system_clock())


@app.post(f"{RUNS}/<run_id>/progress", right=rights.WORK_ON_GOLIVE)
def tell_progress(run_id: RunId, request: ProgressRequest) -> RunDetail:
    """Say how far the migration is; checks of the plan compare it with what is expected."""
    found = wiring.cutovers().tell_progress(run_id, request.percent, http.call(app).origin)
    return RunDetail.whole(found, system_clock())


@app.post(RAMPS, right=rights.DECIDE_GOLIVE, key="optional", status_code=201)
def start_ramp(request: RampPart) -> RampResponse:
    """Let traffic to a new version grow step by step, watched, and go back by itself when it does harm."""
    call = http.call(app)
    incidents.services().get(call.principal.tenant_id, request.service_id)
    origin = call.origin
    wanted = request.to_ramp(origin.tenant_id, ids.new_id(origin.at), origin.user_id, origin.at)
    return RampResponse.of(ramping.ramps().start(wanted, origin, call.claim(RampResponse.of_new)))


@app.post(f"{RAMP}/pause", right=rights.DECIDE_GOLIVE)
def pause_ramp(ramp_id: RampId) -> RampResponse:
    """Let it grow no more; it is watched and still goes back."""
    return RampResponse.of(ramping.ramps().pause(ramp_id, http.call(app).origin))


@app.post(f"{RAMP}/resume", right=rights.DECIDE_GOLIVE)
def resume_ramp(ramp_id: RampId) -> RampResponse:
    """Go on; a share that somebody else set is the ramp's own from now on."""
    return RampResponse.of(ramping.ramps().resume(ramp_id, http.call(app).origin))


@app.post(f"{RAMP}/roll-back", right=rights.DECIDE_GOLIVE)
def roll_back_ramp(ramp_id: RampId, request: BackRequest) -> RampResponse:
    """Go back to the share that it began with, also after it is done."""
    return RampResponse.of(ramping.ramps().roll_back(ramp_id, request.reason, http.call(app).origin))


@app.post(f"{RAMP}/complete", right=rights.DECIDE_GOLIVE)
def complete_ramp(ramp_id: RampId) -> RampResponse:
    """End it where it stands; nothing is watched any more."""
    return RampResponse.of(ramping.ramps().complete(ramp_id, http.call(app).origin))


lambda_handler = entrypoints.http(app)
