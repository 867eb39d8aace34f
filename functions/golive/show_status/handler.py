"""Status pages as customers read them, and their subscriptions (OPS-26).

Trigger: GET /api/v1/golive/status, POST /api/v1/golive/status/subscribe, GET and POST
/api/v1/golive/status/subscription; public: customers cannot sign in, the key in the query is the address of a page, the
token in the link of a mail is its reader's. No log of ours holds a query.
Runbook: docs/runbooks/golive.md.
"""

from html import escape
from typing import Annotated, Any, Literal

from aws_lambda_powertools.event_handler import Response, content_types
from aws_lambda_powertools.event_handler.openapi.params import Query
from aws_lambda_powertools.event_handler.openapi.types import OpenAPIResponse

from enghub.core import entrypoints, http, i18n
from enghub.core.clock import system_clock
from enghub.core.conditional import tagged
from enghub.core.i18n import Text
from enghub.golive.forms import BASE
from enghub.golive.keys.model import make, tenant_of
from enghub.golive.status import dynamo, view, wiring
from enghub.golive.status.api import SubscribedResponse, SubscribeRequest
from enghub.golive.status.errors import LinkNotValid
from enghub.golive.status.model import Subscriber

PUBLIC = "customers cannot sign in: the key in the query is the page's address"
LINK = "the token in the link of a mail is the proof"
LATEST = 50
HTML = f"{content_types.TEXT_HTML}; charset=utf-8"
CONFIRM, UNSUBSCRIBE = Text("Confirm", "确认订阅"), Text("Unsubscribe", "退订")
DONE = Text("Done.", "已完成。")
TEXT: OpenAPIResponse = {
    "description": "The page",
    "content": {content_types.APPLICATION_JSON: {"schema": {}}, content_types.TEXT_HTML: {"schema": {}}},
}
GONE: OpenAPIResponse = {
    "description": "The link is nobody's, or no longer",
    "content": {content_types.APPLICATION_JSON: {"schema": {}}},
}
SAME: OpenAPIResponse = {"description": "It is as it was"}
app = http.resolver()
Key = Annotated[str, Query(max_length=400)]
What = Annotated[Literal["confirm", "unsubscribe"], Query()]
Short = Annotated[str, Query(max_length=400)]


@app.get(f"{BASE}/status", public=PUBLIC, etag="read", responses={200: TEXT, 304: SAME})
def show_status(
    key: Key = "",
    form: Annotated[Literal["json", "html"] | None, Query(alias="format")] = None,
    lang: Annotated[Literal["en", "zh"] | None, Query()] = None,
) -> Response[Any]:
    """Return a page: JSON, or HTML where the caller takes that, in English or Chinese; 304 where it is as it was."""
    page = wiring.shown(key)
    posts = dynamo.posts(page.tenant_id, page.page_id, LATEST)
    language = lang or _language()
    found = view.data(page, (one.value for one in posts.items), system_clock(), language)
    headers = app.current_event.headers
    html = form == "html" or (form is None and content_types.TEXT_HTML in (headers.get("accept") or ""))
    body: Any = view.as_html(found, language) if html else found
    answer = tagged(app, body, view.tag(found, html=html))
    answer.headers.update(view.HEADERS)
    if html and answer.status_code == 200:
        answer.headers["Content-Type"] = HTML
    return answer


@app.post(f"{BASE}/status/subscribe", public=PUBLIC, status_code=202)
def subscribe_to_status(request: SubscribeRequest, key: Key = "") -> SubscribedResponse:
    """Send a mail with a link to confirm, once a day at most."""
    page = wiring.shown(key)
    wiring.statuses().subscribe(page, request.email, request.language, make(page.tenant_id), system_clock())
    return SubscribedResponse(email=request.email)


@app.get(f"{BASE}/status/subscription", public=LINK, responses={200: TEXT})
def show_subscription(what: What = "confirm", page: Short = "", email: Short = "", token: Short = "") -> Response[str]:
    """Show a button; nothing changes: mail scanners open links, people press buttons."""
    _subscriber(page, email, token)
    text = escape((CONFIRM if what == "confirm" else UNSUBSCRIBE).render(_language()))
    return _html(text, f'<p>{escape(email)}</p><form method="post"><button>{text}</button></form>')


@app.post(f"{BASE}/status/subscription", public=LINK, responses={200: TEXT, 404: GONE})
def change_subscription(
    what: What = "confirm", page: Short = "", email: Short = "", token: Short = ""
) -> Response[str]:
    """Confirm a subscription, or end it."""
    found = _subscriber(page, email, token)
    if what == "confirm":
        wiring.statuses().confirm(found, system_clock())
    else:
        dynamo.forget(found)
    return _html(escape(DONE.render(_language())), f"<p>{escape(email)}</p>")


def _subscriber(page: str, email: str, token: str) -> Subscriber:
    tenant_id = tenant_of(token)
    if tenant_id is None:
        raise LinkNotValid
    return wiring.statuses().found(tenant_id, page, email, token)


def _html(title: str, content: str) -> Response[str]:
    headers = {**view.HEADERS, "Cache-Control": "no-store"}
    body = view.document(title, content, _language())
    return Response(200, HTML, body, headers=headers)


def _language() -> i18n.Language:
    return i18n.negotiate(app.current_event.headers.get("accept-language"))


lambda_handler = entrypoints.http(app)
