"""Resumes, rolls back, aborts and confirms upgrades (UPG-05, UPG-08, UPG-09).

Trigger: POST /api/v1/upgrade/resume/{executionId}, .../rollback/{executionId}, .../abort/{executionId},
.../confirm/{executionId}.
Runbook: docs/runbooks/upgrade-executions.md.
"""

from collections.abc import Callable

from enghub.core import entrypoints, http
from enghub.core.claims import Claim
from enghub.core.identity import Origin
from enghub.upgrade import rights
from enghub.upgrade.edge import resolver
from enghub.upgrade.executions import wiring
from enghub.upgrade.executions.addresses import BASE
from enghub.upgrade.executions.api import ExecutionResponse
from enghub.upgrade.executions.model import Execution, ResumeUpgrade
from enghub.upgrade.executions.requests import ConfirmRequest, ResumeRequest

app = resolver()


@app.post(f"{BASE}/resume/<execution_id>", right=rights.EXECUTE_UPGRADE, key="optional", status_code=202)
def resume_upgrade(execution_id: str, request: ResumeRequest) -> ExecutionResponse:
    """Go on from the breakpoint; with `revision: active`, by the corrected manifests that are in force."""
    asked = ResumeUpgrade(request.decision, request.revision is not None, request.promotion_waiver)
    return _changed(lambda origin, claim: wiring.upgrades().resume(execution_id, asked, origin, claim))


@app.post(f"{BASE}/rollback/<execution_id>", right=rights.EXECUTE_UPGRADE, key="optional", status_code=202)
def roll_back_upgrade(execution_id: str) -> ExecutionResponse:
    """Begin the way back of what failed or was aborted, whatever its policy says."""
    return _changed(lambda origin, claim: wiring.upgrades().roll_back(execution_id, origin, claim))


@app.post(f"{BASE}/abort/<execution_id>", right=rights.EXECUTE_UPGRADE, key="optional", status_code=202)
def abort_upgrade(execution_id: str) -> ExecutionResponse:
    """Stop at the end of the running slice."""
    return _changed(lambda origin, claim: wiring.upgrades().abort(execution_id, origin, claim))


@app.post(f"{BASE}/confirm/<execution_id>", right=rights.EXECUTE_UPGRADE, key="optional", status_code=202)
def confirm_step(execution_id: str, request: ConfirmRequest) -> ExecutionResponse:
    """Let the workflow go on past the step that waits."""
    return _changed(lambda origin, claim: wiring.upgrades().confirm(execution_id, request.step, origin, claim))


def _changed(ask: Callable[[Origin, Claim | None], Execution]) -> ExecutionResponse:
    """Return what is then, decided once for each Idempotency-Key, for who may upgrade."""
    call = http.call(app)
    return ExecutionResponse.of(ask(call.origin, call.claim(ExecutionResponse.of)))


lambda_handler = entrypoints.http(app)
