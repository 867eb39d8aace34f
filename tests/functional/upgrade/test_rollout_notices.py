"""Who hears that a roll-out stopped, or waits (UPG-11, UPG-13)."""

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from enghub.core import log
from enghub.notices.deliveries.message import Message, Secret
from enghub.notices.gateways.webhooks import Webhooks
from tests.factories.upgrade import baseline
from tests.functional.upgrade.fleet import FAILS, WORKS, Fleet
from tests.functional.upgrade.telling import SENDER, People, mails

TOLD = {"on_success": ["boss@example.com"], "on_failure": ["ada@example.com"], "webhook_url": "https://h.example.com/"}


@pytest.fixture
def hooked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What webhooks are told."""
    sent: list[Any] = []

    def keep(_: Webhooks, message: Message, __: Secret) -> None:
        sent.append((message.address, json.loads(message.payload)))

    monkeypatch.setattr(Webhooks, "send", keep)
    return sent


@pytest.fixture
def told(fleet_of: Fleet) -> Fleet:
    """A fleet whose manifest names who hears."""
    document = baseline(upgrade_steps={"startup_pre_process": [WORKS]}, notifications=TOLD)
    fleet_of.hub.upload(document, {"s.sql": "SELECT 1"})
    return fleet_of


@pytest.fixture
def people(told: Fleet, hooked: list[Any], account: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> People:
    return People(told.hub, account, monkeypatch)


@pytest.fixture
def stopped(told: Fleet) -> Fleet:
    document = baseline(upgrade_steps={"startup_pre_process": [WORKS]}, notifications=TOLD)
    told.hub.upload(document, {"s.sql": FAILS})
    told.start(siteIds=told.sites(2), canaries=["S01"], name="Europe")
    told.drive()
    return told


def test_who_hears_of_failures_hears_once_that_a_rollout_stopped(
    stopped: Fleet, people: People, hooked: list[Any]
) -> None:
    assert (people.hear("RolloutStopped"), people.hear("RolloutStopped")) == ([], [])
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
    ((address, payload),) = hooked
    assert address == "https://h.example.com/"
    assert (payload["type"], payload["rolloutId"], payload["failedSites"], payload["status"]) == (
        "RolloutStopped",
        stopped.rollout_id,
        ["S01"],
        "STOPPED",
    )
    assert payload["nextCommand"] == f"enghub upgrade rollout resume {stopped.rollout_id} --follow"


def test_what_cannot_be_sent_about_a_rollout_is_given_up_and_said_in_the_functions_log(
    stopped: Fleet, people: People, hooked: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(log, "warning", lambda message, **_: said.append(message))
    boto3.client("sesv2").delete_email_identity(EmailIdentity=SENDER)
    assert people.hear("RolloutStopped") == []
    assert said == ["notice to a***@example.com given up: SES answers MessageRejected"]
    assert len(hooked) == 1


def test_a_rollout_whose_target_has_no_manifest_any_more_tells_nobody(
    stopped: Fleet, people: People, hooked: list[Any]
) -> None:
    table: Any = boto3.resource("dynamodb").Table("enghub-test-upgrade")
    for item in table.scan()["Items"]:
        if item["entity"] == "MANIFEST":
            table.delete_item(Key={"pk": item["pk"], "sk": item["sk"]})
    assert people.hear("RolloutStopped") == []
    assert (mails(), hooked) == ([], [])


def test_who_hears_of_failures_hears_that_a_wave_waits_for_a_confirmation(
    told: Fleet, people: People, hooked: list[Any]
) -> None:
    told.start(siteIds=told.sites(2), waveSize=1, requiresConfirmation=True, name="Europe")
    told.drive()
    assert people.hear("RolloutConfirmationRequested") == []
    (mail,) = mails()
    assert mail.subject == (
        "[EngHub] Europe (test): → 2.16.5 waits for your confirmation of its next wave / 等待确认下一批次"
    )
    assert f"Next: enghub upgrade rollout confirm {told.rollout_id} --follow" in mail.body
    assert "Wave: 1 / 2" in mail.body
    assert [payload["status"] for _, payload in hooked] == ["WAITING"]
    told.say("confirm")
    told.drive()
    assert told.seen["status"] == "SUCCEEDED", "the last wave leads to no further one to confirm"
    assert people.hear("RolloutConfirmationRequested") == []
    assert len(mails()) == 1
