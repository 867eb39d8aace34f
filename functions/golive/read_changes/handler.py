"""Reads what changed in the last hours, on demand and before an incident (OPS-25).

Trigger: GET /api/v1/golive/changes, /api/v1/golive/incidents/{incidentId}/changes.
Runbook: docs/runbooks/golive-incidents.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from enghub.core import entrypoints, http
from enghub.golive import rights
from enghub.golive.changes import dynamo
from enghub.golive.changes.api import ChangesQuery, ChangesResponse, Cursor, Hours
from enghub.golive.changes.model import Wanted
from enghub.golive.changes.wiring import before_incident
from enghub.golive.forms import BASE
from enghub.golive.incidents.api import IncidentId

app = http.resolver()

Size = Annotated[int, Query(alias="pageSize", ge=1, le=100)]


@app.get(f"{BASE}/changes", right=rights.READ_GOLIVE)
def list_changes(query: Annotated[ChangesQuery, Query()]) -> ChangesResponse:
    """Return a page of what changed, for the tenant or for all of them, the latest first."""
    call = http.call(app)
    return _answer(query.wanted(call.origin.at), query.page_size, query.cursor)


@app.get(f"{BASE}/incidents/<incident_id>/changes", right=rights.READ_GOLIVE)
def list_changes_before_incident(
    incident_id: Annotated[IncidentId, Path()],
    hours: Annotated[Hours, Query()] = 24,
    page_size: Size = 50,
    cursor: Annotated[Cursor | None, Query()] = None,
) -> ChangesResponse:
    """Return a page of what changed in the hours before an incident was opened, the latest first."""
    return _answer(before_incident(http.call(app).principal.tenant_id, incident_id, hours), page_size, cursor)


def _answer(wanted: Wanted, page_size: int, cursor: str | None) -> ChangesResponse:
    call = http.call(app)
    found = dynamo.page(call.principal.tenant_id, wanted, page_size, cursor)
    return ChangesResponse.of(wanted, found, call.language)


lambda_handler = entrypoints.http(app)
