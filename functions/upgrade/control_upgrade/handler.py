"""Resumes, rolls back, aborts and confirms upgrades (UPG-05, UPG-08, UPG-09).

Trigger: POST /api/v1/upgrade/resume/{executionId}, .../rollback/{executionId}, .../abort/{executionId},
.../confirm/{executionId}.
Runbook: docs/runbooks/upgrade-executions.md.
"""

from enghub.core import entrypoints, http
from enghub.upgrade.edge import resolver
from enghub.upgrade.executions import wiring
from enghub.upgrade.executions.api import BASE, ConfirmRequest, ExecutionResponse, ResumeRequest

app = resolver()


@app.post(f"{BASE}/resume/<execution_id>", status_code=202)
def resume_upgrade(execution_id: str, request: ResumeRequest) -> ExecutionResponse:
    """Go on from the breakpoint."""
    call = http.call(app, "upgrade:execute", any_factory=True)
    once = call.once(ExecutionResponse.of)
    return ExecutionResponse.of(wiring.upgrades().resume(execution_id, request.decision, call.origin, once))


@app.post(f"{BASE}/rollback/<execution_id>", status_code=202)
def roll_back_upgrade(execution_id: str) -> ExecutionResponse:
    """Begin the way back of what failed or was aborted, whatever its policy says."""
    call = http.call(app, "upgrade:execute", any_factory=True)
    once = call.once(ExecutionResponse.of)
    return ExecutionResponse.of(wiring.upgrades().roll_back(execution_id, call.origin, once))


@app.post(f"{BASE}/abort/<execution_id>", status_code=202)
def abort_upgrade(execution_id: str) -> ExecutionResponse:
    """Stop at the end of the running slice."""
    call = http.call(app, "upgrade:execute", any_factory=True)
    once = call.once(ExecutionResponse.of)
    return ExecutionResponse.of(wiring.upgrades().abort(execution_id, call.origin, once))


@app.post(f"{BASE}/confirm/<execution_id>", status_code=202)
def confirm_step(execution_id: str, request: ConfirmRequest) -> ExecutionResponse:
    """Let the workflow go on past the step that waits."""
    call = http.call(app, "upgrade:execute", any_factory=True)
    once = call.once(ExecutionResponse.of)
    return ExecutionResponse.of(wiring.upgrades().confirm(execution_id, request.step, call.origin, once))


lambda_handler = entrypoints.http(app)
