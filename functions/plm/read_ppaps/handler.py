"""Reads production part approvals: one with its 18 elements and their documents, those of a product (PLM-14, PLM-17).

Trigger: GET /api/v1/plm/ppaps, /api/v1/plm/ppaps/{ppapId} and .../supplier-links. Runbook: docs/runbooks/plm-ppap.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from enghub.core import entrypoints, http, wire
from enghub.plm import rights
from enghub.plm.gateways.ppaps import documents_of, ppaps
from enghub.plm.gateways.suppliers import door
from enghub.plm.ppaps.api import PpapList, PpapResponse
from enghub.plm.supplier_links import api

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
    tenant_id = call.principal.tenant_id
    kept = ppaps().get(tenant_id, ppap_id)
    return PpapResponse.of(kept, call.origin.at.date(), documents_of(tenant_id, ppap_id))


@app.get(api.OF_PPAP, right=rights.READ_PPAP)
def list_supplier_links(
    ppap_id: str,
    page_size: Annotated[int, Query(alias="pageSize", ge=1, le=100)] = 50,
    cursor: Annotated[str | None, Query(max_length=2000)] = None,
) -> api.LinkList:
    """The suppliers' links of a PPAP with what came by them, the newest first; never their addresses."""
    call = http.call(app)
    return api.LinkList.of(door().of_ppap(call.principal.tenant_id, ppap_id, page_size, cursor), call.origin.at)


lambda_handler = entrypoints.http(app)
