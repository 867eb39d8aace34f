"""Who hears what became of an upgrade, and how often (UPG-13, UPG-20)."""

import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from enghub.core import inbox
from enghub.core.events import Envelope
from enghub.notices.catalogue.model import notice_types
from enghub.notices.languages import Reads
from enghub.notices.templates.texts import rendered
from enghub.upgrade.manifests.document import Notifications
from enghub.upgrade.notices.model import KINDS, addresses, notice_type, requested
from tests.factories import stored
from tests.factories.http import Context
from tests.factories.queues import a_batch, failed
from tests.factories.upgrade import baseline, patch, step
from tests.functional.upgrade.conftest import Upgrade
from tests.functional.upgrade.telling import SENDER, People, recipients
from tests.unit.kit.outbound.servers import answering, http, serving

CHECKS = [{"id": "names", "rule": "not_null", "table": "items", "column": "name"}]
DATA = {
    "execution_id": "01E",
    "site_id": "EU",
    "environment": "prod",
    "source_version": "2.16.4",
    "target_version": "2.16.5",
    "status": "FAILED",
    "run": 1,
    "total_steps": 5,
    "completed_steps": 2,
    "step": "2.16.5/main",
    "problem": "disk full",
}
AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
EVENT = Envelope("01EVENT", "UpgradeFailed", AT, "acme", "", "enghub.upgrade", DATA)
ASKED = requested(EVENT, [], "https://hub.example.com/report")


def told(parts: list[Notifications], event_type: str = "UpgradeFailed") -> list[str]:
    return [found.address for found in addresses(event_type, parts)]


def test_everybody_hears_once_over_all_versions_of_the_path() -> None:
    parts = [
        Notifications(on_success=("a@x.com",), on_failure=("A@x.com", "dev@x.com"), webhook_url="https://h.com/1"),
        Notifications(on_failure=("a@x.com",), webhook_url="https://h.com/1"),
    ]
    assert told(parts) == ["a@x.com", "dev@x.com", "https://h.com/1"]
    assert told(parts, "UpgradeSucceeded") == ["a@x.com", "https://h.com/1"]


def test_a_mail_says_what_happened_and_what_to_type_in_both_languages() -> None:
    kind = notice_types()[ASKED.notice_type]
    mail = rendered(kind.texts, kind.given(ASKED.facts), Reads.BOTH)
    assert mail.subject == "[EngHub] EU (prod): 2.16.4 → 2.16.5 failed / 升级失败"
    assert mail.body.splitlines() == [
        "Upgrade: EU (prod): 2.16.4 → 2.16.5: failed",
        "Execution: 01E",
        "Steps: 2 / 5",
        "Step: 2.16.5/main",
        "Error: disk full",
        "Next: enghub upgrade resume 01E --follow",
        "Report: https://hub.example.com/report",
        "",
        "升级: EU (prod): 2.16.4 → 2.16.5: 升级失败",
        "执行编号: 01E",
        "步骤: 2 / 5",
        "当前步骤: 2.16.5/main",
        "错误: disk full",
        "下一步: enghub upgrade resume 01E --follow",
        "报告: https://hub.example.com/report",
    ]


@pytest.mark.parametrize("event_type", KINDS)
def test_every_event_that_people_hear_of_is_a_type_of_notices_and_brings_its_facts(event_type: str) -> None:
    rollout = {"rollout_id": "01R", "name": "Europe", "wave": 1, "waves": 2, "failed_sites": (), "failure_rate": 0.0}
    counts = {"sites": 2, "succeeded": 0, "failed": 1, "skipped": 0, "max_failure_rate": 0.0}
    data = {**DATA, **rollout, **counts} if event_type.startswith("Rollout") else DATA
    asked = requested(Envelope("01EVENT", event_type, AT, "acme", "", "enghub.upgrade", data), [], None)
    kind = notice_types()[notice_type(event_type)]
    assert set(asked.facts) <= {fact.name for fact in kind.facts}
    assert {fact.name for fact in kind.facts if fact.is_required} <= {
        n for n, v in asked.facts.items() if v is not None
    }


# --- mails, through the functions of both contexts -------------------------------------------------------------------


@pytest.fixture
def failed_upgrade(upgrade: Upgrade) -> str:
    """An upgrade that failed; its manifests name people."""
    upgrade.sql("CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT)", "INSERT INTO items VALUES (1, NULL)")
    check = step("com.ft.upgrade.steps.PreBusinessCheckStep", "check", checks=CHECKS)
    first = {"on_success": ["boss@example.com"], "on_failure": ["ada@example.com", "Bob@example.com"]}
    second = {"on_failure": ["bob@example.com", "eve@example.com"]}
    upgrade.upload(baseline(notifications=first, upgrade_steps={"pre_business_check": [check]}))
    upgrade.upload(patch(notifications=second))
    upgrade.site()
    execution_id = upgrade.started("2.16.5.1")
    assert upgrade.work(execution_id) == "FAILED"
    return execution_id


