"""Mails and a signed webhook about upgrades, from the deployed application with IAM enforced (UPG-13)."""

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from enghub_cli.context import Cloud
from tests.factories.upgrade import baseline
from tests.waiting import until
from tests.workflows.upgrade.test_upgrade_site import CHECK, MAIN, SCRIPT, Hub

pytestmark = pytest.mark.e2e
SECRET = "of this test's tenant"


class Call(NamedTuple):
    """What a receiver got."""

    headers: dict[str, str]
    body: bytes

    @property
    def is_signed(self) -> bool:
        stamp = self.headers["X-Enghub-Timestamp"].encode()
        wanted = hmac.new(SECRET.encode(), stamp + b"." + self.body, hashlib.sha256).hexdigest()
        return self.headers["X-Enghub-Signature"] == f"v1={wanted}"


class _Receiver(BaseHTTPRequestHandler):
    """Takes everything."""

    def do_POST(self) -> None:
        calls: list[Call] = self.server.calls  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers["Content-Length"]))
        calls.append(Call({name.title(): value for name, value in self.headers.items()}, body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def calls() -> Iterator[tuple[str, list[Call]]]:
    """A receiver's address and what it got."""
    server = HTTPServer(("127.0.0.1", 0), _Receiver)
    server.calls = []  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/in", server.calls  # type: ignore[attr-defined]
    server.shutdown()
    server.server_close()


@pytest.fixture
def hub(cloud: Cloud, tmp_path: Path, calls: tuple[str, list[Call]]) -> Hub:
    made = Hub(cloud, tmp_path / "site.db")
    steps = {"pre_business_check": [CHECK], "startup_pre_process": [MAIN]}
    made.prepare(pre_business_check=[CHECK], startup_pre_process=[MAIN])
    told = {
        "on_success": [f"boss@{made.tenant}.example"],
        "on_failure": [f"ada@{made.tenant}.example", f"eve@{made.tenant}.example"],
        "webhook_url": calls[0],
    }
    document = {"manifest": baseline(upgrade_steps=steps, notifications=told), "scripts": {"v/1.sql": SCRIPT}}
    made.call("POST", "/manifests", {**document, "activate": True}, 201)
    return made


def sign(hub: Hub) -> None:
    """Store the secret that this tenant's webhooks are signed with."""
    name, secret = f"enghub/local/upgrade/notices/{hub.tenant}", json.dumps({"webhookSecrets": [SECRET]})
    hub.cloud.client("secretsmanager").create_secret(Name=name, SecretString=secret)


def mails(hub: Hub, subject: str) -> dict[str, str]:
    """Return the texts of this tenant's mails with a subject, by the recipient's name."""
    with httpx.Client(base_url=hub.cloud.running.endpoint, trust_env=False) as client:
        by_account = client.get("/_ministack/ses/messages").json()["messages"]
    found = [mail for sent in by_account.values() for mail in sent if subject in mail["Subject"]]
    return {
        to.partition("@")[0]: mail["BodyText"]
        for mail in found
        for to in mail["To"]
        if to.endswith(f"@{hub.tenant}.example")
    }


def told(calls: list[Call], event_type: str) -> Call | None:
    return next((call for call in calls if json.loads(call.body)["type"] == event_type), None)


def reached(sent: dict[str, str], people: int) -> dict[str, str] | None:
    """Each recipient has a mail of their own: wait for the last of them."""
    return sent if len(sent) >= people else None


def test_a_failure_and_then_the_success_reach_who_the_manifest_names(hub: Hub, calls: tuple[str, list[Call]]) -> None:
    sign(hub)
    hub.sql("UPDATE items SET name = NULL WHERE id = 5")
    execution_id = hub.execute()["executionId"]
    hub.comes_to(execution_id, "FAILED")
    failure = until(lambda: told(calls[1], "UpgradeFailed"), 60)
    assert failure.is_signed
    body = json.loads(failure.body)
    assert (body["executionId"], body["siteId"], body["status"]) == (execution_id, "EU", "FAILED")
    assert body["nextCommand"] == f"enghub upgrade resume {execution_id} --follow"
    sent = until(lambda: reached(mails(hub, "failed"), 2), 60)
    assert set(sent) == {"ada", "eve"}
    assert f"enghub upgrade resume {execution_id} --follow" in sent["eve"]

    hub.sql("UPDATE items SET name = 'five' WHERE id = 5")
    hub.call("POST", f"/resume/{execution_id}", {}, 202)
    hub.comes_to(execution_id, "SUCCEEDED")
    success = until(lambda: told(calls[1], "UpgradeSucceeded"), 60)
    assert success.is_signed
    assert success.headers["Idempotency-Key"] != failure.headers["Idempotency-Key"]
    assert set(until(lambda: mails(hub, "succeeded"), 60)) == {"boss"}
    ready = until(lambda: reached(mails(hub, "is ready"), 3), 60)
    assert set(ready) == {"ada", "boss", "eve"}, "everybody, before the stop"
    assert "Note: 1 data checks passed, 0 with warnings" in ready["boss"]
    until(lambda: told(calls[1], "UpgradeReadyToStop"), 60)
    log = hub.call("GET", f"/log/{execution_id}")["items"]
    assert not [line for line in log if "given up" in line["message"]]


def test_a_rollout_that_stopped_reaches_who_the_manifest_names(hub: Hub, calls: tuple[str, list[Call]]) -> None:
    sign(hub)
    hub.sql("UPDATE items SET name = NULL WHERE id = 5")
    body = {"name": "Europe", "upgradeAfterVersion": "2.16.5", "siteIds": ["EU"]}
    rollout_id = hub.call("POST", "/rollouts", body, 202)["rolloutId"]
    stopped = until(lambda: told(calls[1], "RolloutStopped"), 90)
    assert stopped.is_signed
    found = json.loads(stopped.body)
    assert (found["rolloutId"], found["failedSites"], found["status"]) == (rollout_id, ["EU"], "STOPPED")
    sent = until(lambda: reached(mails(hub, "Europe"), 2), 60)
    assert set(sent) == {"ada", "eve"}
    assert f"enghub upgrade rollout resume {rollout_id} --follow" in sent["ada"]


def test_without_a_secret_no_webhook_is_called_and_the_log_says_what_to_store(
    hub: Hub, calls: tuple[str, list[Call]]
) -> None:
    execution_id = hub.execute()["executionId"]

    def given_up() -> list[str] | None:
        log = hub.call("GET", f"/log/{execution_id}")["items"]
        found = [line["message"] for line in log if "given up" in line["message"]]
        return found if len(found) == 2 else None

    for line in until(given_up, 90, 0.5):  # before the stop, and in the end
        assert f'no signing secret: store {{"webhookSecrets": [...]}} as upgrade/notices/{hub.tenant}' in line
    assert set(mails(hub, "succeeded")) == {"boss"}
    assert not calls[1]
