"""A floor whose ERP is the sandbox's own function behind the one way out: no socket, no waiting."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest

from enghub.core import aws, outbox
from enghub.core.clock import system_clock
from enghub.kit.outbound.calls import Answer, Limits, Outbound
from enghub.kit.outbound.errors import OutboundFailed
from enghub.mes import rights
from enghub.mes.gateways import erp as gateway
from tests.factories.handlers import load_module
from tests.factories.http import Context, a_principal, a_request
from tests.factories.plm import queued
from tests.factories.quality import QUALITY, Quality
from tests.factories.queues import a_batch, failed
from tests.factories.stored import commands, waiting

TOKEN = "erp-token"
BASE = "/api/v1/plant/erp"
USES = ("COMPLETIONS", "STOCK_MOVEMENTS", "RECONCILIATION")
CURRENT: list["SandboxErp"] = []
UNLINKED = ("",)
HANDLERS: dict[str, Any] = {}
"""Loaded once: what a function keeps of an account is forgotten with it."""
PLANNER = (*QUALITY, rights.READ_ERP.name, rights.MANAGE_ERP.name)


def put_secret(tenant: str = "acme", name: str = "default") -> None:
    """Store a connection's secret."""
    stored = {"tenantId": tenant, "baseUrl": "https://erp.example.com/sandbox/erp", "token": TOKEN}
    client = boto3.client("secretsmanager", aws.client("dynamodb").meta.region_name)
    client.create_secret(Name=f"enghub/test/mes/erp/{name}", SecretString=json.dumps(stored))


class SandboxErp:
    """The sandbox in this process; ``later`` moves the clock of hub and ERP, ``cut`` cuts the next connections."""

    def __init__(self) -> None:
        self.module = load_module("sandbox", "serve_erp")
        self.later = timedelta()
        self.pauses: list[float] = []
        self.asked: list[str] = []
        self.cut = 0
        self.bom = self.module.service.bom
        self.answered = self.module.dynamo.answered_orders
        self._slept = 0.0
        self.module.time = SimpleNamespace(sleep=self._sleep)
        self.module.system_clock = self.now

    def now(self) -> datetime:
        """Return what time it is for both."""
        return system_clock() + self.later

    def scenario(self, **wanted: Any) -> None:
        """Set the sandbox's switches."""
        status, found = self._call("PUT", "/sandbox/erp/scenario", wanted)
        assert status == 200, found

    def say(self, kind: str, name: str, value: str) -> None:
        """Let the ERP say something of somebody from now on."""
        self.scenario(say=[[kind, name, value]])

    def received(self) -> list[dict[str, Any]]:
        """Return what the sandbox took today, asked directly."""
        path, query = "/sandbox/erp/api/v1/exchange/received", {"date": f"{self.now():%Y-%m-%d}"}
        status, found = self._call("GET", path, query=query)
        assert status == 200, found
        items: list[dict[str, Any]] = found["items"]
        return items

    def request(
        self, method: str, url: str, *, headers: dict[str, str], body: bytes | None = None, limits: Limits
    ) -> Answer:
        """Answer as ``Outbound`` does."""
        parts = urlsplit(url)
        self.asked.append(f"{method} {parts.path.removeprefix('/sandbox/erp')}")
        if self.cut:
            self.cut -= 1
            raise OutboundFailed("ConnectError")
        query = dict(line.split("=") for line in parts.query.split("&") if line)
        event = a_request(method, parts.path, body.decode() if body else None, headers=headers, query=query or None)
        self._slept = 0.0
        answer = self.module.lambda_handler(_lower(event), Context())
        if self._slept >= limits.seconds:
            raise OutboundFailed("ReadTimeout")
        told = {name.lower(): values[0] for name, values in answer["multiValueHeaders"].items()}
        return Answer(answer["statusCode"], told, answer["body"].encode(), int(self._slept * 1000))

    def _call(
        self, method: str, path: str, body: Any = None, query: dict[str, str] | None = None
    ) -> tuple[int, dict[str, Any]]:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        answer = self.module.lambda_handler(
            _lower(a_request(method, path, body, headers=headers, query=query)), Context()
        )
        return answer["statusCode"], json.loads(answer["body"])

    def _sleep(self, seconds: float) -> None:
        self._slept += seconds


