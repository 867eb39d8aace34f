"""Takes a wrong report off by another that names it, once, with who and why (MES-22).

Trigger: POST /api/v1/production/reports/{reportId}/reversal. Event: ReportReversed.
Runbook: docs/runbooks/mes-reporting.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path

from enghub.core import entrypoints, http, wire
from enghub.core.claims import Replayed
from enghub.mes import rights
from enghub.mes.reports.answers import ProductionReportResponse
from enghub.mes.reports.api import ReversalRequest
from enghub.mes.reports.dynamo import DynamoReports
from enghub.mes.reports.reversing import ReverseReport, Reversing

app = http.resolver()


@app.post(
    "/api/v1/production/reports/<report_id>/reversal", right=rights.REVERSE_REPORT, limit="report", status_code=201
)
def reverse_report(report_id: Annotated[wire.PathId, Path()], request: ReversalRequest) -> ProductionReportResponse:
    """Reverse a report; 422 when something was built on it or it is too old, 409 when it was reversed before."""
    call = http.call(app)
    recorded = Reversing(DynamoReports()).reverse(ReverseReport(call.origin, report_id, request.reason))
    answer = ProductionReportResponse.of(recorded.report)
    if recorded.repeated:
        raise Replayed(answer.model_dump_json(by_alias=True))
    return answer


lambda_handler = entrypoints.http(app)
