"""Reads production part approvals: one with its 18 elements, those of a product (PLM-14).

Trigger: GET /api/v1/plm/ppaps and /api/v1/plm/ppaps/{ppapId}. Runbook: docs/runbooks/plm-ppap.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from enghub.core import entrypoints, http, wire
from enghub.plm import rights
from enghub.plm.gateways.ppaps import ppaps
from enghub.plm.ppaps.api import PpapList, PpapResponse

app = http.resolver()


@app.get("/api/v1/plm/ppaps", right=rights.READ_PPAP)
def list_ppaps(
    product_code: Annotated[wire.Code, Query(alias="productCode")],
    page_size: Annotated[int, Query(alias="pageSize", ge=1, le=100)] = 50,
    cursor: Annotated[str | None, Query(max_length=2000)] = None,
) -> PpapList:
    """Those of a product."""
    call = http.call(app)
    found = ppaps().of_product(call.principal.tenant_id, product_code, page_size, cursor)
    return PpapList.of(found, call.origin.at.date())


@app.get("/api/v1/plm/ppaps/<ppap_id>", right=rights.READ_PPAP)
def read_ppap(ppap_id: str) -> PpapResponse:
    """One as it stands today; nothing is cached, so that no interim approval outlives its end."""
    call = http.call(app)
    return PpapResponse.of(ppaps().get(call.principal.tenant_id, ppap_id), call.origin.at.date())


lambda_handler = entrypoints.http(app)
