"""Reads change orders: by processing status, by effective date, one with its change point (PLM-07).

Trigger: GET /api/v1/plm/change-orders and /api/v1/plm/change-orders/{ecnNumber}. Runbook: docs/runbooks/plm-changes.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from enghub.core import entrypoints, http
from enghub.core.errors import Invalid
from enghub.plm import rights
from enghub.plm.changes import wiring
from enghub.plm.changes.api import ChangeOrderDetail, ChangeOrderList, Day
from enghub.plm.changes.model import Processing

app = http.resolver()


@app.get("/api/v1/plm/change-orders", right=rights.READ_CHANGE_ORDER)
def list_change_orders(
    processing_status: Annotated[Processing | None, Query(alias="processingStatus")] = None,
    effective_from: Annotated[Day | None, Query(alias="effectiveFrom")] = None,
    effective_to: Annotated[Day | None, Query(alias="effectiveTo")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    cursor: Annotated[str | None, Query(max_length=2000)] = None,
) -> ChangeOrderList:
    """Orders of one processing status, newest first; or those effective in a span of days, earliest first."""
    call = http.call(app)
    tenant_id, changes = call.principal.tenant_id, wiring.changes()
    if processing_status is not None and effective_from is None and effective_to is None:
        return ChangeOrderList.of(changes.by_processing(tenant_id, processing_status, limit, cursor))
    if processing_status is None and effective_from is not None and effective_to is not None:
        return ChangeOrderList.of(changes.by_effective_date(tenant_id, effective_from, effective_to, limit, cursor))
    raise Invalid(field="processingStatus", problem="give either this, or effectiveFrom and effectiveTo")


@app.get("/api/v1/plm/change-orders/<ecn_number>", right=rights.READ_CHANGE_ORDER)
def read_change_order(ecn_number: str) -> ChangeOrderDetail:
    """One order with its change point."""
    call = http.call(app)
    return ChangeOrderDetail.with_point(*wiring.changes().detail(call.principal.tenant_id, ecn_number))


lambda_handler = entrypoints.http(app)
