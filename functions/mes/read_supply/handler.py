"""Reads what the ERP says of products and materials, what an order needs, and what was refused meanwhile (MES-16).

Trigger: GET /api/v1/plant/erp/boms/{productId}/versions/{version}, .../materials/{materialId}/ppap,
.../orders/{workOrderId}/materials, .../refusals.
Runbook: docs/runbooks/mes-erp.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from enghub.core import entrypoints, http, wire
from enghub.core.commits import Kept
from enghub.mes import rights
from enghub.mes.erp.errors import NoErp
from enghub.mes.erp.model import Link, Service
from enghub.mes.exchange.api import BASE
from enghub.mes.factories import Factory
from enghub.mes.gateways.erp import supply
from enghub.mes.gateways.erp_link import link
from enghub.mes.supply.api import BomResponse, PpapResponse, RefusalsResponse
from enghub.mes.supply.errors import BomVersionMissing
from enghub.mes.work_orders.dynamo import DynamoWorkOrders
from enghub.mes.work_orders.errors import WorkOrderNotFound
from enghub.mes.work_orders.model import WorkOrder

app = http.resolver()
Id = Annotated[wire.PathId, Path()]
Size = Annotated[int, Query(ge=1, le=100, alias="pageSize")]
Cursor = Annotated[str | None, Query(max_length=2000)]


def _using(service: Service) -> Link:
    found = link(Factory.of(http.call(app).origin))
    if service not in found.uses:
        raise NoErp(service=service.value)
    return found


@app.get(f"{BASE}/boms/<product_id>/versions/<version>", right=rights.READ_ERP)
def get_erp_bom(product_id: Id, version: Id) -> BomResponse:
    """Return a version of a product's BOM, of one piece."""
    return BomResponse.of(supply().bom(_using(Service.BOM), product_id, version))


@app.get(f"{BASE}/materials/<material_id>/ppap", right=rights.READ_ERP)
def get_erp_ppap(material_id: Id) -> PpapResponse:
    """Return whether a material is approved, so that it may be bought and orders with it released."""
    (known,) = supply().ppaps(_using(Service.PPAP), [material_id])
    return PpapResponse.of(known)


@app.get(f"{BASE}/orders/<work_order_id>/materials", right=rights.READ_ERP)
def get_order_materials(work_order_id: Id) -> BomResponse:
    """Return what the plan of an order needs; the kept BOM serves while the ERP is away."""
    used = _using(Service.BOM)
    order = _order(used.factory, work_order_id).value
    if order.bom_version is None:
        raise BomVersionMissing(field="bomVersion")
    return BomResponse.of(supply().bom(used, order.product_id, order.bom_version), order.planned_quantity)


def _order(factory: Factory, work_order_id: str) -> Kept[WorkOrder]:
    kept = DynamoWorkOrders().get(factory, work_order_id)
    if kept is None:
        raise WorkOrderNotFound(work_order_id=work_order_id)
    return kept


@app.get(f"{BASE}/refusals", right=rights.READ_ERP)
def list_erp_refusals(page_size: Size = 50, cursor: Cursor = None) -> RefusalsResponse:
    """Return one page of what was refused while the ERP was away, and what checking it again found."""
    call = http.call(app)
    found = supply().store.refusals(Factory.of(call.origin), page_size, cursor)
    return RefusalsResponse.of(found, call.language)


lambda_handler = entrypoints.http(app)
