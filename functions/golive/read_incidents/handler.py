"""Reads incidents, timelines, drafts of post-mortems, figures, services (OPS-10, OPS-15, OPS-20).

Trigger: GET /api/v1/golive/incidents, .../{id}, .../{id}/{timeline|post-mortem}; GET
/api/v1/golive/{incident-statistics|operations-reports/{kind}}.
Runbook: docs/runbooks/golive-incidents.md.
"""

from typing import TYPE_CHECKING, Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from enghub.core import entrypoints, http, wire
from enghub.core.lazy import lazy
from enghub.core.setup.api import Name, Zone
from enghub.golive import rights
from enghub.golive.forms import BASE, paged
from enghub.golive.incidents import dynamo, postmortem, wiring
from enghub.golive.incidents.answers import (
    IncidentResponse,
    IncidentsResponse,
    PostMortemResponse,
    ServiceResponse,
    ServicesResponse,
    StatisticsResponse,
    TimelineEntryResponse,
    TimelineResponse,
)
from enghub.golive.incidents.api import IncidentId
from enghub.golive.incidents.statistics import statistics
from enghub.golive.reports.api import OperationsReportResponse
from enghub.golive.reports.model import ReportKind

if TYPE_CHECKING:
    from enghub.golive.actions import dynamo as actions
    from enghub.golive.reports import wiring as reports
else:  # each for its own route alone
    actions = lazy("enghub.golive.actions.dynamo")
    reports = lazy("enghub.golive.reports.wiring")

app = http.resolver()

Size = Annotated[int, Query(alias="pageSize", ge=1, le=100)]
Cursor = Annotated[str | None, Query(max_length=1000)]
Id = Annotated[IncidentId, Path()]
LATEST = 500


@app.get(f"{BASE}/incidents", right=rights.READ_GOLIVE)
def list_incidents(page_size: Size = 50, cursor: Cursor = None) -> IncidentsResponse:
    """Return a page of incidents, the latest first."""
    tenant_id = http.call(app).principal.tenant_id
    return IncidentsResponse(**paged(dynamo.page(tenant_id, page_size, cursor), IncidentResponse.of))


@app.get(f"{BASE}/incidents/<incident_id>", right=rights.READ_GOLIVE)
def get_incident(incident_id: Id) -> IncidentResponse:
    """Return an incident."""
    call = http.call(app)
    kept = wiring.incidents().get(call.principal.tenant_id, incident_id)
    stopped = "" if kept.value.state.is_over else wiring.stopped(kept.value, call.origin.at)
    return IncidentResponse.of(kept, stopped)


@app.get(f"{BASE}/incidents/<incident_id>/timeline", right=rights.READ_GOLIVE)
def get_timeline(incident_id: Id, page_size: Size = 100, cursor: Cursor = None) -> TimelineResponse:
    """Return a page of its timeline, in order; every entry's hash covers the one before."""
    tenant_id = http.call(app).principal.tenant_id
    return TimelineResponse(
        **paged(dynamo.timeline(tenant_id, incident_id, page_size, cursor), TimelineEntryResponse.of)
    )


@app.get(f"{BASE}/incidents/<incident_id>/post-mortem", right=rights.READ_GOLIVE)
def draft_post_mortem(incident_id: Id) -> PostMortemResponse:
    """Return the draft of its post-mortem with what was promised; every moment names the entry that proves it."""
    tenant_id = http.call(app).principal.tenant_id
    incident = wiring.incidents().get(tenant_id, incident_id).value
    draft = postmortem.draft(incident, dynamo.whole_timeline(tenant_id, incident_id))
    return PostMortemResponse.of(draft, actions.about(tenant_id, incident.subject))


@app.get(f"{BASE}/incident-statistics", right=rights.READ_GOLIVE)
def get_statistics() -> StatisticsResponse:
    """Return the figures of the latest 500 incidents."""
    found = dynamo.page(http.call(app).principal.tenant_id, LATEST, None)
    return StatisticsResponse.of(statistics(one.value for one in found.items))


@app.get(f"{BASE}/operations-reports/<kind>", right=rights.READ_GOLIVE)
def get_operations_report(
    kind: Annotated[ReportKind, Path()], day: Annotated[wire.Day, Query()], zone: Annotated[Zone, Query()] = "UTC"
) -> OperationsReportResponse:
    """Return the report of the week, from Monday on, or of the month that a day is in, beside the one before."""
    call = http.call(app)
    return OperationsReportResponse.of(reports.made(call.principal.tenant_id, kind, zone, day), call.language)


@app.get(f"{BASE}/services", right=rights.READ_GOLIVE)
def list_services(page_size: Size = 50, cursor: Cursor = None) -> ServicesResponse:
    """Return a page of services."""
    tenant_id = http.call(app).principal.tenant_id
    return ServicesResponse(**paged(dynamo.services().page(tenant_id, page_size, cursor), ServiceResponse.of))


@app.get(f"{BASE}/services/<service_id>", right=rights.READ_GOLIVE)
def get_service(service_id: Annotated[Name, Path()]) -> ServiceResponse:
    """Return a service."""
    return ServiceResponse.of(wiring.services().get(http.call(app).principal.tenant_id, service_id))


lambda_handler = entrypoints.http(app)
