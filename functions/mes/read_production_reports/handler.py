"""Lists production reports: of a work order, of a shift, of a station in a shift (MES-02).

Trigger: GET /api/v1/production/reports?workOrderId= or ?date=&shift=[&station=].
Runbook: docs/runbooks/mes-reporting.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from enghub.core import entrypoints, http
from enghub.mes import rights
from enghub.mes.factories import Factory
from enghub.mes.reports import wiring
from enghub.mes.reports.api import ReportPageResponse, ReportQuery

app = http.resolver()


@app.get("/api/v1/production/reports", right=rights.READ_REPORT)
def list_reports(query: Annotated[ReportQuery, Query()]) -> ReportPageResponse:
    """List an order's reports by report time, or a shift's by station and time, a page at a time."""
    factory, reporting = Factory.of(http.call(app).origin), wiring.reporting()
    if query.work_order_id is not None:
        page = reporting.of_work_order(factory, query.work_order_id, query.page_size, query.cursor)
    else:
        page = reporting.of_shift_day(factory, *query.of_shift(), limit=query.page_size, cursor=query.cursor)
    return ReportPageResponse.of(page)


lambda_handler = entrypoints.http(app)
