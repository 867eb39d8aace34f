"""Runs the probe of a checklist's item; what it reads is evidence (OPS-02).

Trigger: POST /api/v1/golive/go-lives/{goLiveId}/items/{itemId}/probe.
Runbook: docs/runbooks/golive.md.
"""

from enghub.core import entrypoints, http
from enghub.golive import rights
from enghub.golive.forms import GO_LIVES, GoLiveId, ItemId
from enghub.golive.readiness import wiring
from enghub.golive.readiness.answers import ItemResponse

app = http.resolver()


@app.post(f"{GO_LIVES}/<go_live_id>/items/<item_id>/probe", right=rights.WORK_ON_GOLIVE, status_code=201)
def probe_item(go_live_id: GoLiveId, item_id: ItemId) -> ItemResponse:
    """Ask what the item's probe names; an address that does not answer is evidence, too."""
    return ItemResponse.of(wiring.go_lives().run_probe(go_live_id, item_id, http.call(app).origin))


lambda_handler = entrypoints.http(app)
