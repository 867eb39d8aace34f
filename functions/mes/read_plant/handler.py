"""Reads the plant: factory, lines, work centres, stations, shifts of days, capacity, routings (MES-06, MES-07).

Trigger: GET /api/v1/plant/{factory|lines|work-centres|stations|shifts|shift-at|routings}, one of each,
GET /api/v1/plant/stations/{stationId}/capacity.
Runbook: docs/runbooks/mes-plant.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from enghub.core import entrypoints, http, wire
from enghub.mes import rights
from enghub.mes.factories import Factory
from enghub.mes.plant import wiring
from enghub.mes.plant.answers import (
    CapacityResponse,
    LinePage,
    LineResponse,
    PlantResponse,
    ShiftAtResponse,
    ShiftsResponse,
    StationPage,
    StationResponse,
    WorkCentrePage,
    WorkCentreResponse,
)
from enghub.mes.plant.api import (
    BASE,
    DaysQuery,
    PageQuery,
)
from enghub.mes.routings import wiring as routing_wiring
from enghub.mes.routings.api import RoutingPage, RoutingResponse

app = http.resolver()

Id = Annotated[wire.PathId, Path()]
Page = Annotated[PageQuery, Query()]


@app.get(f"{BASE}/factory", right=rights.READ_PLANT)
def get_plant() -> PlantResponse:
    """Return the caller's factory."""
    return PlantResponse.of(wiring.plant().plant(Factory.of(http.call(app).origin)))


@app.get(f"{BASE}/shifts", right=rights.READ_PLANT)
def list_shifts(query: Annotated[DaysQuery, Query()]) -> ShiftsResponse:
    """Return the shifts that begin on each day, with DST changes, holidays and make-up workdays."""
    factory = Factory.of(http.call(app).origin)
    return ShiftsResponse.of(wiring.plant().shifts(factory, query.first, query.last))


@app.get(f"{BASE}/shift-at", right=rights.READ_PLANT)
def get_shift_at(at: Annotated[wire.Instant, Query()]) -> ShiftAtResponse:
    """Return the shift that a moment belongs to; ends are not part of a shift."""
    factory = Factory.of(http.call(app).origin)
    return ShiftAtResponse.of(at, wiring.plant().shift_at(factory, at))


@app.get(f"{BASE}/lines", right=rights.READ_PLANT)
def list_lines(query: Page) -> LinePage:
    """Return lines, a page at a time."""
    factory = Factory.of(http.call(app).origin)
    return LinePage.of(wiring.plant().lines.page(factory, query.page_size, query.cursor))


@app.get(f"{BASE}/lines/<line_id>", right=rights.READ_PLANT)
def get_line(line_id: Id) -> LineResponse:
    """Return a line."""
    return LineResponse.of(wiring.plant().lines.get(Factory.of(http.call(app).origin), line_id))


@app.get(f"{BASE}/work-centres", right=rights.READ_PLANT)
def list_work_centres(query: Page) -> WorkCentrePage:
    """Return work centres, a page at a time."""
    factory = Factory.of(http.call(app).origin)
    return WorkCentrePage.of(wiring.plant().work_centres.page(factory, query.page_size, query.cursor))


@app.get(f"{BASE}/work-centres/<work_centre_id>", right=rights.READ_PLANT)
def get_work_centre(work_centre_id: Id) -> WorkCentreResponse:
    """Return a work centre."""
    return WorkCentreResponse.of(wiring.plant().work_centres.get(Factory.of(http.call(app).origin), work_centre_id))


@app.get(f"{BASE}/stations", right=rights.READ_PLANT)
def list_stations(query: Page) -> StationPage:
    """Return stations, a page at a time."""
    factory = Factory.of(http.call(app).origin)
    return StationPage.of(wiring.plant().stations.page(factory, query.page_size, query.cursor))


@app.get(f"{BASE}/stations/<station_id>", right=rights.READ_PLANT)
def get_station(station_id: Id) -> StationResponse:
    """Return a station."""
    return StationResponse.of(wiring.plant().stations.get(Factory.of(http.call(app).origin), station_id))


@app.get(f"{BASE}/stations/<station_id>/capacity", right=rights.READ_PLANT)
def get_capacity(station_id: Id, query: Annotated[DaysQuery, Query()]) -> CapacityResponse:
    """Return a station's capacity by day."""
    factory = Factory.of(http.call(app).origin)
    found = wiring.plant().capacity(factory, station_id, query.first, query.last)
    return CapacityResponse.of(station_id, found)


@app.get(f"{BASE}/routings", right=rights.READ_PLANT)
def list_routings(query: Page) -> RoutingPage:
    """Return routings in their current versions, a page at a time."""
    factory = Factory.of(http.call(app).origin)
    return RoutingPage.of(routing_wiring.routings().page(factory, query.page_size, query.cursor))


@app.get(f"{BASE}/routings/<routing_id>", right=rights.READ_PLANT)
def get_routing(
    routing_id: Id, version: Annotated[int | None, Query(ge=1, le=1_000_000_000)] = None
) -> RoutingResponse:
    """Return a routing, as it is or in a version of its."""
    return RoutingResponse.of(routing_wiring.routing(Factory.of(http.call(app).origin), routing_id, version))


lambda_handler = entrypoints.http(app)
