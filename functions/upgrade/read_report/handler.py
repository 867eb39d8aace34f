"""Reads the report of an execution, as JSON or as a page (UPG-13); it is kept for 90 days after the end.

Trigger: GET /api/v1/upgrade/report/{executionId}.
Runbook: docs/runbooks/upgrade-executions.md.
"""

from typing import Annotated, Literal

from aws_lambda_powertools.event_handler import Response, content_types
from aws_lambda_powertools.event_handler.openapi.params import Query
from aws_lambda_powertools.event_handler.openapi.types import OpenAPIResponse

from enghub.core import entrypoints, http
from enghub.upgrade import rights
from enghub.upgrade.edge import resolver
from enghub.upgrade.executions import wiring
from enghub.upgrade.executions.addresses import BASE
from enghub.upgrade.executions.api import ReportResponse

app = resolver()

Format = Annotated[Literal["json", "html"] | None, Query()]


PAGE: OpenAPIResponse = {"description": "The report", "content": {"text/html": {"schema": {"type": "string"}}}}


@app.get(f"{BASE}/report/<execution_id>", right=rights.READ_UPGRADE, responses={200: PAGE})
def get_report(execution_id: str, format: Format = None) -> Response[ReportResponse | str]:  # noqa: A002 - its name in the query
    """Return the report, of a running execution as far as it is; as a page for ?format=html or Accept: text/html."""
    call = http.call(app)
    reports = wiring.reports()
    report = reports.get(call.principal.tenant_id, execution_id)
    if (format or _accepted()) == "html":
        from enghub.upgrade.executions import page  # noqa: PLC0415 - the template library is for pages alone

        text = page.render(report, reports.excerpt(call.principal.tenant_id, report), call.language, call.origin.at)
        return Response(200, f"{content_types.TEXT_HTML}; charset=utf-8", text, headers=dict(page.HEADERS))
    return Response(200, content_types.APPLICATION_JSON, ReportResponse.of(report, call.language))


def _accepted() -> str:
    return "html" if "text/html" in (app.current_event.headers.get("accept") or "").lower() else "json"


lambda_handler = entrypoints.http(app)
