"""Starts rehearsals of upgrades on a copy of a site's database (UPG-09).

Trigger: POST /api/v1/upgrade/rehearsals.
Runbook: docs/runbooks/upgrade-rehearsals.md.
"""

from enghub.core import entrypoints, http
from enghub.upgrade import rights
from enghub.upgrade.edge import resolver
from enghub.upgrade.rehearsal import wiring
from enghub.upgrade.rehearsal.api import BASE, RehearsalRequest, RehearsalResponse

app = resolver()


@app.post(BASE, right=rights.EXECUTE_UPGRADE, key="optional", status_code=202)
def start_rehearsal(request: RehearsalRequest) -> RehearsalResponse:
    """Start a rehearsal; the same Idempotency-Key starts one."""
    call = http.call(app)
    claim = call.claim(RehearsalResponse.of)
    return RehearsalResponse.of(wiring.rehearsals().start(request.to_command(), call.origin, claim))


lambda_handler = entrypoints.http(app)
