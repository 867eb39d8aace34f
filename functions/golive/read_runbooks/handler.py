"""Reads runbooks, those that fit an incident, runs with what to do next, and the events that wait for the bus (OPS-13).

Trigger: GET /api/v1/golive/runbooks, .../{runbookId}, /api/v1/golive/incidents/{id}/{runbooks|runbook-runs},
/api/v1/golive/runbook-runs/{runId}, /api/v1/golive/event-parking.
Runbook: docs/runbooks/golive-runbooks.md.
"""

from typing import TYPE_CHECKING, Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from enghub.core import entrypoints, http
from enghub.core.clock import system_clock
from enghub.core.lazy import lazy
from enghub.golive import rights
from enghub.golive.forms import BASE
from enghub.golive.incidents.api import IncidentId
from enghub.golive.parking import dynamo as parking
from enghub.golive.parking.model import backlog
from enghub.golive.runbooks.answers import BacklogResponse, RunbookResponse, RunbooksResponse, RunDetail, RunsResponse
from enghub.golive.runbooks.api import RUNS, RunbookId, RunId

if TYPE_CHECKING:
    from enghub.golive.runbooks import wiring
else:
    wiring = lazy("enghub.golive.runbooks.wiring")

app = http.resolver()
Incident = Annotated[IncidentId, Path()]


@app.get(f"{BASE}/runbooks", right=rights.READ_GOLIVE)
def list_runbooks() -> RunbooksResponse:
    """Return every runbook: the tenant's own, then those built in."""
    found = wiring.library().all(http.call(app).principal.tenant_id)
    return RunbooksResponse(items=tuple(map(RunbookResponse.of, found)))


@app.get(f"{BASE}/runbooks/<runbook_id>", right=rights.READ_GOLIVE)
def get_runbook(
    runbook_id: RunbookId, version: Annotated[int | None, Query(ge=0, le=1_000_000_000)] = None
) -> RunbookResponse:
    """Return a runbook, the newest version when none is named; 0 is the built-in one."""
    return RunbookResponse.of(wiring.library().get(http.call(app).principal.tenant_id, runbook_id, version))


@app.get(f"{BASE}/incidents/<incident_id>/runbooks", right=rights.READ_GOLIVE)
def list_fitting_runbooks(incident_id: Incident) -> RunbooksResponse:
    """Return the runbooks that fit an incident: its service's, then those for what it is called."""
    tenant_id = http.call(app).principal.tenant_id
    incident = wiring.runs().incidents.get(tenant_id, incident_id).value
    found = wiring.library().fitting(tenant_id, incident.runbooks, incident.title)
    return RunbooksResponse(items=tuple(map(RunbookResponse.of, found)))


@app.get(f"{BASE}/incidents/<incident_id>/runbook-runs", right=rights.READ_GOLIVE)
def list_runbook_runs(
    incident_id: Incident,
    page_size: Annotated[int, Query(alias="pageSize", ge=1, le=100)] = 20,
    cursor: Annotated[str | None, Query(max_length=2000)] = None,
) -> RunsResponse:
    """Return part of an incident's runs, the latest first."""
    tenant_id = http.call(app).principal.tenant_id
    return RunsResponse.of(wiring.runs().store.runs(tenant_id, incident_id, page_size, cursor))


@app.get(f"{RUNS}/<run_id>", right=rights.READ_GOLIVE)
def get_runbook_run(run_id: RunId) -> RunDetail:
    """Return a run: what to do next, every step, the time it takes against what is expected."""
    return RunDetail.whole(wiring.runs().found(http.call(app).principal.tenant_id, run_id), system_clock())


@app.get(f"{BASE}/event-parking", right=rights.READ_GOLIVE)
def get_event_parking() -> BacklogResponse:
    """Return how many of the tenant's events of this context wait for the bus, by type, and since when."""
    now = system_clock()
    return BacklogResponse.of(backlog(parking.waiting(http.call(app).principal.tenant_id, now), now))


lambda_handler = entrypoints.http(app)
