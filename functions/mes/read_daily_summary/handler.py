"""Shows what a factory made on a day, in all or by line, product, employee, operation (MES-15).

Trigger: GET /api/v1/production/daily-summary?date=&by=.
Runbook: docs/runbooks/mes-daily-summary.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from enghub.core import entrypoints, http
from enghub.mes import rights
from enghub.mes.factories import Factory
from enghub.mes.summaries import wiring
from enghub.mes.summaries.api import SummaryQuery, SummaryResponse

app = http.resolver()


@app.get("/api/v1/production/daily-summary", right=rights.READ_BOARD)
def read_daily_summary(query: Annotated[SummaryQuery, Query()]) -> SummaryResponse:
    """Return a day's figures, a page at a time; at most a minute behind the last report."""
    day = query.to_day(Factory.of(http.call(app).origin))
    return SummaryResponse.of(query, wiring.summaries().page(day, query.by, query.page_size, query.cursor))


lambda_handler = entrypoints.http(app)
