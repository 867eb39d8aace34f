"""Reads what open orders ask of the stations and when it can be done: rough-cut and finite load (MES-07, MES-08).

Trigger: GET /api/v1/planning/load?days=&stationId=.
Runbook: docs/runbooks/mes-planning.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from enghub.core import entrypoints, http
from enghub.core.clock import system_clock
from enghub.mes import rights
from enghub.mes.factories import Factory
from enghub.mes.planning.load_api import CapacityLoadResponse, LoadQuery
from enghub.mes.planning.load_service import CapacityLoad
from enghub.mes.plant.wiring import plant
from enghub.mes.work_orders.dynamo import DynamoWorkOrders

app = http.resolver()


@app.get("/api/v1/planning/load", right=rights.READ_PLANNING)
def get_capacity_load(query: Annotated[LoadQuery, Query()]) -> CapacityLoadResponse:
    """Return load by station and day, and for each operation when it can be done and why it is late."""
    service = CapacityLoad(DynamoWorkOrders(), plant(), system_clock)
    return CapacityLoadResponse.of(service.load(Factory.of(http.call(app).origin), query.days), query.station_id)


lambda_handler = entrypoints.http(app)
