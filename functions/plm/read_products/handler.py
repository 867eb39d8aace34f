"""Finds product mappings by PLM code, by QMS material, by sync status (PLM-01).

Trigger: GET /api/v1/plm/products. Runbook: docs/runbooks/plm-sync.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from enghub.core import entrypoints, http
from enghub.core.errors import Invalid
from enghub.core.i18n import Text
from enghub.plm import rights
from enghub.plm.products import wiring
from enghub.plm.products.api import ProductMappingList
from enghub.plm.products.model import SyncStatus

ONE = Text(
    "give one of productCode, materialCode, materialId, syncStatus",
    "请在 productCode、materialCode、materialId、syncStatus 中填写一个",
)
app = http.resolver()


@app.get("/api/v1/plm/products", right=rights.READ_PRODUCT)
def list_products(
    *,
    product_code: Annotated[str | None, Query(alias="productCode", min_length=1, max_length=64)] = None,
    material_code: Annotated[str | None, Query(alias="materialCode", min_length=1, max_length=64)] = None,
    material_id: Annotated[str | None, Query(alias="materialId", min_length=1, max_length=64)] = None,
    sync_status: Annotated[SyncStatus | None, Query(alias="syncStatus")] = None,
    page_size: Annotated[int, Query(alias="pageSize", ge=1, le=100)] = 50,
    cursor: Annotated[str | None, Query(max_length=2000)] = None,
) -> ProductMappingList:
    """Mappings by exactly one of product code, material code, material id, sync status."""
    call = http.call(app)
    tenant_id, products = call.principal.tenant_id, wiring.catalogue()
    if sum(given is not None for given in (product_code, material_code, material_id, sync_status)) != 1:
        raise Invalid(field="productCode", problem=ONE)
    if product_code is not None:
        return ProductMappingList.of(products.versions(tenant_id, product_code, page_size, cursor))
    if sync_status is not None:
        return ProductMappingList.of(products.in_status(tenant_id, sync_status, page_size, cursor))
    return ProductMappingList.of(products.of_material(tenant_id, material_code, material_id, page_size, cursor))


lambda_handler = entrypoints.http(app)
