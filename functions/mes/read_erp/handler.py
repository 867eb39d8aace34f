"""Reads the factory's ERP: link, how each service is, what it was told, a day's reconciliation (MES-16).

Trigger: GET /api/v1/plant/erp/link, .../status, .../messages, .../messages/{messageId}, .../reconciliation.
Runbook: docs/runbooks/mes-erp.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from enghub.core import entrypoints, http, wire
from enghub.mes import rights
from enghub.mes.exchange.api import (
    BASE,
    LinkResponse,
    MessageResponse,
    MessagesResponse,
    ReconciliationResponse,
    StatusResponse,
)
from enghub.mes.exchange.model import MessageState
from enghub.mes.factories import Factory
from enghub.mes.gateways.erp import calls, exchange
from enghub.mes.gateways.erp_link import link, links

app = http.resolver()
Size = Annotated[int, Query(ge=1, le=100, alias="pageSize")]
Cursor = Annotated[str | None, Query(max_length=2000)]


@app.get(f"{BASE}/link", right=rights.READ_ERP)
def get_erp_link() -> LinkResponse:
    """Return which ERP the factory has, and what it uses of it."""
    return LinkResponse.of(links().get(Factory.of(http.call(app).origin), "LINK"))


@app.get(f"{BASE}/status", right=rights.READ_ERP)
def get_erp_status() -> StatusResponse:
    """Return how each service is: what is down since when and why, which rule holds, what waits."""
    call = http.call(app)
    found = link(Factory.of(call.origin))
    healths = calls().healths.of(found.factory)
    return StatusResponse.of(found, healths, exchange().waiting(found), call.language)


@app.get(f"{BASE}/messages", right=rights.READ_ERP)
def list_erp_messages(
    state: Annotated[MessageState, Query()] = MessageState.WAITING, page_size: Size = 50, cursor: Cursor = None
) -> MessagesResponse:
    """Return one page of what the ERP was or will be told."""
    call = http.call(app)
    found = exchange().messages.of_state(Factory.of(call.origin), state, page_size, cursor)
    return MessagesResponse.of(found, call.language)


@app.get(f"{BASE}/messages/<message_id>", right=rights.READ_ERP)
def get_erp_message(message_id: Annotated[wire.PathId, Path()]) -> MessageResponse:
    """Return one message with the ERP's acknowledgement."""
    call = http.call(app)
    return MessageResponse.of(exchange().get(Factory.of(call.origin), message_id), call.language)


@app.get(f"{BASE}/reconciliation", right=rights.READ_ERP)
def reconcile_erp(day: Annotated[wire.Day, Query(alias="date")]) -> ReconciliationResponse:
    """Compare a day's messages with what the ERP says it has."""
    call = http.call(app)
    found = exchange().reconcile(link(Factory.of(call.origin)), day)
    return ReconciliationResponse.of(day, found, call.language)


lambda_handler = entrypoints.http(app)
