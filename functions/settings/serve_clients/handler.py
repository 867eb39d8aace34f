"""Gives clients settings and flags in one read, takes their receipts, shows who has what (CFG-11, CFG-12).

Trigger: GET /api/v1/settings/snapshot, POST /api/v1/settings/receipts, GET /api/v1/settings/clients.
Runbook: docs/runbooks/settings-clients.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query

from enghub.core import entrypoints, http
from enghub.core.conditional import tagged
from enghub.core.errors import Forbidden
from enghub.settings import rights
from enghub.settings.clients import wiring
from enghub.settings.clients.api import (
    ClientResponse,
    ClientsResponse,
    ReceiptRequest,
    ReceiptResponse,
    SnapshotResponse,
    Wanted,
    snapshot_etag,
)
from enghub.settings.configs.model import EVERY_TENANT, Layer, Owner
from enghub.settings.flags.model import Environment
from enghub.settings.gateways.sockets import push_url

app = http.resolver(max_body_bytes=16 * 1024)


@app.get("/api/v1/settings/snapshot", right=(rights.READ_CONFIG, rights.EVALUATE_FLAG), limit="evaluate", etag="read")
def read_snapshot(
    environment: Annotated[Environment, Query()] = Environment.PROD,
    keys: Annotated[list[Wanted], Query(min_length=1, max_length=50)] = ["*"],  # noqa: B006 - read once, by the resolver
) -> Response[SnapshotResponse | None]:
    """Hand out what the caller gets: the settings named by key or beginning, what is planned of them, and all flags."""
    call = http.call(app)
    call.require(rights.READ_CONFIG)
    call.require(rights.EVALUATE_FLAG)
    who = call.principal
    if who.tenant_id == EVERY_TENANT:
        raise Forbidden(permission=f"tenant:{EVERY_TENANT}")
    work, caller = wiring.clients(), Owner.of(Layer.USER, who.tenant_id, who.user_id)
    current = work.current(caller, environment)
    etag = snapshot_etag(current, keys)
    has_it = etag in (app.current_event.headers.get("if-none-match") or "")
    settings = [] if has_it else work.settings(caller, keys, call.origin)
    return tagged(app, SnapshotResponse.of(current, settings, push_url()), etag)


@app.post("/api/v1/settings/receipts", right=rights.READ_CONFIG, limit="evaluate")
def take_receipt(request: ReceiptRequest) -> ReceiptResponse:
    """Keep which revision a client applied, or that it could not."""
    call = http.call(app)
    return ReceiptResponse.of(wiring.clients().said(request.state(call), call.origin))


@app.get("/api/v1/settings/clients", right=rights.READ_CLIENTS)
def list_clients(
    page_size: Annotated[int, Query(ge=1, le=90, alias="pageSize")] = 50,
    cursor: Annotated[str | None, Query(max_length=2000)] = None,
) -> ClientsResponse:
    """List the tenant's clients: which revision each runs, since when, and whether it is behind."""
    found, following = wiring.clients().seen(http.call(app).principal.tenant_id, page_size, cursor)
    return ClientsResponse(items=[ClientResponse.of_seen(one) for one in found], next_cursor=following)


lambda_handler = entrypoints.http(app)
