"""Keeps the dictionary of defects, disposes of pieces, and takes action plans from step to step (MES-10).

Trigger: PUT /api/v1/defects/types/{code}, POST /api/v1/defects/records/{defectId}/disposition,
PUT /api/v1/ocap/plans/{planId}, POST /api/v1/ocap/cases, POST /api/v1/ocap/cases/{ocapId}/{answers|verification}.
Events: OcapStarted, OcapClosed, LotHeld, LotReleased, NoticeRequested.
Runbook: docs/runbooks/mes-quality.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path

from enghub.core import entrypoints, http, wire
from enghub.mes import rights
from enghub.mes.defects import api
from enghub.mes.defects.wiring import defects
from enghub.mes.factories import Factory
from enghub.mes.ocap.api import (
    BASE,
    AnswerRequest,
    CaseResponse,
    FlowResponse,
    PutFlowRequest,
    StartRequest,
    VerifyRequest,
)
from enghub.mes.ocap.wiring import ocap

app = http.resolver()
OcapId = Annotated[wire.PathId, Path()]


@app.put(f"{api.BASE}/types/<code>", right=rights.MANAGE_QUALITY)
def put_defect_type(code: Annotated[wire.PathId, Path()], request: api.PutTypeRequest) -> api.TypeResponse:
    """Store an entry of the dictionary."""
    call = http.call(app)
    wanted = request.to_type(Factory.of(call.origin), code)
    return api.TypeResponse.of(defects().put_type(call.origin, wanted, request.version))


@app.post(f"{api.BASE}/records/<defect_id>/disposition", right=rights.MANAGE_QUALITY)
def dispose_defect(defect_id: Annotated[wire.PathId, Path()], request: api.DisposeRequest) -> api.DefectResponse:
    """Say what becomes of defective pieces."""
    origin = http.call(app).origin
    made = defects().dispose(origin, defect_id, request.version, request.disposition, request.reference)
    return api.DefectResponse.of(made)


@app.put(f"{BASE}/plans/<plan_id>", right=rights.MANAGE_QUALITY)
def put_ocap_plan(plan_id: Annotated[wire.PathId, Path()], request: PutFlowRequest) -> FlowResponse:
    """Store a plan; every way through it must end."""
    call, service = http.call(app), ocap()
    made = service.put_plan(call.origin, request.to_flow(Factory.of(call.origin), plan_id), request.version)
    return FlowResponse.of(made, service.history(made.factory, plan_id))


@app.post(f"{BASE}/cases", right=rights.INSPECT, key="optional", status_code=201)
def start_ocap_case(request: StartRequest) -> CaseResponse:
    """Start a case by hand; its lot is held."""
    call = http.call(app)
    service = ocap(call.claim(CaseResponse.of))
    return CaseResponse.of(service.start(call.origin, request.plan_id, request.to_cause()))


@app.post(f"{BASE}/cases/<ocap_id>/answers", right=rights.INSPECT, key="optional")
def answer_ocap_step(ocap_id: OcapId, request: AnswerRequest) -> CaseResponse:
    """Answer the step that a case stands at."""
    call = http.call(app)
    service = ocap(call.claim(CaseResponse.of))
    return CaseResponse.of(service.answer(call.origin, ocap_id, request.version, request.to_taken(call.origin)))


@app.post(f"{BASE}/cases/<ocap_id>/verification", right=rights.MANAGE_QUALITY, key="optional")
def verify_ocap_case(ocap_id: OcapId, request: VerifyRequest) -> CaseResponse:
    """Say whether it helped; never by who took part. Then the lot is released, else the flow begins again."""
    call = http.call(app)
    service = ocap(call.claim(CaseResponse.of))
    return CaseResponse.of(service.verify(call.origin, ocap_id, request.version, request.to_verification(call.origin)))


lambda_handler = entrypoints.http(app)
