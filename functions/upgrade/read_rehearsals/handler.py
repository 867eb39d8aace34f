"""Reads a rehearsal: how far it is, what it copied, its times and differences (UPG-09).

Trigger: GET /api/v1/upgrade/rehearsals/{rehearsalId}.
Runbook: docs/runbooks/upgrade-rehearsals.md.
"""

from enghub.core import entrypoints, http
from enghub.upgrade import rights
from enghub.upgrade.edge import resolver
from enghub.upgrade.rehearsal import wiring
from enghub.upgrade.rehearsal.api import BASE, RehearsalStatusResponse

app = resolver()


@app.get(f"{BASE}/<rehearsal_id>", right=rights.READ_UPGRADE)
def get_rehearsal(rehearsal_id: str) -> RehearsalStatusResponse:
    """Return a rehearsal with its steps."""
    call = http.call(app)
    return RehearsalStatusResponse.seen(wiring.rehearsals().look(call.principal.tenant_id, rehearsal_id), call.language)


lambda_handler = entrypoints.http(app)
