"""Who hears what became of an upgrade, and how often (UPG-13, UPG-20)."""

import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends

from enghub.core import config
from enghub.kit.outbound.calls import Outbound
from enghub.kit.outbound.network import Network
from enghub.upgrade.gateways.webhooks import Webhooks
from enghub.upgrade.manifests.document import Notifications
from enghub.upgrade.notices.errors import NoticeDelayed, NoticeRefused
from enghub.upgrade.notices.model import Channel, Notice, Target, targets
from tests.conftest import REGION
from tests.factories.http import Context
from tests.factories.queues import a_batch, failed
from tests.factories.upgrade import NOW, baseline, patch, step
from tests.functional.upgrade.conftest import Upgrade

SENDER = "upgrades@example.com"
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
NOTICE = Notice("01EVENT", "UpgradeFailed", "2026-11-22T08:00:00Z", DATA, "https://hub.example.com/report")
HOOK = Target(Channel.WEBHOOK, "https://hooks.example.com/in?token=t")


def test_everybody_hears_once_over_all_versions_of_the_path() -> None:
    parts = [
        Notifications(on_success=("a@x.com",), on_failure=("A@x.com", "dev@x.com"), webhook_url="https://h.com/1"),
        Notifications(on_failure=("a@x.com",), webhook_url="https://h.com/1"),
    ]
    assert [t.address for t in targets("UpgradeFailed", parts)] == ["enghub", "a@x.com", "dev@x.com", "https://h.com/1"]
    assert [t.address for t in targets("UpgradeSucceeded", parts)] == ["enghub", "a@x.com", "https://h.com/1"]


def test_a_mail_says_what_happened_and_what_to_type_in_both_languages() -> None:
    for part in (
        "prod",
        "2.16.4 → 2.16.5",
        "2.16.5/main",
        "disk full",
        "enghub upgrade resume 01E",
        "升级失败",
        "下一步",
    ):
        assert part in NOTICE.body, part
    assert NOTICE.subject == "[EngHub] EU (prod): 2.16.4 → 2.16.5 failed / 升级失败"


def test_a_log_never_holds_a_whole_address() -> None:
    assert Target(Channel.EMAIL, "ada@example.com").shown == "a***@example.com"
    assert "token" not in HOOK.shown


# --- mails, through the function -------------------------------------------------------------------------------------


@pytest.fixture
def told(upgrade: Upgrade, monkeypatch: pytest.MonkeyPatch) -> Callable[[], dict[str, Any]]:
    """An upgrade that failed; call it to let its event arrive."""
    monkeypatch.setenv("NOTICE_SENDER", SENDER)
    config.load.cache_clear()
    boto3.client("sesv2").create_email_identity(EmailIdentity=SENDER)
    upgrade.sql("CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT)", "INSERT INTO items VALUES (1, NULL)")
    check = step("com.ft.upgrade.steps.PreBusinessCheckStep", "check", checks=CHECKS)
    first = {"on_success": ["boss@example.com"], "on_failure": ["ada@example.com", "Bob@example.com"]}
    second = {"on_failure": ["bob@example.com", "eve@example.com"]}
    upgrade.upload(baseline(notifications=first, upgrade_steps={"pre_business_check": [check]}))
    upgrade.upload(patch(notifications=second))
    upgrade.site()
    execution_id = upgrade.started("2.16.5.1")
    assert upgrade.work(execution_id) == "FAILED"
    table: Any = boto3.resource("dynamodb").Table("enghub-test-upgrade")
    (event,) = [
        json.loads(item["body"]) for item in table.scan()["Items"] if item.get("message_type") == "UpgradeFailed"
    ]

    def arrive() -> dict[str, Any]:
        answer: dict[str, Any] = upgrade.handler("notify_upgrade")(a_batch(event), Context())
        return answer

    return arrive


def recipients() -> list[str]:
    sent = ses_backends[DEFAULT_ACCOUNT_ID][REGION].sent_messages
    return [address for message in sent for address in message.destinations["ToAddresses"]]


def test_a_failure_reaches_each_recipient_once_also_when_the_event_comes_again(told: Any) -> None:
    assert failed(told()) == []
    assert failed(told()) == []
    assert sorted(map(str.lower, recipients())) == ["ada@example.com", "bob@example.com", "eve@example.com"]


