"""The page behind the link of a message: a look shows a button, the button acknowledges (OPS-12, decision 0048).

Trigger: GET and POST /api/v1/notices/acknowledge, public; the signed link is the caller's proof. Its token is in the
query, which no log of ours holds.
Runbook: docs/runbooks/notices.md.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response, content_types
from aws_lambda_powertools.event_handler.openapi.params import Query
from aws_lambda_powertools.event_handler.openapi.types import OpenAPIResponse

from enghub.core import entrypoints, http, i18n
from enghub.core.clock import system_clock, to_text
from enghub.core.errors import EngHubError
from enghub.notices import wiring
from enghub.notices.acknowledgements import page
from enghub.notices.acknowledgements.tokens import MAX_LENGTH, Link, verify
from enghub.notices.setup.api import BASE

PUBLIC = "the signed link in the message is the proof"
app = http.resolver()
Token = Annotated[str, Query(max_length=MAX_LENGTH)]
PAGE: OpenAPIResponse = {
    "description": "The page",
    "content": {content_types.TEXT_HTML: {"schema": {"type": "string"}}},
}
PAGES = dict.fromkeys((200, 400, 404, 409, 422, 503), PAGE)


@app.get(f"{BASE}/acknowledge", public=PUBLIC, responses=PAGES)
def show_acknowledgement(token: Token = "") -> Response[str]:
    """Show what is asked; nothing changes."""
    try:
        link = _link(token)
        notice = wiring.deliveries().notice(link.tenant_id, link.notice_id).value
    except EngHubError as error:
        return _page(error.status, page.refused(error.message(_language()), _language()))
    if notice.acknowledged_at is not None:
        return _page(200, page.answered(notice.subject, to_text(notice.acknowledged_at), _language()))
    return _page(200, page.asking(notice.subject, token, _language()))


@app.post(f"{BASE}/acknowledge", public=PUBLIC, responses=PAGES)
def acknowledge_by_link(token: Token = "") -> Response[str]:
    """Note that the recipient has seen it."""
    try:
        link = _link(token)
        by = wiring.deliveries().get(link.tenant_id, link.delivery_id).value
        origin = http.origin_of(app.current_event.raw_event, link.tenant_id, by.factory_id, by.user_id or by.shown)
        notice, is_new = wiring.deliveries().acknowledge(link.notice_id, by.user_id or by.shown, origin)
    except EngHubError as error:
        return _page(error.status, page.refused(error.message(_language()), _language()))
    at = notice.acknowledged_at
    return _page(200, page.answered(notice.subject, None if is_new or at is None else to_text(at), _language()))


def _link(token: str) -> Link:
    return verify(token, wiring.acknowledge_keys(), system_clock())


def _language() -> i18n.Language:
    return i18n.negotiate(app.current_event.headers.get("accept-language"))


def _page(status: int, text: str) -> Response[str]:
    return Response(status, f"{content_types.TEXT_HTML}; charset=utf-8", text, headers=dict(page.HEADERS))


lambda_handler = entrypoints.http(app)
