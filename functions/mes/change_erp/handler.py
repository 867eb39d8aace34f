"""Connects the factory's ERP, and sends again what waits or was refused (MES-16).

Trigger: PUT and DELETE /api/v1/plant/erp/link; POST .../messages/{messageId}/resend, .../replay.
Runbook: docs/runbooks/mes-erp.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from enghub.core import entrypoints, http, wire
from enghub.mes import rights
from enghub.mes.exchange.api import BASE, LinkResponse, MessageResponse, PutLinkRequest, SentResponse
from enghub.mes.factories import Factory
from enghub.mes.gateways.erp import exchange
from enghub.mes.gateways.erp_link import check_change, link, links
from enghub.mes.rounds.erp import replay

app = http.resolver()
NO_LINK = {404: {"description": "The factory has no ERP"}}
Seen = Annotated[int | None, Query(ge=1, le=1_000_000_000)]


@app.put(f"{BASE}/link", right=rights.MANAGE_ERP)
def put_erp_link(request: PutLinkRequest) -> LinkResponse:
    """Say which ERP the factory has, and what it uses of it."""
    call = http.call(app)
    wanted = request.to_link(Factory.of(call.origin))
    check_change(wanted.factory, wanted)
    return LinkResponse.of(links().put("LINK", wanted, request.version, call.origin))


@app.delete(f"{BASE}/link", right=rights.MANAGE_ERP, status_code=204, responses=NO_LINK)
def delete_erp_link(version: Seen = None) -> None:
    """Disconnect the ERP: nothing is sent or asked any more; what waits stays."""
    origin = http.call(app).origin
    check_change(Factory.of(origin), None)
    links().delete("LINK", version, origin)


@app.post(f"{BASE}/messages/<message_id>/resend", right=rights.MANAGE_ERP)
def resend_erp_message(message_id: Annotated[wire.PathId, Path()]) -> MessageResponse:
    """Send again what the ERP refused, under the same number."""
    call = http.call(app)
    return MessageResponse.of(exchange().resend(call.origin, message_id), call.language)


@app.post(f"{BASE}/replay", right=rights.MANAGE_ERP, responses=NO_LINK)
def replay_erp() -> SentResponse:
    """Try now what waits, without waiting for the next probe."""
    return SentResponse.of(replay(link(Factory.of(http.call(app).origin))))


lambda_handler = entrypoints.http(app)
