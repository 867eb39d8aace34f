"""Asks for product syncs, failed batches and rollbacks; takes messages that a bridge brings (PLM-03 to PLM-05, PLM-25).

Trigger: POST /api/v1/plm/sync, /api/v1/plm/sync/{runId}/batches/{number}/rerun, /api/v1/plm/sync/{runId}/rollback and
/api/v1/plm/connections/{connection}/messages. The run starts from the queue launch_sync, filled by the outbox: a
request that was answered is a run that starts. Runbook: docs/runbooks/plm-sync.md.
"""

from typing import TYPE_CHECKING, Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path

from enghub.core import entrypoints, http
from enghub.core.lazy import lazy
from enghub.plm import rights
from enghub.plm.broker.api import BrokerMessagesRequest, BrokerMessagesResponse
from enghub.plm.connections.store import Connections
from enghub.plm.gateways.wiring import aftermath
from enghub.plm.names import ConnectionName
from enghub.plm.syncs import wiring
from enghub.plm.syncs.api import RollbackRequest, StartSyncRequest, SyncRunResponse

if TYPE_CHECKING:
    from enghub.plm.gateways import broker
else:
    broker = lazy("enghub.plm.gateways.broker")

app = http.resolver(max_body_bytes=5 * 1024 * 1024)


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


@app.post("/api/v1/plm/connections/<connection>/messages", right=rights.SEND_MESSAGE, limit="batch", status_code=202)
def receive_plm_messages(
    connection: Annotated[ConnectionName, Path()], request: BrokerMessagesRequest
) -> BrokerMessagesResponse:
    """202 with the run that takes the records; 429 where the connection has used up its minute."""
    call = http.call(app)
    Connections.here().api(connection, call.principal.tenant_id)
    messages = [one.to_message() for one in request.messages]
    return BrokerMessagesResponse.of(broker.receiving().take(connection, call.origin, messages))


lambda_handler = entrypoints.http(app)
