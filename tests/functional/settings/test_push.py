"""Who is connected, and whom a change is told (CFG-11)."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from enghub.core import config
from enghub.settings.gateways import sockets
from enghub.settings.push.dynamo import DynamoConnections
from enghub.settings.push.repository import ConnectionGone
from enghub.settings.push.service import Pushing
from tests.factories import clients, flags, stored
from tests.factories.handlers import load_handler, sample_event
from tests.factories.http import Context, a_principal
from tests.factories.queues import a_batch, failed
from tests.factories.settings import answer, handler


@dataclass
class Gateway:
    """Notes what was posted; some connections are gone, some cannot be reached."""

    posted: list[tuple[str, list[str]]] = field(default_factory=list)
    gone: set[str] = field(default_factory=set)
    stuck: set[str] = field(default_factory=set)
    module: Any = None
    """The function that posts to it."""

    def post(self, connection_id: str, data: bytes) -> None:
        if connection_id in self.gone:
            raise ConnectionGone(connection_id)
        if connection_id in self.stuck:
            raise ClientError({"Error": {"Code": "LimitExceededException"}}, "PostToConnection")
        assert len(data) < 32_000
        self.posted.append((connection_id, json.loads(data)["parts"]))


@pytest.fixture
def gateway(account: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Gateway]:
    account("settings")
    made = Gateway()
    module = load_handler("settings", "push_changes")
    following = module.readers["ConfigurationChanged"].handle.__self__
    monkeypatch.setattr(following.pushing, "posts", made)
    monkeypatch.setattr(clients, "handler", lambda name: module if name == "push_changes" else handler(name))
    made.module = module
    yield made
    following.pushing._changes.clear()


def connect(name: str, *permissions: str, event: str = "CONNECT", **principal: Any) -> int:
    caller = a_principal(*(permissions or ("config:read",)), **{"user": "machine", **principal})
    sent = sample_event("settings", "hold_connections")
    sent["requestContext"] |= {"connectionId": name, "eventType": event, "authorizer": caller.to_context()}
    status: int = handler("hold_connections")(sent, Context())["statusCode"]
    return status


def open_connections(tenant: str = "acme") -> list[str]:
    return [one.connection_id for one in DynamoConnections().of(tenant)]


def test_who_connects_is_kept_and_who_goes_is_forgotten(gateway: Gateway) -> None:
    assert connect("c-1") == 200
    assert connect("c-2", tenant="globex") == 200
    assert (open_connections(), open_connections("*")) == (["c-1"], ["c-1", "c-2"])
    assert connect("c-1", event="DISCONNECT") == 200
    assert connect("c-1", event="DISCONNECT") == 200
    assert open_connections() == []


def test_nobody_connects_without_the_right_a_tenant_or_a_known_environment(gateway: Gateway) -> None:
    assert connect("c-1", "flag:evaluate") == 403
    assert connect("c-1", tenant="*") == 403
    sent = sample_event("settings", "hold_connections")
    sent["queryStringParameters"] = {"environment": "MOON"}
    assert handler("hold_connections")(sent, Context())["statusCode"] == 403
    del sent["requestContext"]["authorizer"]
    assert handler("hold_connections")(sent, Context())["statusCode"] == 403
    sent["requestContext"]["eventType"] = "DISCONNECT"
    assert handler("hold_connections")(sent, Context())["statusCode"] == 200
    assert open_connections("*") == []


def test_a_change_is_told_to_those_it_concerns_alone(gateway: Gateway) -> None:
    connect("c-1")
    connect("c-admin", user="admin")
    connect("c-other", tenant="globex")
    clients.changed("line.speed", "3")
    assert sorted(gateway.posted) == [("c-1", ["settings"]), ("c-admin", ["settings"])]
    gateway.posted.clear()
    clients.changed("line.speed", "4", layer="global")
    assert sorted(one for one, _ in gateway.posted) == ["c-1", "c-admin", "c-other"]
    gateway.posted.clear()
    clients.changed("line.speed", "5", layer="user")
    assert gateway.posted == [("c-admin", ["settings"])]


def test_flags_are_told_in_their_environment(gateway: Gateway) -> None:
    connect("c-1")
    flags.data("POST", body={"flagKey": "new-ui"})
    flags.data("POST", body={"flagKey": "new-ui", "environment": "TEST"})
    prod, test = stored.events("FeatureFlagChanged")
    assert failed(gateway.module(a_batch(test), Context())) == []
    assert gateway.posted == []
    assert failed(gateway.module(a_batch(prod, test), Context())) == []
    assert gateway.posted == [("c-1", ["flags"])]


def test_a_batch_of_changes_is_one_frame_each(gateway: Gateway) -> None:
    for number in range(3):
        connect(f"c-{number}")
    for number in range(10):
        answer("POST", body={"configKey": f"n.{number}", "configValue": "1"}, layer="tenant")
    flags.data("POST", body={"flagKey": "new-ui"})
    events = [*stored.events("ConfigurationChanged"), *stored.events("FeatureFlagChanged")]
    assert failed(gateway.module(a_batch(*events), Context())) == []
    assert sorted(gateway.posted) == [(f"c-{number}", ["flags", "settings"]) for number in range(3)]


def test_one_that_is_gone_is_forgotten_and_one_that_is_stuck_holds_nobody_up(gateway: Gateway) -> None:
    for name in ("c-1", "c-2", "c-3"):
        connect(name)
    gateway.gone, gateway.stuck = {"c-1"}, {"c-2"}
    clients.changed("line.speed", "3")
    assert gateway.posted == [("c-3", ["settings"])]
    assert open_connections() == ["c-2", "c-3"]


def test_a_connection_is_kept_no_longer_than_the_gateway_holds_it(gateway: Gateway) -> None:
    connect("c-1")
    (item,) = stored.items("SETTINGS_CONNECTION")
    (made,) = DynamoConnections().of("acme")
    assert 7_200 < int(item["expires_at"]) - made.connected_at.timestamp() <= 7_800


def test_the_address_is_of_aws_or_of_the_local_cloud(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    assert sockets.push_url() is None
    monkeypatch.setenv("PUSH_ADDRESS", "a1b2.execute-api.eu-central-1.amazonaws.com/prod")
    config.load.cache_clear()
    assert sockets.push_url() == "wss://a1b2.execute-api.eu-central-1.amazonaws.com/prod"
    assert clients.snapshot()["pushUrl"] == sockets.push_url()
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4777")
    config.load.cache_clear()
    assert sockets.push_url() == "ws://127.0.0.1:4777/_aws/execute-api/a1b2/prod"


class Answering:
    """A gateway's client that answers as told."""

    def __init__(self, code: str = "") -> None:
        self.code = code
        self.posted: list[dict[str, Any]] = []

    def post_to_connection(self, **said: Any) -> None:
        if self.code:
            raise ClientError({"Error": {"Code": self.code}}, "PostToConnection")
        self.posted.append(said)


def test_the_gateways_word_that_somebody_is_gone_is_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    answering = Answering()
    monkeypatch.setattr(sockets, "_client", lambda: answering)
    sockets.GatewayPosts().post("c-1", b"{}")
    assert answering.posted == [{"ConnectionId": "c-1", "Data": b"{}"}]
    known = boto3.client("apigatewaymanagementapi", "eu-central-1", endpoint_url="http://127.0.0.1:9")
    assert sockets.GONE in dir(known.exceptions)
    for code, error in ((sockets.GONE, ConnectionGone), ("LimitExceededException", ClientError)):
        answering.code = code
        with pytest.raises(error):
            sockets.GatewayPosts().post("c-1", b"{}")


def test_nothing_that_changed_is_nothing_sent() -> None:
    class Unasked:
        def __getattr__(self, name: str) -> Any:
            raise AssertionError(name)

    assert Pushing(Unasked(), Unasked()).push() == 0
