"""Uploads, validates, activates and deactivates manifests (UPG-01).

Trigger: POST /api/v1/upgrade/manifests, .../validate, .../{version}/activate, .../{version}/deactivate.
Runbook: docs/runbooks/upgrade-executions.md.
"""

from enghub.core import entrypoints, http
from enghub.upgrade import rights
from enghub.upgrade.edge import resolver
from enghub.upgrade.manifests import wiring
from enghub.upgrade.manifests.api import (
    BASE,
    MAX_BODY_BYTES,
    ActivateRequest,
    ManifestResponse,
    UploadManifestRequest,
    ValidationResponse,
)
from enghub.upgrade.manifests.model import describe
from enghub.upgrade.requests import VersionNamed, version_of

app = resolver(max_body_bytes=MAX_BODY_BYTES)


@app.post(BASE, right=rights.MANAGE_UPGRADE, key="optional", status_code=201)
def upload_manifest(request: UploadManifestRequest) -> ManifestResponse:
    """Store a new revision, with its scripts; optionally put it in force."""
    call = http.call(app)
    claim = call.claim(ManifestResponse.uploaded)
    made = wiring.manifests().upload(request.manifest, request.scripts, request.activate, call.origin, claim)
    return ManifestResponse.of(made.head)


@app.post(f"{BASE}/validate", right=rights.READ_UPGRADE)
def validate_manifest(request: UploadManifestRequest) -> ValidationResponse:
    """Check a document with its scripts and the dependencies of its steps, without storing it."""
    manifest = wiring.manifests().prove(request.manifest, request.scripts)
    return ValidationResponse(
        version=manifest.version,
        version_type=describe(manifest),
        steps=sum(1 for _ in manifest.all_steps),
        missing_scripts=(),
    )


@app.post(f"{BASE}/<version>/activate", right=rights.MANAGE_UPGRADE)
def activate_manifest(version: VersionNamed, request: ActivateRequest) -> ManifestResponse:
    """Put a revision in force for every plan made from now on."""
    call = http.call(app)
    return ManifestResponse.of(wiring.manifests().activate(version_of(version), request.revision, call.origin))


@app.post(f"{BASE}/<version>/deactivate", right=rights.MANAGE_UPGRADE)
def deactivate_manifest(version: VersionNamed) -> ManifestResponse:
    """Take a version out of every plan made from now on."""
    call = http.call(app)
    return ManifestResponse.of(wiring.manifests().deactivate(version_of(version), call.origin))


lambda_handler = entrypoints.http(app)