@pytest.fixture
def people(
    upgrade: Upgrade, failed_upgrade: str, account: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> People:
    return People(upgrade, account, monkeypatch)


def test_a_failure_reaches_each_recipient_once_also_when_the_event_comes_again(people: People) -> None:
    assert people.hear("UpgradeFailed") == []
    assert people.hear("UpgradeFailed") == []
    assert sorted(map(str.lower, recipients())) == ["ada@example.com", "bob@example.com", "eve@example.com"]


def test_the_request_and_its_mark_are_one(people: People, upgrade: Upgrade, monkeypatch: Any) -> None:
    """Two workers at the same moment: one asks, the other's transaction is refused whole."""
    monkeypatch.setattr(inbox, "handled", lambda *_: set())
    (event,) = stored.events("UpgradeFailed")
    for _ in range(2):
        assert failed(upgrade.handler("notify_upgrade")(a_batch(event), Context())) == []
    assert len(stored.events("NoticeRequested")) == 1


def test_what_never_can_be_sent_is_given_up_and_stands_in_the_log(people: People, upgrade: Upgrade) -> None:
    boto3.client("sesv2").delete_email_identity(EmailIdentity=SENDER)
    assert people.hear("UpgradeFailed") == []
    execution_id = upgrade.send("read_upgrades", "GET", "/api/v1/upgrade/executions")[1]["data"]["items"][0]
    path = f"/api/v1/upgrade/log/{execution_id['executionId']}"
    lines = [line["message"] for line in upgrade.send("read_upgrades", "GET", path)[1]["data"]["items"]]
    assert "notice to a***@example.com given up: SES answers MessageRejected" in lines


def test_an_end_is_counted_by_status_and_version(people: People, capsys: pytest.CaptureFixture[str]) -> None:
    people.hear("UpgradeFailed")
    people.hear("UpgradeFailed")
    written = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    totals = [line for line in written if "upgrade.executions.total" in line]
    assert [(line["status"], line.get("version")) for line in totals] == [("FAILED", None), ("FAILED", "2.16.5.1")]
    assert [line["status"] for line in written if "upgrade.execution.duration" in line] == ["FAILED"]


# --- webhooks --------------------------------------------------------------------------------------------------------


def test_a_webhook_is_told_and_signed_as_its_receivers_know_it(
    upgrade: Upgrade, account: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(answering(http("204 No Content"))) as server:
        upgrade.sql("CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT)", "INSERT INTO items VALUES (1, NULL)")
        check = step("com.ft.upgrade.steps.PreBusinessCheckStep", "check", checks=CHECKS)
        hook = {"webhook_url": server.url(path="/in")}
        upgrade.upload(baseline(notifications=hook, upgrade_steps={"pre_business_check": [check]}))
        upgrade.site()
        execution_id = upgrade.started("2.16.5")
        assert upgrade.work(execution_id) == "FAILED"
        people = People(upgrade, account, monkeypatch)
        secret = json.dumps({"webhookSecrets": ["new", "old"]})
        boto3.client("secretsmanager").create_secret(Name="enghub/test/upgrade/notices/acme", SecretString=secret)
        assert people.hear("UpgradeFailed") == []
        (event,) = stored.events("UpgradeFailed")
    head, _, body = server.asked[0].partition(b"\r\n\r\n")
    pairs = (line.decode().partition(": ") for line in head.split(b"\r\n")[1:])
    headers = {name.lower(): value for name, _, value in pairs}
    stamp = headers["x-enghub-timestamp"]
    wanted = [hmac.new(key, stamp.encode() + b"." + body, hashlib.sha256).hexdigest() for key in (b"new", b"old")]
    assert headers["x-enghub-signature"] == ",".join(f"v1={mac}" for mac in wanted)
    found = json.loads(body)
    assert list(found)[:5] == ["id", "type", "at", "message", "executionId"]
    assert (found["id"], found["type"], found["executionId"]) == (event["event_id"], "UpgradeFailed", execution_id)
    assert found["message"] == {"en": "failed", "zh": "升级失败"}
    assert found["nextCommand"] == f"enghub upgrade resume {execution_id} --follow"
    assert (found["siteId"], found["status"], found["upgradeAfterVersion"]) == ("EU", "FAILED", "2.16.5")


# --- what a manifest may say -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "notifications",
    [
        {"on_failure": ["a@b.c\r\nBcc: x@y.z"]},
        {"on_failure": ["nobody"]},
        {"on_success": ["a b@c.d"]},
        {"on_failure": [f"a{n}@x.com" for n in range(15_000)]},
    ],
)
def test_recipients_are_addresses_and_not_too_many(upgrade: Upgrade, notifications: dict[str, Any]) -> None:
    """S12."""
    body = {"manifest": baseline(notifications=notifications)}
    status, answer = upgrade.send("change_manifest", "POST", "/api/v1/upgrade/manifests/validate", body)
    assert status == 400 or not answer["data"]["valid"]
