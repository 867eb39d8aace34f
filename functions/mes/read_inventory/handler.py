"""Reads stock: what lies of a material, lots, traces both ways, a supplier's lots (MES-13).

Trigger: GET /api/v1/inventory, .../lots/{lotId}, .../lots/{lotId}/trace, .../suppliers/{supplierId}/lots;
POST /api/v1/inventory/kits.
Runbook: docs/runbooks/mes-inventory.md.
"""

from decimal import Decimal
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from enghub.core import entrypoints, http, wire
from enghub.mes import rights
from enghub.mes.factories import Factory
from enghub.mes.stock.api import (
    BASE,
    InventoryQuery,
    InventoryResponse,
    KitRequest,
    KitResponse,
    LotResponse,
    LotsResponse,
    TraceResponse,
)
from enghub.mes.stock.model import Direction
from enghub.mes.stock.wiring import stock

app = http.resolver()
LotId = Annotated[wire.PathId, Path()]
Size = Annotated[int, Query(ge=1, le=100, alias="pageSize")]
Cursor = Annotated[str | None, Query(max_length=2000)]


@app.get(BASE, right=rights.READ_STOCK)
def get_inventory(query: Annotated[InventoryQuery, Query()]) -> InventoryResponse:
    """Return what lies anywhere of a material, by warehouse, location and lot."""
    origin, service = http.call(app).origin, stock()
    factory = Factory.of(origin)
    balances = service.balances(factory, query.material)
    lots = service.lots(factory, sorted({one.place.lot_id for one in balances}))
    return InventoryResponse.of(query.material, balances, lots, service.today(origin))


@app.get(f"{BASE}/lots/<lot_id>", right=rights.READ_STOCK)
def get_lot(lot_id: LotId) -> LotResponse:
    """Return a lot and what holds it."""
    return LotResponse.of(stock().lot(Factory.of(http.call(app).origin), lot_id))


@app.get(f"{BASE}/lots/<lot_id>/trace", right=rights.READ_STOCK)
def trace_lot(lot_id: LotId, direction: Annotated[Direction, Query()] = Direction.FORWARD) -> TraceResponse:
    """Return all that a lot went into, with the customers who have it, or all that it is made of."""
    found = stock().trace(Factory.of(http.call(app).origin), lot_id, direction)
    return TraceResponse.of(lot_id, direction.value, found)


@app.get(f"{BASE}/suppliers/<supplier_id>/lots", right=rights.READ_STOCK)
def list_supplier_lots(
    supplier_id: Annotated[wire.PathId, Path()], page_size: Size = 50, cursor: Cursor = None
) -> LotsResponse:
    """Return one page of the lots that came from a supplier."""
    factory = Factory.of(http.call(app).origin)
    return LotsResponse.of(stock().lots_of(factory, ("SUPPLIER", supplier_id), page_size, cursor))


@app.post(f"{BASE}/kits", right=rights.READ_STOCK)
def count_kits(request: KitRequest) -> KitResponse:
    """Return how many kits can be made of what is free now."""
    origin, service = http.call(app).origin, stock()
    factory, today = Factory.of(origin), service.today(origin)
    per_kit = {one.material_id: one.quantity for one in request.components}
    free: dict[str, Decimal] = {}
    for material_id in per_kit:
        balances = service.balances(factory, material_id)
        lots = service.lots(factory, sorted({one.place.lot_id for one in balances}))
        free[material_id] = InventoryResponse.of(material_id, balances, lots, today).available
    return KitResponse.of(free, per_kit)


lambda_handler = entrypoints.http(app)
