"""The context as others see it: events in, deliveries out, people in front."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from enghub.core import clock
from enghub.core.notices import NoticeRequested
from enghub.notices import wiring
from tests.factories import stored
from tests.factories.handlers import load_handler
from tests.factories.http import Context, a_principal, a_request, an_origin
from tests.factories.queues import a_batch, failed

RIGHTS = ("notice:read", "notice:manage", "notice:acknowledge", "notice:contact:own")
ADMIN = a_principal(*RIGHTS, user="admin")
BASE = "/api/v1/notices"
HUB = "https://hub.example.com"


class Notices:
    """One installation, with a clock that tests turn on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = datetime(2026, 11, 28, 10, 0, tzinfo=UTC)
        self._handlers: dict[str, Any] = {}
        self._patch = monkeypatch
        self._sent = 0

    def handler(self, name: str) -> Any:
        if name not in self._handlers:
            self._handlers[name] = load_handler("notices", name)
        return self._handlers[name]

    def send(
        self, method: str, path: str, body: Any = None, caller: Any = ADMIN, **options: Any
    ) -> tuple[int, dict[str, Any]]:
        """Call the API, whichever function answers."""
        function = function_of(method, path)
        answer = self.handler(function)(a_request(method, BASE + path, body, caller=caller, **options), Context())
        return answer["statusCode"], json.loads(answer["body"]) if answer["body"] else {}

    def data(self, method: str, path: str, body: Any = None, **options: Any) -> dict[str, Any]:
        status, answer = self.send(method, path, body, **options)
        assert status < 300, answer
        found: dict[str, Any] = answer.get("data", {})
        return found

    def refused(self, method: str, path: str, body: Any = None, **options: Any) -> tuple[int, dict[str, Any]]:
        status, answer = self.send(method, path, body, **options)
        assert status >= 400, answer
        return status, answer["details"]

    def page(self, method: str, token: str, language: str = "en") -> tuple[int, str]:
        """Open an acknowledgement link, as a browser does."""
        event = a_request(method, f"{BASE}/acknowledge", query={"token": token}, headers={"Accept-Language": language})
        answer = self.handler("acknowledge_notice")(event, Context())
        return answer["statusCode"], answer["body"]

    def ask(self, asked: NoticeRequested, factory: str = "", **changed: Any) -> list[str]:
        """Publish, as another context does, and let it be planned; return the messages that come again."""
        self._patch.setenv("CONTEXT", "upgrade")
        from enghub.core import config  # noqa: PLC0415

        config.load.cache_clear()
        event = json.loads(asked.envelope(an_origin(factory=factory, at=self.now)).to_json()) | changed
        self._patch.setenv("CONTEXT", "notices")
        config.load.cache_clear()
        return failed(self.handler("plan_notice")(a_batch(event), Context()))

    def deliver(self, *names: str) -> list[str]:
        """Run the commands that the outbox holds, or these; return the messages that come again."""
        waiting = stored.commands("deliver_notice")
        new, self._sent = waiting[self._sent :], len(waiting)
        bodies = [{"tenant_id": "acme", "payload": {"deliveryId": name}} for name in names] or new
        again: list[str] = []
        for body in bodies:
            record = {"messageId": "m", "body": json.dumps(body), "attributes": {"ApproximateReceiveCount": "1"}}
            again += failed(self.handler("deliver_notice")({"Records": [record]}, Context()))
        return again

    def sweep(self, later: timedelta = timedelta()) -> None:
        """Turn the clock on, and send what is due then."""
        self.now += later
        from enghub.notices.deliveries.dynamo import due  # noqa: PLC0415

        names = [name for _, name in due(self.now, 100)]
        if names:
            self.deliver(*names)

    def log(self, **query: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.data("GET", "/deliveries", query=query or None)["items"]
        return found

    def store_secret(self, path: str, **values: Any) -> None:
        name = f"enghub/test/{path}"
        boto3.client("secretsmanager").create_secret(Name=name, SecretString=json.dumps(values))


def function_of(method: str, path: str) -> str:
    if path.endswith(("/preview", "/test")):
        return "try_setup"
    if path.startswith(("/deliveries", "/sent")):
        return "read_deliveries" if method == "GET" else "control_deliveries"
    return "read_setup" if method == "GET" else "change_setup"


@pytest.fixture
def notices(account: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Notices]:
    account("notices", NOTICE_SENDER="hub@example.com", PUBLIC_URL=HUB, OUTBOUND_LOOPBACK="true")
    for made in (wiring.senders, wiring.rules, wiring.channels, wiring.contacts, wiring.templates, wiring.deliveries):
        made.cache_clear()
    boto3.client("sesv2").create_email_identity(EmailIdentity="hub@example.com")
    found = Notices(monkeypatch)
    found.store_secret("notices/acknowledge", key="k" * 48)
    monkeypatch.setattr(clock, "_now", lambda _zone: found.now)
    yield found
    wiring.senders.cache_clear()