def test_who_was_missed_is_reached_by_the_redelivery_and_nobody_else_twice(told: Any, monkeypatch: Any) -> None:
    from enghub.upgrade.gateways.emails import Emails  # noqa: PLC0415

    whole = Emails.send

    def broken(self: Emails, tenant_id: str, notice: Notice, target: Target) -> None:
        if target.address.startswith("ada"):
            raise NoticeDelayed("throttled")
        whole(self, tenant_id, notice, target)

    monkeypatch.setattr(Emails, "send", broken)
    assert failed(told()) == ["message-0"]
    assert "ada@example.com" not in recipients()
    monkeypatch.setattr(Emails, "send", whole)
    from enghub.upgrade.notices import wiring  # noqa: PLC0415

    wiring.notices.cache_clear()
    assert failed(told()) == []
    assert sorted(map(str.lower, recipients())) == ["ada@example.com", "bob@example.com", "eve@example.com"]


def test_what_never_can_be_sent_is_given_up_and_stands_in_the_log(told: Any, upgrade: Upgrade) -> None:
    boto3.client("sesv2").delete_email_identity(EmailIdentity=SENDER)
    assert failed(told()) == []
    execution_id = upgrade.send("read_upgrades", "GET", "/api/v1/upgrade/executions")[1]["data"]["items"][0]
    path = f"/api/v1/upgrade/log/{execution_id['executionId']}"
    lines = [line["message"] for line in upgrade.send("read_upgrades", "GET", path)[1]["data"]["items"]]
    assert "notice to a***@example.com given up: SES answers MessageRejected" in lines


def test_an_end_is_counted_by_status_and_version(told: Any, capsys: pytest.CaptureFixture[str]) -> None:
    told()
    told()
    written = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    totals = [line for line in written if "upgrade.executions.total" in line]
    assert [(line["status"], line.get("version")) for line in totals] == [("FAILED", None), ("FAILED", "2.16.5.1")]
    assert [line["status"] for line in written if "upgrade.execution.duration" in line] == ["FAILED"]


# --- webhooks --------------------------------------------------------------------------------------------------------


def hooks(answer: int, seen: list[Any], secrets: tuple[str, ...] = ("new", "old")) -> Webhooks:
    made = Webhooks(lambda _: secrets, Outbound(), clock=lambda: NOW)

    def post(url: str, headers: dict[str, str], body: bytes) -> int:
        seen.append((url, headers, body))
        return answer

    made._post = post  # type: ignore[method-assign]
    return made


def test_a_webhook_is_signed_with_every_secret_and_carries_an_id_for_repeats() -> None:
    seen: list[Any] = []
    for _ in range(2):
        hooks(204, seen).send("acme", NOTICE, HOOK)
    (_, headers, body), (_, again, _) = seen
    stamp = headers["X-EngHub-Timestamp"]
    wanted = [
        "v1=" + hmac.new(secret, stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
        for secret in (b"new", b"old")
    ]
    assert headers["X-EngHub-Signature"].split(",") == wanted
    assert headers["Idempotency-Key"] == again["Idempotency-Key"]
    assert json.loads(body)["nextCommand"] == "enghub upgrade resume 01E --follow"


@pytest.mark.parametrize(
    ("answer", "error"), [(503, NoticeDelayed), (429, NoticeDelayed), (302, NoticeRefused), (404, NoticeRefused)]
)
def test_an_answer_decides_whether_it_is_tried_again(answer: int, error: type[Exception]) -> None:
    with pytest.raises(error):
        hooks(answer, []).send("acme", NOTICE, HOOK)


def test_nothing_is_sent_without_a_secret() -> None:
    with pytest.raises(NoticeRefused, match="no signing secret"):
        hooks(204, [], ()).send("acme", NOTICE, HOOK)


@pytest.mark.parametrize("url", ["http://h.com/", "https://user:pass@h.com/", "https://10.0.0.5/", "https://127.1/"])
def test_a_webhook_goes_the_one_way_out(url: str) -> None:
    """What that refuses is in tests/unit/kit/outbound."""
    with pytest.raises(NoticeRefused):
        Webhooks(lambda _: ("new",), Outbound()).send("acme", NOTICE, Target(Channel.WEBHOOK, url))


def test_a_webhook_that_does_not_answer_is_tried_again() -> None:
    def nobody(_: str, __: int) -> list[str]:
        raise OSError

    with pytest.raises(NoticeDelayed, match="ConnectError"):
        Webhooks(lambda _: ("new",), Outbound(network=Network(resolve=nobody))).send("acme", NOTICE, HOOK)
