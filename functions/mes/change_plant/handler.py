"""Describes the plant: factory, calendar, rules, lines, work centres, stations, capacity, routings (MES-06, MES-07).

Trigger: PUT /api/v1/plant/factory; PUT and DELETE /api/v1/plant/{lines|work-centres|stations|routings}/{id};
PUT and DELETE /api/v1/plant/stations/{stationId}/capacity/{date}; PUT /api/v1/plant/standard-costs/{kind}/{subject}.
Runbook: docs/runbooks/mes-plant.md.
"""

from typing import TYPE_CHECKING, Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from enghub.core import entrypoints, http, wire
from enghub.core.lazy import lazy
from enghub.mes import rights
from enghub.mes.costing.api import BASE as COSTS
from enghub.mes.costing.api import PutCostRequest, StandardCostResponse
from enghub.mes.costing.model import CostKind
from enghub.mes.factories import Factory
from enghub.mes.plant import wiring
from enghub.mes.plant.answers import (
    CapacityOverrideResponse,
    LineResponse,
    PlantResponse,
    StationResponse,
    WorkCentreResponse,
)
from enghub.mes.plant.api import (
    BASE,
    PutCapacityRequest,
    PutLineRequest,
    PutPlantRequest,
    PutStationRequest,
    PutWorkCentreRequest,
)
from enghub.mes.plant.model import Line, WorkCentre
from enghub.mes.plant.service import PLANT
from enghub.mes.routings import wiring as routing_wiring
from enghub.mes.routings.api import PutRoutingRequest, RoutingResponse

if TYPE_CHECKING:
    from enghub.mes.costing import wiring as costs
else:
    costs = lazy("enghub.mes.costing.wiring")

app = http.resolver()

Seen = Annotated[int | None, Query(ge=1, le=1_000_000_000)]
Id = Annotated[wire.PathId, Path()]
DayNamed = Annotated[wire.Day, Path()]


@app.put(f"{BASE}/factory", right=rights.MANAGE_PLANT)
def put_plant(request: PutPlantRequest) -> PlantResponse:
    """Describe the caller's factory; 400 when two shifts overlap."""
    call = http.call(app)
    wanted = request.to_plant(Factory.of(call.origin))
    return PlantResponse.of(wiring.plant().plants.put(PLANT, wanted, request.version, call.origin))


@app.put(f"{BASE}/lines/<line_id>", right=rights.MANAGE_PLANT)
def put_line(line_id: Id, request: PutLineRequest) -> LineResponse:
    """Describe a line."""
    call = http.call(app)
    wanted = Line(Factory.of(call.origin), line_id, request.name, request.area)
    return LineResponse.of(wiring.plant().lines.put(line_id, wanted, request.version, call.origin))


@app.delete(f"{BASE}/lines/<line_id>", right=rights.MANAGE_PLANT, status_code=204)
def delete_line(line_id: Id, version: Seen = None) -> None:
    """Take a line away."""
    wiring.plant().lines.delete(line_id, version, http.call(app).origin)


@app.put(f"{BASE}/work-centres/<work_centre_id>", right=rights.MANAGE_PLANT)
def put_work_centre(work_centre_id: Id, request: PutWorkCentreRequest) -> WorkCentreResponse:
    """Describe a work centre."""
    call = http.call(app)
    wanted = WorkCentre(Factory.of(call.origin), work_centre_id, request.name)
    centres = wiring.plant().work_centres
    return WorkCentreResponse.of(centres.put(work_centre_id, wanted, request.version, call.origin))


@app.delete(f"{BASE}/work-centres/<work_centre_id>", right=rights.MANAGE_PLANT, status_code=204)
def delete_work_centre(work_centre_id: Id, version: Seen = None) -> None:
    """Take a work centre away."""
    wiring.plant().work_centres.delete(work_centre_id, version, http.call(app).origin)


@app.put(f"{BASE}/stations/<station_id>", right=rights.MANAGE_PLANT)
def put_station(station_id: Id, request: PutStationRequest) -> StationResponse:
    """Describe a station; 400 when its line, work centre or shifts are not described."""
    call = http.call(app)
    wanted = request.to_station(Factory.of(call.origin), station_id)
    return StationResponse.of(wiring.plant().stations.put(station_id, wanted, request.version, call.origin))


@app.delete(f"{BASE}/stations/<station_id>", right=rights.MANAGE_PLANT, status_code=204)
def delete_station(station_id: Id, version: Seen = None) -> None:
    """Take a station away; reports that name it are refused from then on."""
    wiring.plant().stations.delete(station_id, version, http.call(app).origin)


@app.put(f"{BASE}/stations/<station_id>/capacity/<day>", right=rights.MANAGE_PLANT)
def put_capacity(station_id: Id, day: DayNamed, request: PutCapacityRequest) -> CapacityOverrideResponse:
    """Say what a station has on one day instead of what the calendar says."""
    call = http.call(app)
    plant = wiring.plant()
    factory = Factory.of(call.origin)
    plant.stations.get(factory, station_id)
    wanted = request.to_override(factory, station_id, day)
    kept = plant.overrides.put(f"{station_id}/{day}", wanted, request.version, call.origin)
    return CapacityOverrideResponse.of(kept)


@app.delete(f"{BASE}/stations/<station_id>/capacity/<day>", right=rights.MANAGE_PLANT, status_code=204)
def delete_capacity(station_id: Id, day: DayNamed, version: Seen = None) -> None:
    """Go back to what the calendar says."""
    wiring.plant().overrides.delete(f"{station_id}/{day}", version, http.call(app).origin)


@app.put(f"{BASE}/routings/<routing_id>", right=rights.MANAGE_PLANT)
def put_routing(routing_id: Id, request: PutRoutingRequest) -> RoutingResponse:
    """Store a new version of a routing; orders keep the version they were planned with."""
    call = http.call(app)
    wanted = request.to_routing(Factory.of(call.origin), routing_id)
    return RoutingResponse.of(routing_wiring.routings().put(routing_id, wanted, request.version, call.origin))


@app.delete(f"{BASE}/routings/<routing_id>", right=rights.MANAGE_PLANT, status_code=204)
def delete_routing(routing_id: Id, version: Seen = None) -> None:
    """Take a routing away; its versions stay readable for the orders that have them."""
    routing_wiring.routings().delete(routing_id, version, http.call(app).origin)


@app.put(f"{COSTS}/<kind>/<subject>", right=rights.MANAGE_COST)
def put_standard_cost(kind: Annotated[CostKind, Path()], subject: Id, request: PutCostRequest) -> StandardCostResponse:
    """Say what a unit of a material, or an hour at a station (ALL: at any other), costs from a day on."""
    command = request.to_command(http.call(app).origin, kind, subject)
    return StandardCostResponse.of(costs.costing().put(command))


lambda_handler = entrypoints.http(app)