def _lower(event: dict[str, Any]) -> dict[str, Any]:
    return {**event, "headers": {name.lower(): value for name, value in event["headers"].items()}}


@contextmanager
def sandbox_erp() -> Iterator[SandboxErp]:
    """Let everything of mes that calls an ERP call the sandbox."""
    with pytest.MonkeyPatch.context() as patch:
        erp = SandboxErp()
        patch.setattr(Outbound, "request", lambda _, *asked, **told: erp.request(*asked, **told))
        patch.setattr(gateway, "system_clock", erp.now)
        patch.setattr("enghub.mes.gateways.erp_rest.system_clock", erp.now)
        patch.setattr("enghub.mes.rounds.erp.system_clock", erp.now)
        patch.setattr(gateway, "time", SimpleNamespace(sleep=erp.pauses.append, monotonic=lambda: 0.0))
        _forget()
        CURRENT.append(erp)
        yield erp
        CURRENT.clear()
    _forget()


def _forget() -> None:
    gateway.calls.cache_clear()
    gateway.exchange.cache_clear()
    gateway.supply.cache_clear()
    gateway.effective_rights.cache_clear()


class Linked(Quality):
    """A floor with a link to the sandbox ERP."""

    def __init__(self, *uses: str) -> None:
        super().__init__()
        self.handlers = HANDLERS
        self.caller = a_principal(*PLANNER)
        if uses != UNLINKED:
            put_secret()
            self.link(uses or USES)

    @classmethod
    def unlinked(cls) -> "Linked":
        """Return a floor that nobody connected yet."""
        return cls(*UNLINKED)

    @property
    def erp(self) -> SandboxErp:
        """The sandbox that is held now."""
        return CURRENT[-1]

    def link(self, uses: tuple[str, ...], **fields: Any) -> dict[str, Any]:
        """Connect the ERP."""
        body = {"recipientId": "emp-001", "uses": list(uses), **fields}
        status, answer = self.call("change_erp", "PUT", f"{BASE}/link", body)
        assert status == 200, answer
        data: dict[str, Any] = answer["data"]
        return data

    def look_at(self, what: str, **query: str) -> dict[str, Any]:
        """Return the data of what ``read_erp`` answers."""
        status, body = self.call("read_erp", "GET", f"{BASE}/{what}", query=query or None)
        assert status == 200, body
        data: dict[str, Any] = body["data"]
        return data

    def service(self, name: str) -> dict[str, Any]:
        """Return how people see a service."""
        (found,) = [one for one in self.look_at("status")["services"] if one["service"] == name]
        return dict(found)

    def messages(self, state: str) -> list[dict[str, Any]]:
        """Return the messages in a state."""
        items: list[dict[str, Any]] = self.look_at("messages", state=state)["items"]
        return items

    def received_stock(self, lot: str = "L1", quantity: float = 10) -> None:
        """Take a lot in."""
        body = {"materialId": "M", "lotId": lot, "warehouse": "W", "location": "A", "quantity": quantity}
        status, answer = self.call("move_stock", "POST", "/api/v1/inventory/receipts", body)
        assert status == 201, answer

    def completed(self, good: int = 95) -> str:
        """Complete an order that made ``good`` of 100; returns its number."""
        number = self.started()
        assert self.report(goodQty=good)[0] == 201
        status, answer = self.step(number, "complete", 3)
        assert status == 200, answer
        return number

    def told(self) -> list[dict[str, Any]]:
        """Return the envelopes of what happened, as the bus carries them."""
        return [outbox.body_of(record) for record in waiting() if record.channel == "bus"]

    def feed(self, told: list[dict[str, Any]] | None = None) -> list[str]:
        """Let the exchange hear what happened; returns what it gave back."""
        return failed(self.handler("feed_erp")(a_batch(*(told or self.told())), Context()))

    def send(self) -> list[str]:
        """Let the exchange do what was commanded; returns what it gave back."""
        return failed(self.handler("send_to_erp")(queued(*commands("send_to_erp")[:1]), Context()))

    def sweep(self) -> None:
        """Let the minute's round come."""
        self.handler("sweep_erp")({}, Context())
