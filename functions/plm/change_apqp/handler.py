"""Changes APQP projects: deliverables, gates and their signatures, what the PLM says of them (PLM-13).

Trigger: POST /api/v1/plm/apqp/projects, PUT .../{projectCode}/deliverables/{code}, POST .../gates/{phase}/request,
.../gates/{phase}/decision, .../plm-status. Events: ApqpGatePassed, NoticeRequested. Runbook: docs/runbooks/plm-apqp.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path

from enghub.core import entrypoints, http, wire
from enghub.core.commits import Kept
from enghub.kit.approvals.model import Decider
from enghub.plm import rights
from enghub.plm.apqp import api
from enghub.plm.apqp.catalogue import Phase
from enghub.plm.apqp.model import Voice
from enghub.plm.gateways.apqp import projects

app = http.resolver()
ONE = f"{api.BASE}/<project_code>"
Code = Annotated[wire.PathId, Path()]
Number = Annotated[api.PhaseNumber, Path()]


@app.post(api.BASE, right=rights.CHANGE_APQP, key="optional", status_code=201)
def create_apqp_project(request: api.CreateProjectRequest) -> api.ProjectResponse:
    """201 with a new project and the deliverables of the manual."""
    call = http.call(app)
    at = call.origin.at
    claim = call.claim(lambda made: api.ProjectResponse.of(Kept(made), at))
    kept = projects().create(request.to_project(call.principal.tenant_id, at), call.origin, claim)
    return api.ProjectResponse.of(kept, at)


@app.put(f"{ONE}/deliverables/<code>", right=rights.CHANGE_APQP)
def put_apqp_deliverable(project_code: Code, code: Code, request: api.PutDeliverableRequest) -> api.ProjectResponse:
    """Store what a deliverable is now."""
    origin = http.call(app).origin
    return api.ProjectResponse.of(projects().put_deliverable(project_code, code, request.changed, origin), origin.at)


@app.post(f"{ONE}/gates/<phase>/request", right=rights.CHANGE_APQP)
def ask_apqp_gate(project_code: Code, phase: Number, request: api.AskGateRequest) -> api.ProjectResponse:
    """Ask for the signatures of a phase's gate."""
    origin = http.call(app).origin
    kept = projects().ask(project_code, Phase(phase), request.conditions, request.until, origin)
    return api.ProjectResponse.of(kept, origin.at)


@app.post(f"{ONE}/gates/<phase>/decision", right=rights.SIGN_APQP)
def decide_apqp_gate(project_code: Code, phase: Number, request: api.DecideGateRequest) -> api.ProjectResponse:
    """Sign or reject; never by who asked. With the last signature the PLM is told."""
    call = http.call(app)
    voice = Voice(Decider(call.principal.user_id, call.principal.roles), request.verdict, request.comment)
    kept = projects().decide(project_code, Phase(phase), voice, call.origin)
    return api.ProjectResponse.of(kept, call.origin.at)


@app.post(f"{ONE}/plm-status", right=rights.CHANGE_APQP)
def take_apqp_status(project_code: Code) -> api.ProjectResponse:
    """Take phase and statuses over from the PLM; what is done here stays done."""
    origin = http.call(app).origin
    return api.ProjectResponse.of_taken(projects().take_over(project_code, origin), origin.at)


lambda_handler = entrypoints.http(app)
