"""Declares incidents and leads them to their end; sets up services (OPS-10).

Trigger: POST /api/v1/golive/incidents, .../{id}/{acknowledge|mitigate|resolve|reopen|close|updates|notes|severity},
.../{id}/steps/{step}; PUT .../{id}/roles/{role}; PATCH .../{id}; PUT and DELETE /api/v1/golive/services/{id}.
Runbook: docs/runbooks/golive-incidents.md.
"""

from typing import Annotated, Any, Literal

from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from enghub.core import entrypoints, http
from enghub.core.commits import Kept
from enghub.core.lazy import lazy
from enghub.core.setup.api import Name
from enghub.golive import rights
from enghub.golive.forms import BASE
from enghub.golive.incidents.answers import IncidentResponse, ServiceResponse
from enghub.golive.incidents.api import (
    DeclareRequest,
    DescribeRequest,
    IncidentId,
    PutServiceRequest,
    RoleRequest,
    SeverityRequest,
    TextRequest,
)
from enghub.golive.incidents.model import Incident, Role
from enghub.golive.incidents.service import New
from enghub.golive.incidents.targets import proposed
from enghub.golive.runbooks.naming import named

wiring: Any = lazy("enghub.golive.incidents.wiring")
app = http.resolver()
Id = Annotated[IncidentId, Path()]
Seen = Annotated[int | None, Query(ge=1, le=1_000_000_000)]


@app.post(f"{BASE}/incidents", right=rights.RESPOND, key="optional", status_code=201)
def declare_incident(request: DeclareRequest) -> IncidentResponse:
    """Declare an incident: clocks run, people are paged."""
    call = http.call(app)
    service = wiring.services().get(call.principal.tenant_id, request.service_id).value
    severity = request.severity or proposed(request.facts.to_facts())
    new = New(service, request.title, severity, call.origin.user_id, request.impact)
    claim = call.claim(lambda made: IncidentResponse.of(Kept(made)))
    return IncidentResponse.of(wiring.incidents().open(new, call.origin, claim))


@app.post(f"{BASE}/incidents/<incident_id>/acknowledge", right=rights.RESPOND)
def acknowledge_incident(incident_id: Id) -> IncidentResponse:
    """Say that one is at it; nobody more is paged."""
    call, kept = _asked(incident_id)
    return IncidentResponse.of(wiring.incidents().acknowledge(kept, call.principal.user_id, call.origin))


@app.post(f"{BASE}/incidents/<incident_id>/mitigate", right=rights.RESPOND)
def mitigate_incident(incident_id: Id, request: TextRequest) -> IncidentResponse:
    """Say that users are served again."""
    call, kept = _asked(incident_id)
    return IncidentResponse.of(wiring.incidents().mitigate(kept, request.text, call.origin))


@app.post(f"{BASE}/incidents/<incident_id>/resolve", right=rights.RESPOND)
def resolve_incident(incident_id: Id, request: TextRequest) -> IncidentResponse:
    """Say that it is over."""
    call, kept = _asked(incident_id)
    return IncidentResponse.of(wiring.incidents().resolve(kept, request.text, call.origin))


@app.post(f"{BASE}/incidents/<incident_id>/reopen", right=rights.RESPOND)
def reopen_incident(incident_id: Id, request: TextRequest) -> IncidentResponse:
    """Say that it was not over; clocks go on where they stood."""
    call, kept = _asked(incident_id)
    return IncidentResponse.of(wiring.incidents().reopen(kept, request.text, call.origin))


@app.post(f"{BASE}/incidents/<incident_id>/close", right=rights.RESPOND)
def close_incident(incident_id: Id, request: TextRequest) -> IncidentResponse:
    """Say what the cause was."""
    call, kept = _asked(incident_id)
    return IncidentResponse.of(wiring.incidents().close(kept, request.text, call.origin))


@app.post(f"{BASE}/incidents/<incident_id>/updates", right=rights.RESPOND)
def update_incident(incident_id: Id, request: TextRequest) -> IncidentResponse:
    """Tell people how it stands."""
    call, kept = _asked(incident_id)
    return IncidentResponse.of(wiring.incidents().update(kept, request.text, call.origin))


@app.post(f"{BASE}/incidents/<incident_id>/notes", right=rights.RESPOND)
def note_incident(incident_id: Id, request: TextRequest) -> IncidentResponse:
    """Append something to the timeline."""
    call, kept = _asked(incident_id)
    return IncidentResponse.of(wiring.incidents().note(kept, request.text, call.origin))


@app.post(f"{BASE}/incidents/<incident_id>/severity", right=rights.RESPOND)
def change_severity(incident_id: Id, request: SeverityRequest) -> IncidentResponse:
    """Change the severity; a worse one pages anew."""
    call, kept = _asked(incident_id)
    service = wiring.services().repository.get(call.principal.tenant_id, kept.value.service_id)
    known = service.value if service else None
    return IncidentResponse.of(wiring.incidents().worsen(kept, request.severity, known, call.origin))


@app.post(f"{BASE}/incidents/<incident_id>/steps/<step>", right=rights.RESPOND)
def finish_step(
    incident_id: Id, step: Annotated[Literal["meeting", "diagnosis", "workaround"], Path()], request: TextRequest
) -> IncidentResponse:
    """Say that a step with a clock is done."""
    call, kept = _asked(incident_id)
    return IncidentResponse.of(wiring.incidents().done(kept, step, request.text, call.origin))


@app.put(f"{BASE}/incidents/<incident_id>/roles/<role>", right=rights.RESPOND)
def assign_role(incident_id: Id, role: Annotated[Role, Path()], request: RoleRequest) -> IncidentResponse:
    """Give somebody a role."""
    call, kept = _asked(incident_id)
    return IncidentResponse.of(wiring.incidents().assign(kept, role, request.user, call.origin))


@app.patch(f"{BASE}/incidents/<incident_id>", right=rights.RESPOND)
def describe_incident(incident_id: Id, request: DescribeRequest) -> IncidentResponse:
    """Say title, impact, links; what is left out stays."""
    call, kept = _asked(incident_id)
    return IncidentResponse.of(wiring.incidents().describe(kept, request.said(), call.origin))


@app.put(f"{BASE}/services/<service_id>", right=rights.MANAGE_ONCALL)
def put_service(service_id: Annotated[Name, Path()], request: PutServiceRequest) -> ServiceResponse:
    """Store a service."""
    origin = http.call(app).origin
    wanted = named(request.to_service(origin.tenant_id, service_id))
    return ServiceResponse.of(wiring.services().put(service_id, wanted, request.version, origin))


@app.delete(f"{BASE}/services/<service_id>", right=rights.MANAGE_ONCALL, status_code=204)
def delete_service(service_id: Annotated[Name, Path()], version: Seen = None) -> None:
    """Take a service away."""
    wiring.services().delete(service_id, version, http.call(app).origin)


def _asked(incident_id: str) -> tuple[http.Call, Kept[Incident]]:
    call = http.call(app)
    return call, wiring.incidents().get(call.principal.tenant_id, incident_id)


lambda_handler = entrypoints.http(app)
