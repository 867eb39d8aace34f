"""Reads change orders: by processing status, by effective date, one with its change point (PLM-07).

Trigger: GET /api/v1/plm/change-orders and /api/v1/plm/change-orders/{ecnNumber}. Runbook: docs/runbooks/plm-changes.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from enghub.core import entrypoints, http, wire
from enghub.core.errors import Invalid
from enghub.core.i18n import Text
from enghub.plm import rights
from enghub.plm.changes import wiring
from enghub.plm.changes.api import ChangeOrderDetail, ChangeOrderList, RevisionList
from enghub.plm.changes.model import Processing

EITHER = Text(
    "give either this, or effectiveFrom and effectiveTo", "请填写本参数，或同时填写 effectiveFrom 与 effectiveTo"
)
app = http.resolver()


@app.get("/api/v1/plm/change-orders", right=rights.READ_CHANGE_ORDER)
def list_change_orders(
    processing_status: Annotated[Processing | None, Query(alias="processingStatus")] = None,
    effective_from: Annotated[wire.Day | None, Query(alias="effectiveFrom")] = None,
    effective_to: Annotated[wire.Day | None, Query(alias="effectiveTo")] = None,
    page_size: Annotated[int, Query(alias="pageSize", ge=1, le=100)] = 50,
    cursor: Annotated[str | None, Query(max_length=2000)] = None,
) -> ChangeOrderList:
    """Orders of one processing status, newest first; or those effective in a span of days, earliest first."""
    call = http.call(app)
    tenant_id, changes = call.principal.tenant_id, wiring.changes()
    if processing_status is not None and effective_from is None and effective_to is None:
        return ChangeOrderList.of(changes.by_processing(tenant_id, processing_status, page_size, cursor))
    if processing_status is None and effective_from is not None and effective_to is not None:
        return ChangeOrderList.of(changes.by_effective_date(tenant_id, effective_from, effective_to, page_size, cursor))
    raise Invalid(field="processingStatus", problem=EITHER)


@app.get("/api/v1/plm/change-orders/<ecn_number>", right=rights.READ_CHANGE_ORDER)
def read_change_order(ecn_number: str) -> ChangeOrderDetail:
    """One order with its change point."""
    call = http.call(app)
    return ChangeOrderDetail.with_point(*wiring.changes().detail(call.principal.tenant_id, ecn_number))


@app.get("/api/v1/plm/change-orders/<ecn_number>/revisions", right=rights.READ_CHANGE_ORDER)
def list_revisions(
    ecn_number: str,
    page_size: Annotated[int, Query(alias="pageSize", ge=1, le=100)] = 50,
    cursor: Annotated[str | None, Query(max_length=2000)] = None,
) -> RevisionList:
    """Notices of the change that are not in force: superseded ones, and those that wait for a person."""
    tenant_id = http.call(app).principal.tenant_id
    return RevisionList.of(wiring.changes().revisions(tenant_id, ecn_number, page_size, cursor))


lambda_handler = entrypoints.http(app)
