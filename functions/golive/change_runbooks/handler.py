"""Stores runbooks and follows them from an incident; does what is automatic in them (OPS-13, OPS-14).

Trigger: PUT and DELETE /api/v1/golive/runbooks/{runbookId}, POST /api/v1/golive/incidents/{id}/runbook-runs, and below
/api/v1/golive/runbook-runs/{runId} POST steps/{stepId}/{begin|end|skip}, recovered, abandon.
Runbook: docs/runbooks/golive-runbooks.md.
"""

from typing import TYPE_CHECKING, Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from enghub.core import entrypoints, http
from enghub.core.clock import system_clock
from enghub.core.lazy import lazy
from enghub.golive import rights
from enghub.golive.forms import BASE
from enghub.golive.incidents.api import IncidentId
from enghub.golive.runbooks.answers import RunbookResponse, RunDetail, RunResponse
from enghub.golive.runbooks.api import (
    RUNS,
    EndStepRequest,
    PutRunbookRequest,
    ReasonRequest,
    RecoveredRequest,
    RunbookId,
    RunId,
    StartRunRequest,
    StepId,
)
from enghub.golive.runbooks.repository import Found, Versioned

if TYPE_CHECKING:
    from enghub.golive.runbooks import wiring
else:
    wiring = lazy("enghub.golive.runbooks.wiring")

app = http.resolver()
RUN, STEP = f"{RUNS}/<run_id>", f"{RUNS}/<run_id>/steps/<step_id>"
Seen = Annotated[int | None, Query(ge=1, le=1_000_000_000)]


@app.put(f"{BASE}/runbooks/<runbook_id>", right=rights.MANAGE_RUNBOOKS)
def put_runbook(runbook_id: RunbookId, request: PutRunbookRequest) -> RunbookResponse:
    """Store a version of a runbook; the steps of a built-in one may be left out."""
    origin = http.call(app).origin
    wanted = request.to_runbook(origin.tenant_id, runbook_id)
    kept = wiring.setup().put(runbook_id, wanted, request.version, origin)
    return RunbookResponse.of(Versioned(kept.value, kept.revision))


@app.delete(f"{BASE}/runbooks/<runbook_id>", right=rights.MANAGE_RUNBOOKS, status_code=204)
def delete_runbook(runbook_id: RunbookId, version: Seen = None) -> None:
    """Take one's own runbook away; a built-in one of that name is back."""
    wiring.setup().delete(runbook_id, version, http.call(app).origin)


@app.post(f"{BASE}/incidents/<incident_id>/runbook-runs", right=rights.RESPOND, key="optional", status_code=201)
def start_runbook(incident_id: Annotated[IncidentId, Path()], request: StartRunRequest) -> RunResponse:
    """Follow a runbook because of an incident; once at a time."""
    call = http.call(app)
    claim = call.claim(RunResponse.of_new)
    found = wiring.runs().start(incident_id, request.runbook_id, request.version, call.origin, claim)
    return RunResponse.of(found.run)


@app.post(f"{STEP}/begin", right=rights.RESPOND)
def begin_runbook_step(run_id: RunId, step_id: StepId) -> RunDetail:
    """Set out to do a step; an automatic one is done at once."""
    return _told(wiring.runs().begin_step(run_id, step_id, http.call(app).origin))


@app.post(f"{STEP}/end", right=rights.RESPOND)
def end_runbook_step(run_id: RunId, step_id: StepId, request: EndStepRequest) -> RunDetail:
    """Say what became of a step."""
    origin = http.call(app).origin
    return _told(wiring.runs().end_step(run_id, step_id, origin, passed=request.passed, result=request.result))


@app.post(f"{STEP}/skip", right=rights.RESPOND)
def skip_runbook_step(run_id: RunId, step_id: StepId, request: ReasonRequest) -> RunDetail:
    """Go on without a step."""
    return _told(wiring.runs().skip_step(run_id, step_id, request.reason, http.call(app).origin))


@app.post(f"{RUN}/recovered", right=rights.RESPOND)
def prove_recovery(run_id: RunId, request: RecoveredRequest) -> RunDetail:
    """Measure; the run ends as recovered where the measure proves it."""
    probe = request.probe.to_probe() if request.probe else None
    return _told(wiring.runs().recover(run_id, probe, http.call(app).origin))


@app.post(f"{RUN}/abandon", right=rights.RESPOND)
def abandon_runbook(run_id: RunId, request: ReasonRequest) -> RunDetail:
    """Follow it no more."""
    return _told(wiring.runs().abandon(run_id, request.reason, http.call(app).origin))


def _told(found: Found) -> RunDetail:
    return RunDetail.whole(found, system_clock())


lambda_handler = entrypoints.http(app)
