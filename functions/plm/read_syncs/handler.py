"""Reads a sync run: progress while it goes on, the report once it ended, rejected records page by page (PLM-03).

Trigger: GET /api/v1/plm/sync/{runId}. Runbook: docs/runbooks/plm-sync.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from enghub.core import entrypoints, http
from enghub.plm import rights
from enghub.plm.syncs import wiring
from enghub.plm.syncs.api import SyncReport

app = http.resolver()


@app.get("/api/v1/plm/sync/<run_id>", right=rights.READ_SYNC)
def read_sync(
    run_id: str,
    page_size: Annotated[int, Query(alias="pageSize", ge=1, le=100)] = 50,
    cursor: Annotated[str | None, Query(max_length=2000)] = None,
) -> SyncReport:
    """The run with a page of its rejected records."""
    call = http.call(app)
    tenant_id, syncs = call.principal.tenant_id, wiring.syncs()
    run = syncs.get(tenant_id, run_id)
    page = syncs.rejected(tenant_id, run_id, page_size, cursor)
    return SyncReport.report(run, syncs.progress(run), page.rejected, page.cursor, call.language)


lambda_handler = entrypoints.http(app)
