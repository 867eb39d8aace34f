"""Reads stops and their reasons, and what they cost a station: KPIs by ISO 22400, Pareto of losses (MES-12, MES-27).

Trigger: GET /api/v1/plant/stop-reasons, /api/v1/plant/stops/{stopId}, /api/v1/plant/stations/{stationId}/{kpis|losses}.
Runbook: docs/runbooks/mes-stops.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from enghub.core import entrypoints, http, wire
from enghub.mes import rights
from enghub.mes.factories import Factory
from enghub.mes.plant.api import BASE, PageQuery
from enghub.mes.stops import wiring
from enghub.mes.stops.api import FiguresQuery, OeeResponse, ParetoResponse, ReasonPage, StopResponse

app = http.resolver()

Id = Annotated[wire.PathId, Path()]
Days = Annotated[FiguresQuery, Query()]


@app.get(f"{BASE}/stop-reasons", right=rights.READ_PLANT)
def list_stop_reasons(query: Annotated[PageQuery, Query()]) -> ReasonPage:
    """Return reasons, a page at a time."""
    factory = Factory.of(http.call(app).origin)
    return ReasonPage.of(wiring.reasons().page(factory, query.page_size, query.cursor))


@app.get(f"{BASE}/stops/<stop_id>", right=rights.READ_PLANT)
def get_stop(stop_id: Id) -> StopResponse:
    """Return a stop."""
    return StopResponse.of(wiring.stops().get(Factory.of(http.call(app).origin), stop_id))


@app.get(f"{BASE}/stations/<station_id>/kpis", right=rights.READ_PLANT)
def get_kpis(station_id: Id, query: Days) -> OeeResponse:
    """Return a station's figures by shift and of the whole period."""
    factory = Factory.of(http.call(app).origin)
    return OeeResponse.of(station_id, wiring.losses().elements(factory, station_id, query.first, query.last))


@app.get(f"{BASE}/stations/<station_id>/losses", right=rights.READ_PLANT)
def get_losses(station_id: Id, query: Days) -> ParetoResponse:
    """Return what stopped a station, the greatest loss first."""
    factory = Factory.of(http.call(app).origin)
    return ParetoResponse.of(station_id, wiring.losses().pareto(factory, station_id, query.first, query.last))


lambda_handler = entrypoints.http(app)
