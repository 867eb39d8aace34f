"""Tries the smoke tests of a cut-over plan now, outside any run (OPS-07).

Trigger: POST /api/v1/golive/go-lives/{goLiveId}/smoke-tests.
Runbook: docs/runbooks/golive-cutover.md.
"""

from enghub.core import entrypoints, http
from enghub.golive import rights
from enghub.golive.cutover import wiring
from enghub.golive.cutover.answers import SmokeTestsResponse
from enghub.golive.cutover.api import GO_LIVES, GoLiveId, SmokeTestRequest
from enghub.golive.cutover.service import smoke_tasks
from enghub.golive.smoke.api import ReportResponse

app = http.resolver()


@app.post(f"{GO_LIVES}/<go_live_id>/smoke-tests", right=rights.WORK_ON_GOLIVE)
def run_smoke_tests(go_live_id: GoLiveId, request: SmokeTestRequest) -> SmokeTestsResponse:
    """Run smoke tasks of the plan, one after another, and report each call."""
    tenant_id = http.call(app).principal.tenant_id
    plan = wiring.cutovers().plan(tenant_id, go_live_id).value
    run = wiring.scenarios().run
    reports = {name: run(tenant_id, scenario, {}) for name, scenario in smoke_tasks(plan, request.task_ids)}
    answers = {name: ReportResponse.of(report) for name, report in reports.items()}
    return SmokeTestsResponse(passed=all(one.passed for one in reports.values()), reports=answers)


lambda_handler = entrypoints.http(app)
