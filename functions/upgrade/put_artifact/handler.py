"""Allows the upload of a package or template into the artifact store (UPG-15, UPG-17).

Trigger: POST /api/v1/upgrade/artifacts.
Runbook: docs/runbooks/upgrade-executions.md.
"""

from enghub.core import entrypoints, http
from enghub.upgrade import rights
from enghub.upgrade.artifacts import wiring
from enghub.upgrade.artifacts.api import PutArtifactRequest, UploadResponse
from enghub.upgrade.edge import resolver

app = resolver()


@app.post("/api/v1/upgrade/artifacts", right=rights.MANAGE_UPGRADE, status_code=201)
def put_artifact(request: PutArtifactRequest) -> UploadResponse:
    """Return a signed upload of exactly this content; it is valid for ten minutes."""
    call = http.call(app)
    return UploadResponse.of(*wiring.allow(request.to_artifact(call.origin), call.origin))


lambda_handler = entrypoints.http(app)
