"""Starts, pauses, resumes, confirms and aborts roll-outs (UPG-11).

Trigger: POST /api/v1/upgrade/rollouts, .../{rolloutId}/pause, .../{rolloutId}/resume, .../{rolloutId}/confirm,
.../{rolloutId}/abort.
Runbook: docs/runbooks/upgrade-rollouts.md.
"""

from enghub.core import entrypoints, http
from enghub.upgrade.edge import resolver
from enghub.upgrade.rollouts import wiring
from enghub.upgrade.rollouts.api import BASE, RolloutRequest, RolloutResponse

app = resolver()


@app.post(BASE, status_code=202)
def start_rollout(request: RolloutRequest) -> RolloutResponse:
    """Start a roll-out; the same Idempotency-Key starts one."""
    call = http.call(app, "upgrade:execute", any_factory=True)
    once = call.once(RolloutResponse.of)
    return RolloutResponse.of(wiring.rollouts().start(request.to_command(), call.origin, once))


@app.post(f"{BASE}/<rollout_id>/pause", status_code=202)
def pause_rollout(rollout_id: str) -> RolloutResponse:
    """Begin no further site."""
    call = http.call(app, "upgrade:execute", any_factory=True)
    once = call.once(RolloutResponse.of)
    return RolloutResponse.of(wiring.rollouts().pause(rollout_id, call.origin, once))


@app.post(f"{BASE}/<rollout_id>/resume", status_code=202)
def resume_rollout(rollout_id: str) -> RolloutResponse:
    """Go on; after a stop the wave's failed sites are tried again."""
    call = http.call(app, "upgrade:execute", any_factory=True)
    once = call.once(RolloutResponse.of)
    return RolloutResponse.of(wiring.rollouts().resume(rollout_id, call.origin, once))


@app.post(f"{BASE}/<rollout_id>/confirm", status_code=202)
def confirm_rollout(rollout_id: str) -> RolloutResponse:
    """Let the next wave begin."""
    call = http.call(app, "upgrade:execute", any_factory=True)
    once = call.once(RolloutResponse.of)
    return RolloutResponse.of(wiring.rollouts().confirm(rollout_id, call.origin, once))


@app.post(f"{BASE}/<rollout_id>/abort", status_code=202)
def abort_rollout(rollout_id: str) -> RolloutResponse:
    """End it: what is queued is withdrawn, what runs goes on to its own end."""
    call = http.call(app, "upgrade:execute", any_factory=True)
    once = call.once(RolloutResponse.of)
    return RolloutResponse.of(wiring.rollouts().abort(rollout_id, call.origin, once))


lambda_handler = entrypoints.http(app)
