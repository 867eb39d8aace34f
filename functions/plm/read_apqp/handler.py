"""Reads APQP projects: all of a tenant, one with its gates and deliverables as they stand today (PLM-13).

Trigger: GET /api/v1/plm/apqp/projects and /api/v1/plm/apqp/projects/{projectCode}. Runbook: docs/runbooks/plm-apqp.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from enghub.core import entrypoints, http, wire
from enghub.plm import rights
from enghub.plm.apqp import api
from enghub.plm.gateways.apqp import projects

app = http.resolver()


@app.get(api.BASE, right=rights.READ_APQP)
def list_apqp_projects(
    page_size: Annotated[int, Query(alias="pageSize", ge=1, le=100)] = 50,
    cursor: Annotated[str | None, Query(max_length=2000)] = None,
) -> api.ProjectList:
    """A tenant's projects, by code."""
    return api.ProjectList.of(projects().page(http.call(app).principal.tenant_id, page_size, cursor))


@app.get(f"{api.BASE}/<project_code>", right=rights.READ_APQP)
def read_apqp_project(project_code: Annotated[wire.PathId, Path()]) -> api.ProjectResponse:
    """One as it stands today."""
    call = http.call(app)
    return api.ProjectResponse.of(projects().get(call.principal.tenant_id, project_code), call.origin.at)


lambda_handler = entrypoints.http(app)
