"""Status pages: published once, readers told once, confirmed once (OPS-26)."""

import json
from dataclasses import dataclass, field
from typing import Any

from enghub.core.clock import system_clock
from enghub.core.identity import Origin
from enghub.golive.keys import dynamo as keys
from enghub.golive.keys.model import KeyKind
from enghub.golive.status import dynamo, wiring
from enghub.golive.status.model import Component, Said, StatusPage, Subscriber
from tests.factories import stored
from tests.factories.handlers import load_handler
from tests.factories.http import Context, a_principal, a_request
from tests.factories.queues import failed
from tests.faults.harness import Flow, register

BASE = "/api/v1/golive"
LEAD = a_principal("golive:incident:respond", user="lead")
BOTH = {"en": "Reports are slow", "zh": "报表变慢"}
POST = {"kind": "INCIDENT", "title": BOTH, "text": BOTH, "state": "IDENTIFIED", "impact": "DEGRADED"}
TOKEN = "T" * 32 + ".YWNtZQ"


@dataclass
class Page:
    """A page with an address and a reader."""

    key: str = ""
    post_id: str = ""
    handlers: dict[str, Any] = field(default_factory=dict)

    def handler(self, name: str) -> Any:
        if name not in self.handlers:
            self.handlers[name] = load_handler("golive", name)
        return self.handlers[name]

    def answered(self, name: str, event: Any) -> tuple[int, Any]:
        answer = self.handler(name)(event, Context())
        text = answer["body"]
        return answer["statusCode"], json.loads(text) if text.startswith("{") else text

    def publish(self) -> tuple[int, Any]:
        body, keyed = {**POST, "components": ["api"]}, {"Idempotency-Key": "key-1"}
        path = f"{BASE}/status-pages/public/posts"
        return self.answered("change_status", a_request("POST", path, body, caller=LEAD, headers=keyed))

    def subscribe(self) -> tuple[int, Any]:
        path, body = f"{BASE}/status/subscribe", {"email": "new@example.com"}
        return self.answered("show_status", a_request("POST", path, body, query={"key": self.key}))

    def press(self, what: str) -> tuple[int, Any]:
        query = {"page": "public", "email": "ada@example.com", "token": TOKEN, "what": what}
        return self.answered("show_status", a_request("POST", f"{BASE}/status/subscription", query=query))

    def tell(self) -> list[str]:
        payload = {"kind": "status_post", "pageId": "public", "postId": self.post_id, "number": 1}
        body = json.dumps({"message_id": "m-1", "tenant_id": "acme", "payload": payload})
        record = {"messageId": "m", "body": body, "attributes": {"ApproximateReceiveCount": "1"}}
        return failed(self.handler("take_looks")({"Records": [record]}, Context()))


def page() -> Page:
    wiring.pages.cache_clear()
    wiring.statuses.cache_clear()
    now = system_clock()
    origin = Origin("acme", "", "lead", now, "req-0")
    components = (Component("api", Said("Interface", "接口")),)
    wiring.pages().put("public", StatusPage("acme", "public", Said("ERP", "ERP"), components), None, origin)
    key, _ = keys.issue(KeyKind.STATUS, "public", origin)
    reader = Subscriber("acme", "public", TOKEN, "ada@example.com", "en", now)
    dynamo.confirm(reader, now)
    return Page(key)


def published() -> Page:
    found = page()
    found.post_id = found.publish()[1]["data"]["postId"]
    return found


def told_by_one_key(_: Page) -> None:
    told = [one["data"] for one in stored.events("NoticeRequested")]
    assert len({one["dedupe_key"] for one in told if one["notice_type"] == "golive.status_update"}) == 1


VOLATILE = (
    r"(?<=access_key/-/)[0-9a-f]{16}",
    r"[0-9a-f]{64}",
    r"[A-Za-z0-9_-]{12,32}(?=\.YWNtZQ)",
)


def flow(name: str, arrange: Any, act: Any, **more: Any) -> None:
    register(Flow(name, "golive", arrange, act, volatile=VOLATILE, **more))


flow("publish on a status page", page, Page.publish)
flow("confirm a subscription", page, lambda one: one.press("confirm"))
flow("end a subscription", page, lambda one: one.press("unsubscribe"), also=404)
