"""Reads what open orders ask of the stations and when it can be done (MES-07, MES-08), and what orders cost (MES-15).

Trigger: GET /api/v1/planning/load?days=&stationId=, /api/v1/work-orders/{workOrderId}/cost,
/api/v1/plant/standard-costs, .../standard-costs/{kind}/{subject}.
Runbook: docs/runbooks/mes-planning.md.
"""

from typing import TYPE_CHECKING, Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from enghub.core import entrypoints, http, wire
from enghub.core.clock import system_clock
from enghub.core.lazy import lazy
from enghub.mes import rights
from enghub.mes.costing.api import BASE as COSTS
from enghub.mes.costing.api import OrderCostResponse, StandardCostPage, StandardCostResponse
from enghub.mes.costing.model import CostKind
from enghub.mes.factories import Factory
from enghub.mes.planning.load_api import CapacityLoadResponse, LoadQuery
from enghub.mes.planning.load_service import CapacityLoad
from enghub.mes.plant.wiring import plant
from enghub.mes.rules.deciding import priorities
from enghub.mes.work_orders.dynamo import DynamoWorkOrders

if TYPE_CHECKING:
    from enghub.mes.costing import wiring as costs
else:
    costs = lazy("enghub.mes.costing.wiring")

app = http.resolver()


@app.get("/api/v1/planning/load", right=rights.READ_PLANNING)
def get_capacity_load(query: Annotated[LoadQuery, Query()]) -> CapacityLoadResponse:
    """Return load by station and day, and for each operation when it can be done and why it is late."""
    service = CapacityLoad(DynamoWorkOrders(), plant(), system_clock, priorities)
    return CapacityLoadResponse.of(service.load(Factory.of(http.call(app).origin), query.days), query.station_id)


@app.get("/api/v1/work-orders/<work_order_id>/cost", right=rights.READ_COST)
def get_order_cost(work_order_id: Annotated[wire.PathId, Path()]) -> OrderCostResponse:
    """Return what an order cost, from the ledger as it is now, with where each figure comes from."""
    service, origin = costs.costing(), http.call(app).origin
    factory = Factory.of(origin)
    return OrderCostResponse.of(
        service.cost(factory, work_order_id, origin.at), service.rolled_up(factory, work_order_id)
    )


@app.get(COSTS, right=rights.READ_COST)
def list_standard_costs(
    kind: Annotated[CostKind, Query()],
    page_size: Annotated[int, Query(ge=1, le=100, alias="pageSize")] = 50,
    cursor: Annotated[str | None, Query(max_length=2000)] = None,
) -> StandardCostPage:
    """Return one page of the standard costs of a kind."""
    factory = Factory.of(http.call(app).origin)
    return StandardCostPage.of(costs.costing().standards(factory, kind, page_size, cursor))


@app.get(f"{COSTS}/<kind>/<subject>", right=rights.READ_COST)
def get_standard_cost(
    kind: Annotated[CostKind, Path()], subject: Annotated[wire.PathId, Path()]
) -> StandardCostResponse:
    """Return a standard cost with all its prices."""
    return StandardCostResponse.of(costs.costing().standard(Factory.of(http.call(app).origin), kind, subject))


lambda_handler = entrypoints.http(app)
