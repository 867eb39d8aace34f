"""Lists the production reports of a work order (MES-02).

Trigger: GET /api/v1/production/reports?workOrderId=.
Runbook: docs/runbooks/mes-reporting.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from enghub.core import entrypoints, http
from enghub.mes import rights, wiring
from enghub.mes.factories import Factory
from enghub.mes.reports.api import ReportPageResponse, ReportQuery

app = http.resolver()


@app.get("/api/v1/production/reports", right=rights.READ_REPORT)
def list_reports(query: Annotated[ReportQuery, Query()]) -> ReportPageResponse:
    """List an order's reports by report time, a page at a time."""
    call = http.call(app)
    page = wiring.reporting().of_work_order(Factory.of(call.origin), query.work_order_id, query.page_size, query.cursor)
    return ReportPageResponse.of(page)


lambda_handler = entrypoints.http(app)
