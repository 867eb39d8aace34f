"""Notices from the deployed application, with IAM enforced: set up, told, parked, sent again, acknowledged (CFG-17)."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from uuid import uuid4

import pytest

from enghub.core import ids
from enghub.core.events import Envelope
from enghub.core.notices import NoticeRequested, Severity
from enghub.notices.acknowledgements.tokens import LIFETIME, Link, sign
from enghub_cli.context import Cloud
from tests.factories.notices import FACTS
from tests.waiting import until

pytestmark = pytest.mark.e2e
BASE = "/api/v1/notices"


class Robot(BaseHTTPRequestHandler):
    """A WeCom robot: answers 200 always, and what it thinks in the body."""

    def do_POST(self) -> None:
        server: Any = self.server
        server.told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        body = json.dumps({"errcode": server.errcode}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def robot() -> Iterator[Any]:
    server: Any = HTTPServer(("127.0.0.1", 0), Robot)
    server.told, server.errcode = [], 0
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


class Hub:
    """The deployed hub, for a tenant of this test's own."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.tenant = f"t{uuid4().hex[:10]}"
        self.token = cloud.token(tenant=self.tenant, factories=(), user="chief", roles=("TENANT_ADMIN",))
        self.stranger = cloud.token(tenant=self.tenant, factories=(), user="eve", roles=("OPERATOR",))

    def call(self, method: str, path: str, body: Any = None, expect: int = 200, token: str | None = None) -> Any:
        with self.cloud.http(token or self.token) as client:
            answer = client.request(method, BASE + path, json=body)
        assert answer.status_code == expect, answer.text
        return answer.json().get("data") if answer.content else None

    def publish(self, asked: NoticeRequested) -> str:
        """Put the event on the bus, as a context's relay does."""
        data = asked.model_dump(mode="json")
        event = Envelope(ids.new_id(), "NoticeRequested", datetime.now(UTC), self.tenant, "", "enghub.upgrade", data)
        entry = {"Source": "enghub.upgrade", "DetailType": "NoticeRequested", "Detail": event.to_json()}
        answer = self.cloud.client("events").put_events(Entries=[{**entry, "EventBusName": "enghub-local"}])
        assert answer["FailedEntryCount"] == 0
        return event.event_id

    def deliveries(self, **query: str) -> dict[str, dict[str, Any]]:
        found = self.call("GET", "/deliveries?" + "&".join(f"{name}={value}" for name, value in query.items()))
        return {f"{one['noticeId']} {one['recipient']}": one for one in found["items"]}

    def comes_to(self, state: str, name: str) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            found = self.deliveries(pageSize="100").get(name)
            return found if found is not None and found["state"] == state else None

        return until(look, 120, 0.5)

    def sweep(self) -> None:
        """Do not wait for the minute."""
        self.cloud.client("lambda").invoke(FunctionName="enghub-local-notices-sweep-deliveries", Payload=b"{}")


@pytest.fixture
def hub(cloud: Cloud) -> Hub:
    return Hub(cloud)


def requested(**changed: Any) -> NoticeRequested:
    given = {"notice_type": "upgrade.failed", "severity": Severity.WARNING, "subject": "upgrade/01E", "facts": FACTS}
    return NoticeRequested(**{**given, **changed})


