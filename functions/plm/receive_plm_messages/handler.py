"""Takes messages that a bridge brings from a broker (AMQP) into a run of the product sync (PLM-25).

Trigger: POST /api/v1/plm/connections/{connection}/messages. The run starts from the queue launch_sync, filled by the
outbox. Safe to repeat. Runbook: docs/runbooks/plm-broker.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path

from enghub.core import entrypoints, http
from enghub.plm import rights
from enghub.plm.broker.api import BrokerMessagesRequest, BrokerMessagesResponse
from enghub.plm.connections.store import Connections
from enghub.plm.gateways.broker import receiving
from enghub.plm.names import ConnectionName

app = http.resolver(max_body_bytes=5 * 1024 * 1024)


@app.post("/api/v1/plm/connections/<connection>/messages", right=rights.SEND_MESSAGE, limit="batch", status_code=202)
def receive_plm_messages(
    connection: Annotated[ConnectionName, Path()], request: BrokerMessagesRequest
) -> BrokerMessagesResponse:
    """202 with the run that takes the records; 429 where the connection has used up its minute."""
    call = http.call(app)
    Connections.here().api(connection, call.principal.tenant_id)
    messages = [one.to_message() for one in request.messages]
    return BrokerMessagesResponse.of(receiving().take(connection, call.origin, messages))


lambda_handler = entrypoints.http(app)
