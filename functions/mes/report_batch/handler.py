"""Takes the reports of a terminal that had no network: up to 200, each answered by itself (MES-23).

Trigger: POST /api/v1/production/reports/batch. Events: ProductionReported, DefectReported, one of each report.
Runbook: docs/runbooks/mes-reporting.md.
"""

from enghub.core import entrypoints, http, limits
from enghub.core.observability import logger
from enghub.mes import rights
from enghub.mes.reports import wiring
from enghub.mes.reports.batch import report_all
from enghub.mes.reports.batch_api import BatchRequest, BatchResponse

app = http.resolver()


@app.post("/api/v1/production/reports/batch", right=rights.REPORT_PRODUCTION, limit="batch")
def report_batch(request: BatchRequest) -> BatchResponse:
    """Store a batch; each report costs one of the caller's reports a minute and is answered as a single one."""
    call = http.call(app)
    answered = report_all(
        request.entries(call.origin),
        wiring.reporting(),
        lambda: limits.take(call.principal, "report"),
        lambda error: logger.error("report of a batch failed", exc_info=error),
    )
    return BatchResponse.of(answered, call.language)


lambda_handler = entrypoints.http(app)