def test_what_is_set_up_is_told_parked_sent_again_and_acknowledged(hub: Hub, robot: Any) -> None:
    made = hub.call("PUT", "/channels/ops", {"name": "Operations", "kind": "wecom", "perMinute": 100})
    hub.call("PUT", "/contacts/ada", {"name": "Ada", "email": f"ada@{hub.tenant}.example", "language": "zh"})
    rule = {"name": "Duty", "noticeTypes": ["upgrade.*"], "channels": ["ops", "email"], "users": ["ada"], "perHour": 50}
    hub.call("PUT", "/rules/duty", rule)
    assert hub.call("GET", "/rules")["items"] == [hub.call("GET", "/rules/duty")]
    texts = {
        "subject": {"en": "{{ title }}", "zh": "{{ title }} 故障"},
        "body": {"en": "{{ problem }}", "zh": "请查看"},
    }
    hub.call("PUT", "/templates/upgrade.failed", texts)
    hub.call("PUT", "/templates/upgrade.failed", {**texts, "body": {"en": "{{ x }}", "zh": "x"}, "version": 1}, 400)
    assert hub.call("POST", "/templates/upgrade.failed/preview", {"language": "zh"})["body"] == "请查看"
    hub.call("GET", "/rules", expect=403, token=hub.stranger)
    hub.call("POST", "/channels/ops/test", {}, 403, token=hub.stranger)

    # No secret yet: the robot's delivery is parked, and the mail is sent all the same.
    first = hub.publish(requested(acknowledge=True))
    parked = hub.comes_to("PARKED", f"{first} wecom:ops")
    assert parked["reason"].endswith(f"as notices/{hub.tenant}/ops")
    hub.comes_to("SENT", f"{first} a***@{hub.tenant}.example")
    assert list(hub.deliveries(state="PARKED")) == [f"{first} wecom:ops"]

    secret = json.dumps({"url": f"http://127.0.0.1:{robot.server_port}/robot?key=K"})
    hub.cloud.client("secretsmanager").create_secret(Name=made["secretName"], SecretString=secret)
    hub.call("POST", f"/deliveries/{parked['deliveryId']}/redrive", expect=202)
    hub.comes_to("SENT", f"{first} wecom:ops")
    assert robot.told[0]["markdown"]["content"] == "disk full\n\n请查看"
    assert hub.deliveries(state="PARKED") == {}
    hub.call("POST", f"/deliveries/{parked['deliveryId']}/discard", {"reason": "x"}, 422)

    _acknowledge(hub, first, hub.call("GET", f"/deliveries/{parked['deliveryId']}")["deliveryId"])

    # A robot that says no, in a 200: tried again later, by the sweep.
    robot.errcode = 93000
    second = hub.publish(requested())
    waiting = until(lambda: _tried(hub, f"{second} wecom:ops"), 60, 0.5)
    assert (waiting["reason"], waiting["attempts"]) == ("the robot answers 93000", 1)
    hub.call("DELETE", "/rules/duty", expect=204)


def _tried(hub: Hub, name: str) -> dict[str, Any] | None:
    found = hub.deliveries(pageSize="100").get(name)
    return found if found is not None and found["attempts"] else None


def _acknowledge(hub: Hub, notice_id: str, delivery_id: str) -> None:
    kept = hub.cloud.client("secretsmanager").get_secret_value(SecretId="enghub/local/notices/acknowledge")
    link = Link(hub.tenant, notice_id, delivery_id, datetime.now(UTC) + LIFETIME)
    token = sign(link, json.loads(kept["SecretString"])["key"])
    with hub.cloud.http() as client:
        page = client.get(f"{BASE}/acknowledge", params={"token": token}, headers={"Accept-Language": "zh"})
        assert (page.status_code, "<button>确认" in page.text) == (200, True), page.text
        assert hub.call("GET", f"/sent/{notice_id}")["acknowledgedAt"] is None, "a look changes nothing"
        done = client.post(f"{BASE}/acknowledge", params={"token": token})
        assert (done.status_code, "Thank you" in done.text) == (200, True), done.text
        assert client.post(f"{BASE}/acknowledge", params={"token": token[:-2]}).status_code == 404
    first = hub.call("GET", f"/sent/{notice_id}")
    assert first["acknowledgedBy"] == "wecom:ops"
    assert hub.call("POST", f"/sent/{notice_id}/acknowledge", token=hub.stranger) == first


def test_a_digest_is_told_at_its_time(hub: Hub, robot: Any) -> None:
    made = hub.call("PUT", "/channels/ops", {"name": "Operations", "kind": "wecom"})
    secret = json.dumps({"url": f"http://127.0.0.1:{robot.server_port}/robot?key=K"})
    hub.cloud.client("secretsmanager").create_secret(Name=made["secretName"], SecretString=secret)
    due = datetime.now(UTC) + timedelta(seconds=75)
    digest = {"at": due.strftime("%H:%M"), "zone": "UTC"}
    rule = {"name": "Daily", "noticeTypes": ["*"], "channels": ["ops"], "digest": digest}
    hub.call("PUT", "/rules/daily", rule)
    events = [hub.publish(requested(digestable=True)) for _ in range(2)]
    for event in events:
        hub.comes_to("COLLECTED", f"{event} wecom:ops")
    assert robot.told == []

    def told() -> Any:
        hub.sweep()
        return robot.told

    (message,) = until(told, 150, 2)
    assert message["markdown"]["content"].startswith("2 notices:")
