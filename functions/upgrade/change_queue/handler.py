"""Sets how many upgrades of the tenant may run at once (UPG-10); more begin, fewer let those that run end.

Trigger: PUT /api/v1/upgrade/queue.
Runbook: docs/runbooks/upgrade-queue.md.
"""

from enghub.core import entrypoints, http
from enghub.upgrade import rights
from enghub.upgrade.edge import resolver
from enghub.upgrade.queue import wiring
from enghub.upgrade.queue.api import BASE, LimitRequest, QueueResponse
from enghub.upgrade.queue.service import set_limit

app = resolver()


@app.put(BASE, right=rights.MANAGE_UPGRADE)
def put_limit(request: LimitRequest) -> QueueResponse:
    """Set the tenant's own limit, or go back to the stage's."""
    call = http.call(app)
    return QueueResponse.of(set_limit(wiring.queue(), request.limit, call.origin), wiring.default_limit())


lambda_handler = entrypoints.http(app)
