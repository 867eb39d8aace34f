"""Takes a production report (MES-02, MES-03): report, progress and event are one transaction.

Trigger: POST /api/v1/production/report, Idempotency-Key required. Events: ProductionReported, DefectReported.
Runbook: docs/runbooks/mes-reporting.md.
"""

from enghub.core import entrypoints, http
from enghub.core.claims import Replayed
from enghub.mes import rights
from enghub.mes.reports import wiring
from enghub.mes.reports.answers import ProductionReportResponse
from enghub.mes.reports.api import ReportRequest

app = http.resolver()


@app.post("/api/v1/production/report", right=rights.REPORT_PRODUCTION, key="required", limit="report", status_code=201)
def report_production(request: ReportRequest) -> ProductionReportResponse:
    """Store a report; the same key and body again get the first answer, 422 when the order cannot take it."""
    call = http.call(app)
    recorded = wiring.reporting().report(request.to_command(call.origin, call.require_key(), call.fingerprint))
    answer = ProductionReportResponse.of(recorded.report)
    if recorded.repeated:
        raise Replayed(answer.model_dump_json(by_alias=True))
    return answer


lambda_handler = entrypoints.http(app)
