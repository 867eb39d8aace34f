"""Reads traffic ramps and what each look at them measured (OPS-08).

Trigger: GET /api/v1/golive/ramps, .../{rampId} and .../{rampId}/journal.
Runbook: docs/runbooks/golive-ramps.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from enghub.core import entrypoints, http
from enghub.golive import rights
from enghub.golive.ramps.answers import RampJournalResponse, RampResponse, RampsResponse
from enghub.golive.ramps.api import RAMPS, RampId
from enghub.golive.ramps.wiring import ramps

app = http.resolver()
PageSize = Annotated[int, Query(alias="pageSize", ge=1, le=100)]
Cursor = Annotated[str | None, Query(max_length=2000)]


@app.get(RAMPS, right=rights.READ_GOLIVE)
def list_ramps(page_size: PageSize = 20, cursor: Cursor = None) -> RampsResponse:
    """Return part of the ramps, the latest first."""
    tenant_id = http.call(app).principal.tenant_id
    return RampsResponse.of(ramps().store.page(tenant_id, page_size, cursor))


@app.get(f"{RAMPS}/<ramp_id>", right=rights.READ_GOLIVE)
def get_ramp(ramp_id: RampId) -> RampResponse:
    """Return a ramp: what is wanted, what was read back, why it is where it is."""
    return RampResponse.of(ramps().get(http.call(app).principal.tenant_id, ramp_id))


@app.get(f"{RAMPS}/<ramp_id>/journal", right=rights.READ_GOLIVE)
def list_ramp_journal(ramp_id: RampId, page_size: PageSize = 50, cursor: Cursor = None) -> RampJournalResponse:
    """Return part of a ramp's journal: every look with what it measured, the latest first."""
    tenant_id = http.call(app).principal.tenant_id
    ramps().get(tenant_id, ramp_id)
    return RampJournalResponse.of(ramps().store.journal(tenant_id, ramp_id, page_size, cursor))


lambda_handler = entrypoints.http(app)
