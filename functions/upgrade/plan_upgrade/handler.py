"""Shows what an upgrade would do, without running it (UPG-04).

Trigger: POST /api/v1/upgrade/plan.
Runbook: docs/runbooks/upgrade-executions.md.
"""

from typing import TYPE_CHECKING

from enghub.core import entrypoints, http
from enghub.core.lazy import lazy
from enghub.upgrade import rights
from enghub.upgrade.drift.wiring import drifts
from enghub.upgrade.edge import resolver
from enghub.upgrade.executions.addresses import BASE
from enghub.upgrade.executions.start_request import UpgradeRequest
from enghub.upgrade.forecasts.wiring import forecasts
from enghub.upgrade.planning import wiring
from enghub.upgrade.planning.api import PlanResponse, SeenSite

if TYPE_CHECKING:
    from enghub.upgrade.rehearsal import wiring as rehearsal
else:
    rehearsal = lazy("enghub.upgrade.rehearsal.wiring")

app = resolver()


@app.post(f"{BASE}/plan", right=rights.READ_UPGRADE)
def plan_upgrade(request: UpgradeRequest) -> PlanResponse:
    """Return drift, versions with reasons, steps in order, what they destroy and can undo, rehearsal, forecast."""
    call = http.call(app)
    tenant_id, planner = call.principal.tenant_id, wiring.planner()
    source, target = request.upgrade_before_version, request.upgrade_after_version
    planned = planner.plan(tenant_id, source, target, request.site_id, request.environment)
    drift = drifts().look(planned.site)
    risks = tuple(planner.risk(tenant_id, planned, step) for step in planned.plan.steps)
    last = rehearsal.store().last(tenant_id, request.site_id, source, target)
    beside = None if last is None else last.beside(planned.checksums)
    site = SeenSite(drift, forecasts().of(tenant_id, planned))
    return PlanResponse.of(planned, risks, beside, site, call.language)


lambda_handler = entrypoints.http(app)
