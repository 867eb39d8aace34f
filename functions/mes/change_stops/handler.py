"""Tells when a station stands, since when, until when and why; describes the tree of reasons (MES-27).

Trigger: POST /api/v1/plant/stops, .../{stopId}/end, .../{stopId}/reason; PUT, DELETE /api/v1/plant/stop-reasons/{code}.
Events: LineStopped, LineStarted.
Runbook: docs/runbooks/mes-stops.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from enghub.core import entrypoints, http, wire
from enghub.mes import rights
from enghub.mes.factories import Factory
from enghub.mes.plant.api import BASE
from enghub.mes.stops import wiring
from enghub.mes.stops.api import (
    BeginStopRequest,
    EndStopRequest,
    ExplainStopRequest,
    PutReasonRequest,
    ReasonResponse,
    StopResponse,
)

app = http.resolver()

Id = Annotated[wire.PathId, Path()]
Seen = Annotated[int | None, Query(ge=1, le=1_000_000_000)]


@app.put(f"{BASE}/stop-reasons/<code>", right=rights.MANAGE_PLANT)
def put_stop_reason(code: Id, request: PutReasonRequest) -> ReasonResponse:
    """Describe a reason."""
    call = http.call(app)
    wanted = request.to_reason(Factory.of(call.origin), code)
    return ReasonResponse.of(wiring.reasons().put(code, wanted, request.version, call.origin))


@app.delete(f"{BASE}/stop-reasons/<code>", right=rights.MANAGE_PLANT, status_code=204)
def delete_stop_reason(code: Id, version: Seen = None) -> None:
    """Take a reason away; stops that have it keep it."""
    wiring.reasons().delete(code, version, http.call(app).origin)


@app.post(f"{BASE}/stops", right=rights.REPORT_STOP, status_code=201)
def begin_stop(request: BeginStopRequest) -> StopResponse:
    """Tell that a station stands, or stood."""
    return StopResponse.of(wiring.stops().begin(request.to_command(http.call(app).origin)))


@app.post(f"{BASE}/stops/<stop_id>/end", right=rights.REPORT_STOP)
def end_stop(stop_id: Id, request: EndStopRequest) -> StopResponse:
    """Tell that it produces again; 400 when the end is not after the begin."""
    origin = http.call(app).origin
    return StopResponse.of(wiring.stops().end(origin, stop_id, request.ended_at, request.version))


@app.post(f"{BASE}/stops/<stop_id>/reason", right=rights.REPORT_STOP)
def explain_stop(stop_id: Id, request: ExplainStopRequest) -> StopResponse:
    """Say why it stood."""
    origin = http.call(app).origin
    return StopResponse.of(wiring.stops().explain(origin, stop_id, request.reason, request.version))


lambda_handler = entrypoints.http(app)
