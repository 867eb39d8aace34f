"""Tells who would have been paged with another policy or rota, beside who was; stores nothing (OPS-22).

Trigger: POST /api/v1/golive/replays.
Runbook: docs/runbooks/golive-incidents.md.
"""

from enghub.core import entrypoints, http
from enghub.golive import rights
from enghub.golive.forms import BASE
from enghub.golive.oncall.api import period
from enghub.golive.replays.api import ReplayRequest, ReplayResponse
from enghub.golive.replays.wiring import replay

app = http.resolver()


@app.post(f"{BASE}/replays", right=rights.READ_GOLIVE)
def replay_incidents(request: ReplayRequest) -> ReplayResponse:
    """Return who would have been paged with another policy or rota, beside who was."""
    call = http.call(app)
    tenant_id = call.principal.tenant_id
    proposed = (request.proposed_policy(tenant_id), request.proposed_schedules(tenant_id))
    span = period(request.since, request.until)
    found = replay(tenant_id, span, proposed, (request.service_id, request.policy_id), request.cursor)
    return ReplayResponse.of(found, call.language)


lambda_handler = entrypoints.http(app)
