"""Reads how many upgrades of the tenant may run at once, how many do, and who waits (UPG-10).

Trigger: GET /api/v1/upgrade/queue.
Runbook: docs/runbooks/upgrade-queue.md.
"""

from enghub.core import entrypoints, http
from enghub.upgrade import rights
from enghub.upgrade.edge import resolver
from enghub.upgrade.queue import wiring
from enghub.upgrade.queue.api import BASE, QueueResponse

app = resolver()


@app.get(BASE, right=rights.READ_UPGRADE)
def get_queue() -> QueueResponse:
    """Return slots and queue."""
    call = http.call(app)
    return QueueResponse.of(wiring.queue().line(call.principal.tenant_id), wiring.default_limit())


lambda_handler = entrypoints.http(app)
