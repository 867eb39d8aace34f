"""Opens and decides inspections, asks for and answers concessions, resumes a discontinued supplier (MES-09).

Trigger: PUT /api/v1/inspections/plans/{kind}/{partId}, POST /api/v1/inspections, POST .../schemes/resume,
POST .../orders/{inspectionId}/{result|concession|concession/voice}.
Events: InspectionOpened, InspectionDecided, LotHeld, LotReleased.
Runbook: docs/runbooks/mes-quality.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path

from enghub.core import entrypoints, http, wire
from enghub.kit.approvals.model import Decider
from enghub.mes import rights
from enghub.mes.factories import Factory
from enghub.mes.inspections.api import (
    BASE,
    ConcessionRequest,
    InspectionResponse,
    OpenInspectionRequest,
    PlanResponse,
    PutPlanRequest,
    ResultRequest,
    ResumeRequest,
    SchemeResponse,
    VoiceRequest,
)
from enghub.mes.inspections.model import Kind
from enghub.mes.inspections.wiring import inspections

app = http.resolver()
InspectionId = Annotated[wire.PathId, Path()]


@app.put(f"{BASE}/plans/<kind>/<part_id>", right=rights.MANAGE_QUALITY)
def put_plan(
    kind: Annotated[Kind, Path()], part_id: Annotated[wire.PathId, Path()], request: PutPlanRequest
) -> PlanResponse:
    """Say how a part's lots are inspected."""
    call = http.call(app)
    wanted = request.to_plan(Factory.of(call.origin), kind, part_id)
    return PlanResponse.of(inspections().put_plan(call.origin, wanted, request.version))


@app.post(BASE, right=rights.INSPECT, key="optional", status_code=201)
def open_inspection(request: OpenInspectionRequest) -> InspectionResponse:
    """Open an inspection order with the sampling plan in force now."""
    call = http.call(app)
    service = inspections(call.claim(InspectionResponse.of))
    return InspectionResponse.of(service.open(request.to_command(call.origin)))


@app.post(f"{BASE}/orders/<inspection_id>/result", right=rights.INSPECT, key="optional")
def decide_inspection(inspection_id: InspectionId, request: ResultRequest) -> InspectionResponse:
    """Record what was found; it decides: accepted or rejected, and a rejected lot is held."""
    call = http.call(app)
    service = inspections(call.claim(InspectionResponse.of))
    decided = service.decide(call.origin, inspection_id, request.version, request.to_result(call.origin))
    return InspectionResponse.of(decided)


@app.post(f"{BASE}/orders/<inspection_id>/concession", right=rights.INSPECT, key="optional")
def ask_concession(inspection_id: InspectionId, request: ConcessionRequest) -> InspectionResponse:
    """Ask that a rejected lot may go as it is."""
    call = http.call(app)
    service = inspections(call.claim(InspectionResponse.of))
    return InspectionResponse.of(service.ask_concession(call.origin, inspection_id, request.version, request.reason))


@app.post(f"{BASE}/orders/<inspection_id>/concession/voice", right=rights.MANAGE_QUALITY, key="optional")
def answer_concession(inspection_id: InspectionId, request: VoiceRequest) -> InspectionResponse:
    """Agree to a concession or refuse it; never one's own."""
    call = http.call(app)
    service = inspections(call.claim(InspectionResponse.of))
    decider = Decider(call.principal.user_id, call.principal.roles)
    made = service.answer_concession(call.origin, decider, inspection_id, request.verdict, request.comment)
    return InspectionResponse.of(made)


@app.post(f"{BASE}/schemes/resume", right=rights.MANAGE_QUALITY)
def resume_scheme(request: ResumeRequest) -> SchemeResponse:
    """Inspect a discontinued supplier's part again, tightened."""
    call = http.call(app)
    service = inspections()
    scheme = service.resume(call.origin, request.kind, request.part_id, request.supplier_id, request.reason)
    return SchemeResponse.of(scheme, service.switches(scheme, 50, None))


lambda_handler = entrypoints.http(app)
