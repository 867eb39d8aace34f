"""Defines characteristics, records samples, puts limits into force (MES-11).

Trigger: PUT /api/v1/spc/characteristics/{characteristicId}, POST .../{characteristicId}/{samples|phases}.
Events: ChartSignalled, NoticeRequested.
Runbook: docs/runbooks/mes-quality.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path

from enghub.core import entrypoints, http, wire
from enghub.mes import rights
from enghub.mes.charts import wiring as charts
from enghub.mes.charts.api import (
    BASE,
    CharacteristicResponse,
    PhaseRequest,
    PutCharacteristicRequest,
    RecordedResponse,
    SampleRequest,
)
from enghub.mes.factories import Factory

app = http.resolver()
CharacteristicId = Annotated[wire.PathId, Path()]


@app.put(f"{BASE}/<characteristic_id>", right=rights.MANAGE_QUALITY)
def put_characteristic(
    characteristic_id: CharacteristicId, request: PutCharacteristicRequest
) -> CharacteristicResponse:
    """Define a characteristic; how it is charted stays while limits are in force."""
    call = http.call(app)
    wanted = request.to_characteristic(Factory.of(call.origin), characteristic_id)
    return CharacteristicResponse.of(charts.control_charts().put(call.origin, wanted, request.version))


@app.post(f"{BASE}/<characteristic_id>/samples", right=rights.INSPECT, key="optional", status_code=201)
def record_sample(characteristic_id: CharacteristicId, request: SampleRequest) -> RecordedResponse:
    """Record a sample; it is judged by the limits in force, late ones in their place."""
    call = http.call(app)
    service = charts.control_charts(call.claim(RecordedResponse.of))
    return RecordedResponse.of(service.record(request.to_command(call.origin, characteristic_id)))


@app.post(f"{BASE}/<characteristic_id>/phases", right=rights.MANAGE_QUALITY, key="optional")
def begin_phase(characteristic_id: CharacteristicId, request: PhaseRequest) -> CharacteristicResponse:
    """Put limits into force that are learnt from samples, or begin a new baseline."""
    call = http.call(app)
    service = charts.control_charts(call.claim(CharacteristicResponse.of))
    window = (request.begin, request.end) if request.begin and request.end else None
    excluded = {one.sample_id: one.reason for one in request.excluded}
    return CharacteristicResponse.of(
        service.begin_phase(call.origin, characteristic_id, request.version, window, excluded)
    )


lambda_handler = entrypoints.http(app)
