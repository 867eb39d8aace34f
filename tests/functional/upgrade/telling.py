"""Upgrades and the context notices together: what is asked there is planned, sent, and told back here."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends

from enghub.core import config, dynamo
from enghub.notices import wiring
from tests.conftest import REGION
from tests.factories import stored
from tests.factories.handlers import load_handler
from tests.factories.http import Context
from tests.factories.queues import a_batch, failed

SENDER = "upgrades@example.com"


class People:
    """Brings events from one context to the other and back, as often as somebody asks."""

    def __init__(self, upgrade: Any, account: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
        self._upgrade = upgrade
        self._patch = monkeypatch
        self._seen: dict[str, int] = {}
        self._loaded: dict[str, Any] = {}
        account("notices", NOTICE_SENDER=SENDER, OUTBOUND_LOOPBACK="true")
        self._in("upgrade")
        for made in (wiring.senders, wiring.rules, wiring.channels, wiring.contacts, wiring.templates):
            made.cache_clear()
        boto3.client("sesv2").create_email_identity(EmailIdentity=SENDER)

    def _in(self, context: str) -> None:
        self._patch.setenv("CONTEXT", context)
        self._patch.setenv("TABLE_NAME", f"enghub-test-{context}")
        config.load.cache_clear()
        dynamo.connection.cache_clear()
        dynamo.table.cache_clear()

    @contextmanager
    def _elsewhere(self) -> Iterator[None]:
        self._in("notices")
        try:
            yield
        finally:
            self._in("upgrade")

    def _handler(self, name: str) -> Any:
        if name not in self._loaded:
            self._loaded[name] = load_handler("notices", name)
        return self._loaded[name]

    def hear(self, kind: str) -> list[str]:
        """Let the event arrive, and everything that follows; return what came back to a queue."""
        (event,) = stored.events(kind)
        again = failed(self._upgrade.handler("notify_upgrade")(a_batch(event), Context()))
        asked = self._new(stored.events("NoticeRequested"), "asked")
        with self._elsewhere():
            if asked:
                again += failed(self._handler("plan_notice")(a_batch(*asked), Context()))
            self.deliver()
            missed = self._new(stored.events("NoticeUndelivered"), "missed")
        if missed:
            again += failed(self._upgrade.handler("notify_upgrade")(a_batch(*missed), Context()))
        return again

    def deliver(self) -> None:
        for number, body in enumerate(self._new(stored.commands("deliver_notice"), "commands")):
            record = {
                "messageId": f"m{number}",
                "body": json.dumps(body),
                "attributes": {"ApproximateReceiveCount": "1"},
            }
            assert failed(self._handler("deliver_notice")({"Records": [record]}, Context())) == []

    def _new(self, found: list[Any], what: str) -> list[Any]:
        new = found[self._seen.get(what, 0) :]
        self._seen[what] = len(found)
        return new

    def log(self) -> dict[str, str]:
        """Every delivery's state by its masked address."""
        with self._elsewhere():
            found = stored.items("NOTICE_DELIVERY")
        return {item["address"]: item["state"] for item in found}


def mails() -> list[Any]:
    return list(ses_backends[DEFAULT_ACCOUNT_ID][REGION].sent_messages)


def recipients() -> list[str]:
    return [address for message in mails() for address in message.destinations["ToAddresses"]]
