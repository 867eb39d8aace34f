"""Reads executions: status, detailed log, list, statistics (UPG-07, UPG-13).

Trigger: GET /api/v1/upgrade/status/{executionId}, .../log/{executionId}, .../executions, .../statistics.
Runbook: docs/runbooks/upgrade-executions.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from enghub.core import entrypoints, http
from enghub.upgrade import rights
from enghub.upgrade.edge import resolver
from enghub.upgrade.executions import wiring
from enghub.upgrade.executions.addresses import BASE
from enghub.upgrade.executions.api import (
    ExecutionResponse,
    ExecutionsResponse,
    LogEntryResponse,
    LogResponse,
    StatusResponse,
)
from enghub.upgrade.executions.statistics_api import StatisticsResponse

app = resolver()

PageSize = Annotated[int, Query(alias="pageSize", ge=1, le=100)]
Days = Annotated[int, Query(ge=1, le=90)]
"""Executions are kept for 90 days."""
Cursor = Annotated[str | None, Query(max_length=2000)]


@app.get(f"{BASE}/status/<execution_id>", right=rights.READ_UPGRADE)
def get_status(execution_id: str) -> StatusResponse:
    """Return an execution with its steps and how far they are."""
    call = http.call(app)
    seen = wiring.upgrades().look(call.principal.tenant_id, execution_id)
    return StatusResponse.seen(seen, call.language, call.origin.at)


@app.get(f"{BASE}/log/<execution_id>", right=rights.READ_UPGRADE)
def get_log(execution_id: str, page_size: PageSize = 100, cursor: Cursor = None) -> LogResponse:
    """Return one page of the detailed log, oldest first; it is kept for 30 days."""
    call = http.call(app)
    page = wiring.upgrades().read_log(call.principal.tenant_id, execution_id, page_size, cursor)
    return LogResponse(items=tuple(map(LogEntryResponse.of, page.entries)), cursor=page.cursor)


@app.get(f"{BASE}/executions", right=rights.READ_UPGRADE)
def list_executions(page_size: PageSize = 20, cursor: Cursor = None) -> ExecutionsResponse:
    """Return one page of executions, newest first."""
    call = http.call(app)
    found, following = wiring.upgrades().find(call.principal.tenant_id, page_size, cursor)
    return ExecutionsResponse(items=tuple(map(ExecutionResponse.of, found)), cursor=following)


@app.get(f"{BASE}/statistics", right=rights.READ_UPGRADE)
def get_upgrade_statistics(days: Days = 30) -> StatisticsResponse:
    """Return how many executions of the last days succeeded, how long they took, and where they stopped."""
    call = http.call(app)
    return StatisticsResponse.of(wiring.reports().statistics(call.principal.tenant_id, days, call.origin.at))


lambda_handler = entrypoints.http(app)
