"""Reads manifests: the list, a revision, the difference of two (UPG-01).

Trigger: GET /api/v1/upgrade/manifests, .../{version}, .../{version}/diff.
Runbook: docs/runbooks/upgrade-executions.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from enghub.core import entrypoints, http
from enghub.upgrade import rights
from enghub.upgrade.edge import resolver
from enghub.upgrade.manifests import wiring
from enghub.upgrade.manifests.api import BASE, DiffResponse, ManifestResponse, ManifestsResponse, RevisionResponse
from enghub.upgrade.requests import VersionNamed, version_of

app = resolver()

Revision = Annotated[int, Query(ge=1)]


@app.get(BASE, right=rights.READ_UPGRADE)
def list_manifests() -> ManifestsResponse:
    """Return every version, in order."""
    call = http.call(app)
    heads = wiring.manifests().heads(call.principal.tenant_id)
    return ManifestsResponse(items=tuple(map(ManifestResponse.of, heads)))


@app.get(f"{BASE}/<version>", right=rights.READ_UPGRADE)
def get_manifest(version: VersionNamed, revision: Annotated[int | None, Query(ge=1)] = None) -> RevisionResponse:
    """Return a revision: the one named, else the one in force, else the latest."""
    call = http.call(app)
    return RevisionResponse.of(wiring.manifests().get(call.principal.tenant_id, version_of(version), revision))


@app.get(f"{BASE}/<version>/diff", right=rights.READ_UPGRADE)
def diff_manifests(version: VersionNamed, before: Revision, after: Revision) -> DiffResponse:
    """Return what differs between two revisions."""
    call = http.call(app)
    changes = wiring.manifests().diff(call.principal.tenant_id, version_of(version), before, after)
    return DiffResponse.of(version, before, after, changes)


lambda_handler = entrypoints.http(app)
