"""Sets up status pages and publishes on them (OPS-26).

Trigger: PUT, GET and DELETE /api/v1/golive/status-pages/{pageId}, GET /api/v1/golive/status-pages, POST .../{pageId}/
{keys|posts}, GET .../{pageId}/posts, POST .../{pageId}/posts/{postId}/updates.
Runbook: docs/runbooks/golive.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from enghub.core import entrypoints, http
from enghub.core.commits import Kept
from enghub.golive import rights
from enghub.golive.alerts.api import KeyResponse
from enghub.golive.forms import paged
from enghub.golive.keys import dynamo as keys
from enghub.golive.keys.model import KeyKind
from enghub.golive.status import dynamo, wiring
from enghub.golive.status.api import (
    PAGES,
    PageId,
    PostId,
    PostResponse,
    PostsResponse,
    PublishRequest,
    PutStatusPageRequest,
    StatusPageResponse,
    StatusPagesResponse,
    UpdatePostRequest,
)

app = http.resolver()
PageSize = Annotated[int, Query(alias="pageSize", ge=1, le=100)]
Cursor = Annotated[str | None, Query(max_length=1000)]


@app.put(f"{PAGES}/<page_id>", right=rights.MANAGE_ONCALL)
def put_status_page(page_id: PageId, request: PutStatusPageRequest) -> StatusPageResponse:
    """Store a page."""
    call = http.call(app)
    wanted = request.to_page(call.principal.tenant_id, page_id)
    return StatusPageResponse.of(wiring.pages().put(page_id, wanted, request.version, call.origin))


@app.delete(f"{PAGES}/<page_id>", right=rights.MANAGE_ONCALL, status_code=204)
def delete_status_page(page_id: PageId, version: Annotated[int | None, Query(ge=1, le=1_000_000_000)] = None) -> None:
    """Take a page away; its addresses show nothing any more."""
    wiring.pages().delete(page_id, version, http.call(app).origin)


@app.get(PAGES, right=rights.READ_GOLIVE)
def list_status_pages(page_size: PageSize = 50, cursor: Cursor = None) -> StatusPagesResponse:
    """Return some pages."""
    tenant_id = http.call(app).principal.tenant_id
    return StatusPagesResponse(**paged(dynamo.pages().page(tenant_id, page_size, cursor), StatusPageResponse.of))


@app.get(f"{PAGES}/<page_id>", right=rights.READ_GOLIVE)
def get_status_page(page_id: PageId) -> StatusPageResponse:
    """Return a page."""
    return StatusPageResponse.of(wiring.pages().get(http.call(app).principal.tenant_id, page_id))


@app.post(f"{PAGES}/<page_id>/keys", right=rights.MANAGE_ONCALL, status_code=201)
def make_status_key(page_id: PageId) -> KeyResponse:
    """Make an address of a page, for everybody or for one customer; its key is shown this once."""
    call = http.call(app)
    wiring.pages().get(call.principal.tenant_id, page_id)
    text, kept = keys.issue(KeyKind.STATUS, page_id, call.origin)
    return KeyResponse.of(kept, text)


@app.get(f"{PAGES}/<page_id>/posts", right=rights.READ_GOLIVE)
def list_status_posts(page_id: PageId, page_size: PageSize = 50, cursor: Cursor = None) -> PostsResponse:
    """Return part of what was published, the latest first."""
    tenant_id = http.call(app).principal.tenant_id
    wiring.pages().get(tenant_id, page_id)
    return PostsResponse(**paged(dynamo.posts(tenant_id, page_id, page_size, cursor), PostResponse.of))


@app.post(f"{PAGES}/<page_id>/posts", right=rights.RESPOND, key="optional", status_code=201)
def publish_status(page_id: PageId, request: PublishRequest) -> PostResponse:
    """Put an incident or a maintenance on a page; subscribers are told."""
    call = http.call(app)
    claim = call.claim(lambda made: PostResponse.of(Kept(made)))
    return PostResponse.of(wiring.statuses().publish(request.to_post(page_id, call.origin), call.origin, claim))


@app.post(f"{PAGES}/<page_id>/posts/<post_id>/updates", right=rights.RESPOND)
def update_status(page_id: PageId, post_id: PostId, request: UpdatePostRequest) -> PostResponse:
    """Publish something more, to the end of it; subscribers are told."""
    origin = http.call(app).origin
    about, text = (page_id, post_id), request.text.to_said()
    return PostResponse.of(wiring.statuses().update(about, request.state, text, request.impact, origin))


lambda_handler = entrypoints.http(app)
