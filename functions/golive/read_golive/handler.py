"""Reads go-lives, their checklists and evidence, go or no-go, the built-in content; releases (OPS-01 to 03, 24).

Trigger: GET /api/v1/golive/content/{kind}, GET /api/v1/golive/go-lives, one of them, and below it items,
items/{itemId}/evidence, summary and page; GET /api/v1/golive/releases and .../{releaseId}.
Runbook: docs/runbooks/golive.md.
"""

from typing import Annotated, Any, Literal

from aws_lambda_powertools.event_handler import Response, content_types
from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from aws_lambda_powertools.event_handler.openapi.types import OpenAPIResponse

from enghub.core import entrypoints, http, wire
from enghub.golive import rights
from enghub.golive.content.model import content
from enghub.golive.forms import BASE, GO_LIVES, GoLiveId, Id, ItemId
from enghub.golive.readiness import page, wiring
from enghub.golive.readiness.answers import (
    EvidencePageResponse,
    GoLiveResponse,
    GoLivesResponse,
    ItemResponse,
    ItemsResponse,
    SummaryResponse,
)
from enghub.golive.readiness.service import of_window
from enghub.golive.releases import wiring as releasing
from enghub.golive.releases.api import RELEASES, ReleaseId, ReleaseRequestResponse, ReleaseRequestsResponse

app = http.resolver()
Kind = Literal["readiness", "cutover", "after", "handover", "severities", "runbooks", "drills"]
PageSize = Annotated[int, Query(alias="pageSize", ge=1, le=100)]
Cursor = Annotated[str | None, Query(max_length=2000)]
PAGE: OpenAPIResponse = {
    "description": "The page",
    "content": {content_types.TEXT_HTML: {"schema": {"type": "string"}}},
}


class ContentResponse(wire.Response):
    """One of the built-in lists, as its schema says (docs/golive.md)."""

    kind: str
    content: dict[str, Any]


@app.get(f"{BASE}/content/<kind>", right=rights.READ_GOLIVE)
def get_content(kind: Annotated[Kind, Path()]) -> ContentResponse:
    """Return a built-in list: every entry in two languages, with its line in the source document."""
    http.call(app)
    return ContentResponse(kind=kind, content=dict(content(kind)))


@app.get(GO_LIVES, right=rights.READ_GOLIVE)
def list_go_lives(page_size: PageSize = 20, cursor: Cursor = None) -> GoLivesResponse:
    """Return part of the tenant's go-lives, the latest date first."""
    found = wiring.go_lives().store.page(http.call(app).principal.tenant_id, page_size, cursor)
    return GoLivesResponse.of(found)


@app.get(f"{GO_LIVES}/<go_live_id>", right=rights.READ_GOLIVE)
def get_go_live(go_live_id: GoLiveId) -> GoLiveResponse:
    """Return a go-live."""
    return GoLiveResponse.of(wiring.go_lives().get(http.call(app).principal.tenant_id, go_live_id))


@app.get(f"{GO_LIVES}/<go_live_id>/items", right=rights.READ_GOLIVE)
def list_items(go_live_id: GoLiveId, window_id: Annotated[Id | None, Query(alias="windowId")] = None) -> ItemsResponse:
    """Return the checklist, or one window of it, with what became of each item."""
    found = wiring.go_lives().lines(http.call(app).principal.tenant_id, go_live_id)
    return ItemsResponse(items=tuple(map(ItemResponse.of, of_window(found, window_id))))


@app.get(f"{GO_LIVES}/<go_live_id>/items/<item_id>/evidence", right=rights.READ_GOLIVE)
def list_evidence(
    go_live_id: GoLiveId,
    item_id: ItemId,
    page_size: PageSize = 20,
    cursor: Cursor = None,
) -> EvidencePageResponse:
    """Return part of what was shown for an item, the newest first."""
    tenant_id = http.call(app).principal.tenant_id
    return EvidencePageResponse.of(wiring.go_lives().store.evidence(tenant_id, go_live_id, item_id, page_size, cursor))


@app.get(f"{GO_LIVES}/<go_live_id>/summary", right=rights.READ_GOLIVE)
def get_summary(go_live_id: GoLiveId) -> SummaryResponse:
    """Return go or no-go: gates, what blocks, what was waived, and the hash that a decision names."""
    found, version = wiring.go_lives().summary_of(http.call(app).principal.tenant_id, go_live_id)
    return SummaryResponse.of(found, version)


@app.get(f"{GO_LIVES}/<go_live_id>/page", right=rights.READ_GOLIVE, responses={200: PAGE})
def get_page(go_live_id: GoLiveId) -> Response[str]:
    """Return go or no-go on one page for people, in the caller's language."""
    call = http.call(app)
    found, _ = wiring.go_lives().summary_of(call.principal.tenant_id, go_live_id)
    text = page.render(found, call.language)
    return Response(200, f"{content_types.TEXT_HTML}; charset=utf-8", text, headers=dict(page.HEADERS))


@app.get(RELEASES, right=rights.READ_GOLIVE)
def list_release_requests(page_size: PageSize = 20, cursor: Cursor = None) -> ReleaseRequestsResponse:
    """Return part of the releases and proposals, the latest first."""
    call = http.call(app)
    page = releasing.store().page(call.principal.tenant_id, page_size, cursor)
    return ReleaseRequestsResponse.of(page, call.origin.at)


@app.get(f"{RELEASES}/<release_id>", right=rights.READ_GOLIVE)
def get_release_request(release_id: ReleaseId) -> ReleaseRequestResponse:
    """Return a release or proposal: where it stands, who reviews and verifies it."""
    call = http.call(app)
    found = releasing.releases().get(call.principal.tenant_id, release_id)
    return ReleaseRequestResponse.of(found, call.origin.at)


lambda_handler = entrypoints.http(app)
