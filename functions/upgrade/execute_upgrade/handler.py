"""Accepts an upgrade (UPG-12): plans it, pins it, locks the site; the outbox starts its workflow.

Trigger: POST /api/v1/upgrade/execute.
Runbook: docs/runbooks/upgrade-executions.md.
"""

from enghub.core import entrypoints, http
from enghub.upgrade import rights
from enghub.upgrade.edge import resolver
from enghub.upgrade.executions import wiring
from enghub.upgrade.executions.addresses import BASE
from enghub.upgrade.executions.api import ExecutionResponse
from enghub.upgrade.executions.requests import to_command
from enghub.upgrade.executions.start_request import UpgradeRequest

app = resolver()


@app.post(f"{BASE}/execute", right=rights.EXECUTE_UPGRADE, key="optional", status_code=202)
def execute_upgrade(request: UpgradeRequest) -> ExecutionResponse:
    """Start an upgrade; the same Idempotency-Key starts one."""
    call = http.call(app)
    claim = call.claim(ExecutionResponse.of)
    return ExecutionResponse.of(wiring.upgrades().execute(to_command(request), call.origin, claim))


lambda_handler = entrypoints.http(app)
