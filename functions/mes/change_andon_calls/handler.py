"""Calls for help at a station, notes who came and what solved it (MES-27).

Trigger: POST /api/v1/plant/andon-calls, .../{callId}/acknowledge, .../{callId}/resolve.
Events: AndonRaised, AndonChanged; who can help is told by notices.
Runbook: docs/runbooks/mes-stops.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path

from enghub.core import entrypoints, http, wire
from enghub.mes import rights
from enghub.mes.andon import wiring
from enghub.mes.andon.api import AcknowledgeCallRequest, CallResponse, RaiseCallRequest, ResolveCallRequest
from enghub.mes.plant.api import BASE

app = http.resolver()

Id = Annotated[wire.PathId, Path()]


@app.post(f"{BASE}/andon-calls", right=rights.REPORT_STOP, status_code=201)
def raise_andon_call(request: RaiseCallRequest) -> CallResponse:
    """Call for help; the same callId again gets the stored call."""
    return CallResponse.of(wiring.andon().raise_call(request.to_command(http.call(app).origin)))


@app.post(f"{BASE}/andon-calls/<call_id>/acknowledge", right=rights.ANSWER_ANDON)
def acknowledge_andon_call(call_id: Id, request: AcknowledgeCallRequest) -> CallResponse:
    """Say that one is there; its clock stops."""
    return CallResponse.of(wiring.andon().acknowledge(http.call(app).origin, call_id, request.version))


@app.post(f"{BASE}/andon-calls/<call_id>/resolve", right=rights.ANSWER_ANDON)
def resolve_andon_call(call_id: Id, request: ResolveCallRequest) -> CallResponse:
    """Say that it is solved, and how."""
    return CallResponse.of(wiring.andon().resolve(http.call(app).origin, call_id, request.version, request.remedy))


lambda_handler = entrypoints.http(app)
