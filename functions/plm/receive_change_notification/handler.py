"""Receives engineering changes from the PLM (PLM-06): verified over the raw body, stored with its command, answered.

Trigger: POST /api/v1/integration/plm/change-notification, public; the signature is the caller's proof.
Decision: docs/decisions/0010-webhook-one-write.md. Runbook: docs/runbooks/plm-webhook.md.
"""

from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.event_handler import Response, content_types

from enghub.core import entrypoints, http
from enghub.core.clock import system_clock
from enghub.core.identity import Principal
from enghub.plm.changes import wiring
from enghub.plm.changes.api import ChangeNotification, Receipt
from enghub.plm.changes.revisions import Reception
from enghub.plm.connections.model import Webhook
from enghub.plm.connections.store import Connections

MAX_BODY_BYTES = 128 * 1024
app = http.resolver(max_body_bytes=MAX_BODY_BYTES)


def verify(event: Mapping[str, Any]) -> None:
    """Check the signature over the raw body.

    Raises:
        NotFound: there is no such connection.
        Unauthenticated: the signature is not the connection's, or too old.
    """
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    body = http.raw_body(event)
    connection = Connections.here().webhook(headers.get("x-plm-connection", "default"))
    now = system_clock()
    # A refusal is audited with the connection's tenant; who sent it stays unknown.
    app.context["principal"] = Principal("-", connection.tenant_id, (), (), frozenset(), now)
    connection.verify(body, headers.get("x-plm-signature", ""), headers.get("x-plm-timestamp"), now)
    app.context["connection"] = connection


@app.post(
    "/api/v1/integration/plm/change-notification",
    public="the signature is checked over the raw body",
    proof=verify,
    security=[{"plmSignature": []}],
    status_code=202,
    responses={200: {"description": "alreadyProcessed: this content is known; superseded: a newer revision is"}},
)
def receive_change_notification(request: ChangeNotification) -> Response[Receipt]:
    """Take over an engineering change or a revision: 202 accepted or parked, 200 alreadyProcessed or superseded."""
    connection: Webhook = app.context["connection"]
    origin = http.origin_of(
        app.current_event.raw_event, connection.tenant_id, connection.factory_id, f"plm:{connection.name}"
    )
    became = wiring.changes().receive(request.to_notification(), connection.name, origin)
    receipt = Receipt(status=became, ecn_number=request.ecn_number)
    status = 202 if became in {Reception.ACCEPTED, Reception.PARKED} else 200
    return Response(status, content_types.APPLICATION_JSON, receipt)


lambda_handler = entrypoints.http(app)
