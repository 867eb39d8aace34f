"""Asks for product syncs, for one failed batch to be run again alone, for a run to be rolled back (PLM-03 to PLM-05).

Trigger: POST /api/v1/plm/sync, /api/v1/plm/sync/{runId}/batches/{number}/rerun and /api/v1/plm/sync/{runId}/rollback.
The run starts from the queue
launch_sync, filled by the outbox: a request that was answered is a run that starts. Runbook: docs/runbooks/plm-sync.md.
"""

from enghub.core import entrypoints, http
from enghub.plm import rights
from enghub.plm.connections.store import Connections
from enghub.plm.gateways.wiring import aftermath
from enghub.plm.syncs import wiring
from enghub.plm.syncs.api import RollbackRequest, StartSyncRequest, SyncRunResponse

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


@app.post("/api/v1/plm/sync/<run_id>/rollback", right=rights.ROLLBACK_SYNC, key="optional", status_code=202)
def roll_sync_back(run_id: str, request: RollbackRequest) -> SyncRunResponse:
    """202 with the run: everything it wrote becomes what it was before, unless others wrote it since."""
    call = http.call(app)
    claim = call.claim(SyncRunResponse.of)
    return SyncRunResponse.of(aftermath().request_rollback(run_id, request.reason, call.origin, claim))


lambda_handler = entrypoints.http(app)
