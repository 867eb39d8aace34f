"""The PLM's side of the deployed hub: its secrets, its sandbox, and an ear on the event bus."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import pytest

from enghub.core.clock import system_clock
from enghub.plm.connections.model import Api
from enghub_cli.context import STAGE, Cloud
from tests.factories.plm import WEBHOOK, signature


@pytest.fixture
def engineer(cloud: Cloud) -> Iterator[httpx.Client]:
    """An administrator of the PLM connection."""
    bearer = cloud.token(tenant="acme", factories=("sh-01",), user="emp-007", roles=("PLM_ADMIN",))
    with cloud.http(bearer) as http:
        yield http


@dataclass(frozen=True)
class Plm:
    """The sandbox PLM, and the webhook as it uses it."""

    http: httpx.Client
    api: Api
    webhook_secret: str

    def control(self, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.api.token(system_clock())}"}
        answer = self.http.request(method, f"/sandbox/plm/{path}", json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def scenario(self, **wanted: Any) -> None:
        self.control("PUT", "scenario", wanted)

    def deliver(self, notification: dict[str, Any], *, secret: str | None = None) -> httpx.Response:
        text = json.dumps(notification, ensure_ascii=False)
        headers = {
            "Content-Type": "application/json",
            "X-PLM-Signature": signature(text, secret or self.webhook_secret),
        }
        return self.http.post(WEBHOOK, content=text.encode(), headers=headers, timeout=180)


@pytest.fixture
def plm(cloud: Cloud) -> Iterator[Plm]:
    """The sandbox PLM with 260 products and no faults."""
    store = cloud.client("secretsmanager")

    def stored(kind: str) -> dict[str, Any]:
        name = f"enghub/{STAGE}/plm/{kind}/default"
        found: dict[str, Any] = json.loads(store.get_secret_value(SecretId=name)["SecretString"])
        return found

    with cloud.http() as http:
        found = Plm(http, Api.of("default", stored("api")), stored("webhook")["secrets"][0])
        found.scenario(reset=True, products=260)
        yield found


@dataclass(frozen=True)
class Ear:
    """A queue that hears events of one source."""

    sqs: Any
    url: str

    def heard(self) -> list[dict[str, Any]]:
        """Take what arrived since the last call; returns envelopes."""
        found: list[dict[str, Any]] = []
        while True:
            answer = self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
            messages = answer.get("Messages", [])
            if not messages:
                return found
            for message in messages:
                found.append(json.loads(message["Body"])["detail"])
                self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])


@pytest.fixture
def ear(cloud: Cloud) -> Iterator[Ear]:
    """Hears every event of plm on the bus."""
    name, bus = f"test-ear-{uuid4().hex[:8]}", f"enghub-{STAGE}"
    sqs, events = cloud.client("sqs"), cloud.client("events")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name=name, EventBusName=bus, EventPattern=json.dumps({"source": ["enghub.plm"]}))
    events.put_targets(Rule=name, EventBusName=bus, Targets=[{"Id": "ear", "Arn": arn}])
    yield Ear(sqs, url)
    events.remove_targets(Rule=name, EventBusName=bus, Ids=["ear"])
    events.delete_rule(Name=name, EventBusName=bus)
    sqs.delete_queue(QueueUrl=url)
