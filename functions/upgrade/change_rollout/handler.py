"""Starts, pauses, resumes, confirms and aborts roll-outs (UPG-11).

Trigger: POST /api/v1/upgrade/rollouts, .../{rolloutId}/pause, .../{rolloutId}/resume, .../{rolloutId}/confirm,
.../{rolloutId}/abort.
Runbook: docs/runbooks/upgrade-rollouts.md.
"""

from collections.abc import Callable

from enghub.core import entrypoints, http
from enghub.core.claims import Claim
from enghub.core.identity import Origin
from enghub.upgrade import rights
from enghub.upgrade.edge import resolver
from enghub.upgrade.rollouts import wiring
from enghub.upgrade.rollouts.api import BASE, RolloutRequest, RolloutResponse
from enghub.upgrade.rollouts.model import Rollout

app = resolver()


@app.post(BASE, right=rights.EXECUTE_UPGRADE, key="optional", status_code=202)
def start_rollout(request: RolloutRequest) -> RolloutResponse:
    """Start a roll-out; the same Idempotency-Key starts one."""
    return _changed(lambda origin, claim: wiring.rollouts().start(request.to_command(), origin, claim))


@app.post(f"{BASE}/<rollout_id>/pause", right=rights.EXECUTE_UPGRADE, key="optional", status_code=202)
def pause_rollout(rollout_id: str) -> RolloutResponse:
    """Begin no further site."""
    return _changed(lambda origin, claim: wiring.rollouts().pause(rollout_id, origin, claim))


@app.post(f"{BASE}/<rollout_id>/resume", right=rights.EXECUTE_UPGRADE, key="optional", status_code=202)
def resume_rollout(rollout_id: str) -> RolloutResponse:
    """Go on; after a stop the wave's failed sites are tried again."""
    return _changed(lambda origin, claim: wiring.rollouts().resume(rollout_id, origin, claim))


@app.post(f"{BASE}/<rollout_id>/confirm", right=rights.EXECUTE_UPGRADE, key="optional", status_code=202)
def confirm_rollout(rollout_id: str) -> RolloutResponse:
    """Let the next wave begin."""
    return _changed(lambda origin, claim: wiring.rollouts().confirm(rollout_id, origin, claim))


@app.post(f"{BASE}/<rollout_id>/abort", right=rights.EXECUTE_UPGRADE, key="optional", status_code=202)
def abort_rollout(rollout_id: str) -> RolloutResponse:
    """End it: what is queued is withdrawn, what runs goes on to its own end."""
    return _changed(lambda origin, claim: wiring.rollouts().abort(rollout_id, origin, claim))


def _changed(ask: Callable[[Origin, Claim | None], Rollout]) -> RolloutResponse:
    """Return what is then, decided once for each Idempotency-Key, for who may upgrade."""
    call = http.call(app)
    return RolloutResponse.of(ask(call.origin, call.claim(RolloutResponse.of)))


lambda_handler = entrypoints.http(app)
