"""Shows what an upgrade would do, without running it (UPG-04).

Trigger: POST /api/v1/upgrade/plan.
Runbook: docs/runbooks/upgrade-executions.md.
"""

from enghub.core import entrypoints, http
from enghub.upgrade import rights
from enghub.upgrade.edge import resolver
from enghub.upgrade.executions.start_request import BASE, UpgradeRequest
from enghub.upgrade.planning import wiring
from enghub.upgrade.planning.api import PlanResponse
from enghub.upgrade.rehearsal.wiring import store

app = resolver()


@app.post(f"{BASE}/plan", right=rights.READ_UPGRADE)
def plan_upgrade(request: UpgradeRequest) -> PlanResponse:
    """Return versions with reasons, steps in order, what they destroy, what can be undone, the last rehearsal."""
    call = http.call(app)
    tenant_id, planner = call.principal.tenant_id, wiring.planner()
    source, target = request.upgrade_before_version, request.upgrade_after_version
    planned = planner.plan(tenant_id, source, target, request.site_id)
    risks = tuple(planner.risk(tenant_id, planned, step) for step in planned.plan.steps)
    last = store().last(tenant_id, request.site_id, source, target)
    return PlanResponse.of(planned, risks, None if last is None else last.beside(planned.checksums), call.language)


lambda_handler = entrypoints.http(app)
