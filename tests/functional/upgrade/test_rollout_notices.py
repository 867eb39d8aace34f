"""Who hears that a roll-out stopped (UPG-11, UPG-13)."""

import json
from typing import Any

import boto3
import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends

from enghub.core import config
from enghub.upgrade.gateways.webhooks import Webhooks
from enghub.upgrade.notices.model import Notice, Target
from tests.conftest import REGION
from tests.factories.http import Context
from tests.factories.queues import a_batch, failed
from tests.factories.upgrade import baseline
from tests.functional.upgrade.fleet import FAILS, WORKS, Fleet

SENDER = "upgrades@example.com"
TOLD = {"on_success": ["boss@example.com"], "on_failure": ["ada@example.com"], "webhook_url": "https://h.example.com/"}


@pytest.fixture
def hooked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What webhooks are told."""
    sent: list[Any] = []

    def keep(_: Webhooks, __: str, notice: Notice, target: Target) -> None:
        sent.append((target.address, json.loads(notice.payload)))

    monkeypatch.setattr(Webhooks, "send", keep)
    return sent


@pytest.fixture
def stopped(fleet_of: Fleet, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    monkeypatch.setenv("NOTICE_SENDER", SENDER)
    config.load.cache_clear()
    boto3.client("sesv2").create_email_identity(EmailIdentity=SENDER)
    document = baseline(upgrade_steps={"startup_pre_process": [WORKS]}, notifications=TOLD)
    fleet_of.hub.upload(document, {"s.sql": FAILS})
    fleet_of.start(siteIds=fleet_of.sites(2), canaries=["S01"], name="Europe")
    fleet_of.drive()
    return fleet_of


def arrive(fleet: Fleet) -> list[str]:
    """Bring the event from the outbox; return the messages that come again."""
    table: Any = boto3.resource("dynamodb").Table("enghub-test-upgrade")
    (event,) = [
        json.loads(item["body"]) for item in table.scan()["Items"] if item.get("message_type") == "RolloutStopped"
    ]
    return failed(fleet.hub.handler("notify_upgrade")(a_batch(event), Context()))


def mails() -> list[Any]:
    return list(ses_backends[DEFAULT_ACCOUNT_ID][REGION].sent_messages)


def test_who_hears_of_failures_hears_once_that_a_rollout_stopped(stopped: Fleet, hooked: list[Any]) -> None:
    assert (arrive(stopped), arrive(stopped)) == ([], [])
    (mail,) = mails()
    assert mail.destinations["ToAddresses"] == ["ada@example.com"]
    assert mail.subject == "[EngHub] Europe (test): → 2.16.5 stopped / 批量升级已停止，不再升级其他局点"
    for part in (
        "Wave: 1 / 2",
        "Failed sites: S01",
        "失败局点: S01",
        "Error: Wave 1: 1 of 1 sites failed (100%, limit 0%): S01",
        f"Next: enghub upgrade rollout resume {stopped.rollout_id} --follow",
    ):
        assert part in mail.body, part
    ((address, told),) = hooked
    assert address == "https://h.example.com/"
    assert (told["type"], told["rolloutId"], told["failedSites"], told["status"]) == (
        "RolloutStopped", stopped.rollout_id, ["S01"], "STOPPED",
    )  # fmt: skip
    assert told["nextCommand"] == f"enghub upgrade rollout resume {stopped.rollout_id} --follow"


def test_what_cannot_be_sent_about_a_rollout_is_given_up_and_said_in_the_functions_log(
    stopped: Fleet, hooked: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    boto3.client("sesv2").delete_email_identity(EmailIdentity=SENDER)
    assert arrive(stopped) == []
    said = [record.getMessage() for record in caplog.records if "given up" in record.getMessage()]
    assert said == ["notice to a***@example.com given up: SES answers MessageRejected"]
    assert len(hooked) == 1


def test_a_rollout_whose_target_has_no_manifest_any_more_tells_nobody(stopped: Fleet, hooked: list[Any]) -> None:
    table: Any = boto3.resource("dynamodb").Table("enghub-test-upgrade")
    for item in table.scan()["Items"]:
        if item["entity"] == "MANIFEST":
            table.delete_item(Key={"pk": item["pk"], "sk": item["sk"]})
    assert arrive(stopped) == []
    assert (mails(), hooked) == ([], [])
