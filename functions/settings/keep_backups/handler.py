"""Backups of configuration, flags and rules: taken, listed, compared, restored, carried to another environment.

Trigger: POST, GET /api/v1/settings/backups; POST /backups/upload (multipart/form-data); GET /backups/{backupId}/file;
POST /backups/{backupId}/verify, /restore. Runbook: docs/runbooks/settings-backups.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from enghub.core import entrypoints, http
from enghub.core.identity import Origin
from enghub.settings import rights
from enghub.settings.approvals.answers import ChangeRequestResponse
from enghub.settings.approvals.api import Space, answered, origin_in, require
from enghub.settings.backups import wiring
from enghub.settings.backups.api import (
    BACKUPS,
    MAX_FILE_BYTES,
    BackupFileResponse,
    BackupResponse,
    BackupsResponse,
    RestoreRequest,
    SelectionRequest,
    TakenResponse,
    UploadRequest,
    VerifiedResponse,
)
from enghub.settings.configs.model import Layer

app = http.resolver(max_body_bytes=MAX_FILE_BYTES + 64 * 1024)

KEEP = (rights.KEEP_BACKUPS, rights.KEEP_GLOBAL_BACKUPS)
SpaceNamed = Annotated[Space, Query(alias="layer")]
BackupNamed = Annotated[str, Path(max_length=26, pattern=r"^[0-9A-Z]+$")]


def _origin(space: Space) -> Origin:
    call = http.call(app)
    require(call, space, *KEEP)
    return origin_in(call, space)


@app.post(BACKUPS, right=KEEP, status_code=201)
def take_backup(layer: SpaceNamed = "tenant") -> TakenResponse:
    """Take a backup of the tenant's layer and its users', or of the global layer."""
    return TakenResponse.of_taken(wiring.backups().take(_origin(layer)))


@app.get(BACKUPS, right=KEEP)
def list_backups(layer: SpaceNamed = "tenant") -> BackupsResponse:
    """List backups, the newest first; one is taken every day."""
    found = wiring.backups().store.all(_origin(layer).tenant_id)
    return BackupsResponse(items=[BackupResponse.of(one) for one in found[:1_000]])


@app.post(f"{BACKUPS}/upload", right=KEEP, status_code=201, form=True)
def upload_backup(request: UploadRequest, layer: SpaceNamed = "tenant") -> TakenResponse:
    """Keep a backup's file of another environment; nothing is restored yet."""
    return TakenResponse.of_taken(wiring.backups().take_in(request.file.content, _origin(layer)))


@app.get(f"{BACKUPS}/<backup_id>/file", right=KEEP)
def read_backup_file(backup_id: BackupNamed, layer: SpaceNamed = "tenant") -> BackupFileResponse:
    """Answer a backup's file, to be carried to another environment."""
    return BackupFileResponse.of(backup_id, wiring.backups().file(_origin(layer).tenant_id, backup_id))


@app.post(f"{BACKUPS}/<backup_id>/verify", right=KEEP, limit="read")
def verify_backup(backup_id: BackupNamed, request: SelectionRequest, layer: SpaceNamed = "tenant") -> VerifiedResponse:
    """Compare a backup, or some of it, with what is there now."""
    found = wiring.backups().verify(backup_id, request.selection(), _origin(layer))
    return VerifiedResponse.of(backup_id, found, Layer(layer))


@app.post(f"{BACKUPS}/<backup_id>/restore", right=KEEP, sensitive="yes")
def restore_backup(
    backup_id: BackupNamed, request: RestoreRequest, layer: SpaceNamed = "tenant"
) -> Response[VerifiedResponse | ChangeRequestResponse]:
    """Bring back what is missing or changed, at one moment; sent again it finds nothing to do."""
    origin = _origin(layer)
    found = wiring.backups().restore(
        backup_id, request.selection(), origin, request.change_reason, dry_run=request.dry_run
    )
    return answered(found, origin.at, lambda before: VerifiedResponse.of(backup_id, before, Layer(layer)))


lambda_handler = entrypoints.http(app)
