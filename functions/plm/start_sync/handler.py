"""Asks for product syncs, and for one failed batch to be run again alone (PLM-03, PLM-04).

Trigger: POST /api/v1/plm/sync and /api/v1/plm/sync/{runId}/batches/{number}/rerun. The run starts from the queue
launch_sync, filled by the outbox: a request that was answered is a run that starts. Runbook: docs/runbooks/plm-sync.md.
"""

from enghub.core import entrypoints, http
from enghub.plm import rights
from enghub.plm.connections.store import Connections
from enghub.plm.syncs import wiring
from enghub.plm.syncs.api import StartSyncRequest, SyncRunResponse

app = http.resolver()


@app.post("/api/v1/plm/sync", right=rights.START_SYNC, key="optional", status_code=202)
def start_sync(request: StartSyncRequest) -> SyncRunResponse:
    """202 with the run, requested."""
    call = http.call(app)
    Connections.here().api(request.connection, call.principal.tenant_id)
    claim = call.claim(SyncRunResponse.of)
    run = wiring.syncs().request(request.connection, request.mode, request.batch_type, call.origin, claim)
    return SyncRunResponse.of(run)


@app.post("/api/v1/plm/sync/<run_id>/batches/<number>/rerun", right=rights.START_SYNC, key="optional", status_code=202)
def run_batch_again(run_id: str, number: int) -> SyncRunResponse:
    """202 with the run, running again for this batch."""
    call = http.call(app)
    claim = call.claim(SyncRunResponse.of)
    return SyncRunResponse.of(wiring.syncs().run_batch_again(run_id, number, call.origin, claim))


lambda_handler = entrypoints.http(app)
