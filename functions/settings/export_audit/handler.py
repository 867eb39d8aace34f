"""Exports the audit of settings as OCSF JSON lines, page by page (CFG-28).

Trigger: GET /api/v1/settings/audit/ocsf. Runbook: docs/runbooks/settings-security.md.
"""

from typing import Annotated, Literal

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query
from aws_lambda_powertools.event_handler.openapi.types import OpenAPIResponse

from enghub.core import entrypoints, http, wire
from enghub.core.events import dumps
from enghub.settings import rights
from enghub.settings.approvals.api import Space, origin_in, require
from enghub.settings.audits import wiring
from enghub.settings.audits.service import Wanted

app = http.resolver(max_body_bytes=1024)

EXPORT = (rights.EXPORT_AUDIT, rights.EXPORT_GLOBAL_AUDIT)
LINES: OpenAPIResponse = {
    "description": "OCSF 1.6.0 events, one a line; X-Next-Cursor is where to go on, absent at the end",
    "content": {"application/x-ndjson": {"schema": {"type": "string"}}},
}


@app.get("/api/v1/settings/audit/ocsf", right=EXPORT, responses={200: LINES})
def export_audit(
    *,
    since: Annotated[wire.Instant, Query(alias="from")],
    until: Annotated[wire.Instant, Query(alias="to")],
    kind: Annotated[Literal["changes", "refusals"], Query()] = "changes",
    layer: Annotated[Space, Query()] = "tenant",
    page_size: Annotated[int, Query(ge=1, le=500, alias="pageSize")] = 200,
    cursor: Annotated[str | None, Query(max_length=2000)] = None,
) -> Response[str | None]:
    """Answer a page of a period's audit, oldest first: changes, or refused requests. The first page is audited."""
    call = http.call(app)
    require(call, layer, *EXPORT)
    origin = origin_in(call, layer)
    page = wiring.export().page(Wanted(origin.tenant_id, since, until, kind, page_size), cursor, origin)
    lines = "".join(f"{dumps(event)}\n" for event in page.events)
    headers = {"Cache-Control": "no-store", **({"X-Next-Cursor": page.cursor} if page.cursor else {})}
    return Response(status_code=200, content_type="application/x-ndjson", body=lines, headers=headers)


lambda_handler = entrypoints.http(app)
