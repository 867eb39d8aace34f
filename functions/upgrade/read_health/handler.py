"""Tells the state of every dependency of upgrades: 200 when all are well, 503 with the same details when not (UPG-20).

Trigger: GET /api/v1/upgrade/health.
Runbook: docs/runbooks/upgrade-executions.md.
"""

from enghub.core import entrypoints, http
from enghub.upgrade import rights
from enghub.upgrade.edge import resolver
from enghub.upgrade.health import service, wiring
from enghub.upgrade.health.api import HealthResponse

app = resolver()


@app.get("/api/v1/upgrade/health", right=rights.READ_UPGRADE)
def get_health() -> HealthResponse:
    """Look at table, state machine, secret store, bucket and the manifests in force."""
    call = http.call(app)
    return HealthResponse.of(service.look(wiring.probes(), call.principal.tenant_id))


lambda_handler = entrypoints.http(app)
