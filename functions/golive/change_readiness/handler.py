"""Who looks after an item of the checklist, what shows that it is done, sign-off and waiver (OPS-01, OPS-03).

Trigger: PUT /api/v1/golive/go-lives/{goLiveId}/items/{itemId}, and below it POST evidence, uploads, sign-off, waiver
and reopen.
Runbook: docs/runbooks/golive.md.
"""

from enghub.core import entrypoints, http, ids
from enghub.golive import rights
from enghub.golive.forms import GO_LIVES, GoLiveId, ItemId
from enghub.golive.readiness import wiring
from enghub.golive.readiness.answers import ItemResponse, UploadResponse
from enghub.golive.readiness.api import (
    AssignRequest,
    EvidenceRequest,
    ReasonRequest,
    SignOffRequest,
    UploadRequest,
    WaiverRequest,
)

app = http.resolver()
ITEM = f"{GO_LIVES}/<go_live_id>/items/<item_id>"


@app.put(ITEM, right=rights.WORK_ON_GOLIVE)
def assign_item(go_live_id: GoLiveId, item_id: ItemId, request: AssignRequest) -> ItemResponse:
    """Say who looks after an item, until when, what its probe asks and how often by itself."""
    probe = None if request.probe is None else request.probe.to_probe()
    origin = http.call(app).origin
    owner = request.owner or ""
    every = request.refresh_minutes or 0
    line = wiring.go_lives().assign(go_live_id, item_id, origin, owner=owner, due=request.due, probe=probe, every=every)
    return ItemResponse.of(line)


@app.post(f"{ITEM}/evidence", right=rights.WORK_ON_GOLIVE, status_code=201)
def show_evidence(go_live_id: GoLiveId, item_id: ItemId, request: EvidenceRequest) -> ItemResponse:
    """Keep what shows that an item is done; a sign-off that had seen other evidence is void then."""
    origin = http.call(app).origin
    evidence = request.to_evidence(ids.new_id(origin.at), origin)
    wiring.check_file(evidence, go_live_id, item_id, origin.tenant_id)
    return ItemResponse.of(wiring.go_lives().show(go_live_id, item_id, evidence, origin))


@app.post(f"{ITEM}/uploads", right=rights.WORK_ON_GOLIVE, status_code=201)
def upload_evidence(go_live_id: GoLiveId, item_id: ItemId, request: UploadRequest) -> UploadResponse:
    """Return where to put a file that will be evidence: for ten minutes, for these bytes alone."""
    origin = http.call(app).origin
    wiring.go_lives().get(origin.tenant_id, go_live_id)
    size, sha256 = request.size_bytes, request.sha256
    found = wiring.upload(go_live_id, item_id, origin, name=request.name, size_bytes=size, sha256=sha256)
    return UploadResponse.of(*found)


@app.post(f"{ITEM}/sign-off", right=rights.SIGN_OFF_GOLIVE)
def sign_off_item(go_live_id: GoLiveId, item_id: ItemId, request: SignOffRequest) -> ItemResponse:
    """Say that an item is done, on the evidence that was seen."""
    return ItemResponse.of(wiring.go_lives().sign_off(go_live_id, item_id, request.seen, http.call(app).origin))


@app.post(f"{ITEM}/waiver", right=rights.WAIVE_GOLIVE)
def waive_item(go_live_id: GoLiveId, item_id: ItemId, request: WaiverRequest) -> ItemResponse:
    """Let an item pass although it is not done, with a reason and an end."""
    origin = http.call(app).origin
    return ItemResponse.of(wiring.go_lives().waive(go_live_id, item_id, request.reason, request.until, origin))


@app.post(f"{ITEM}/reopen", right=rights.SIGN_OFF_GOLIVE)
def reopen_item(go_live_id: GoLiveId, item_id: ItemId, request: ReasonRequest) -> ItemResponse:
    """Take back sign-off and waiver."""
    return ItemResponse.of(wiring.go_lives().reopen(go_live_id, item_id, request.reason, http.call(app).origin))


lambda_handler = entrypoints.http(app)
