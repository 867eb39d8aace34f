"""From the event to the recipient, through the functions and down to the table (UPG-13, CFG-17)."""

import logging
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends

from enghub.core import log
from enghub.core.notices import Severity
from enghub.notices.deliveries.model import LEASE, MAX_ATTEMPTS, Delivery
from enghub.notices.deliveries.service import Courier
from tests.conftest import REGION
from tests.factories import stored
from tests.factories.notices import FACTS, SHANGHAI, hook_at, mail_to, requested
from tests.functional.notices.conftest import HUB, Notices
from tests.unit.kit.outbound.servers import Server, answering, http, serving

ADA = {"name": "Ada", "email": "ada@example.com", "roles": ["PLANNER"], "language": "zh", "zone": SHANGHAI}
BOB = {"name": "Bob", "email": "bob@example.com", "roles": ["PLANNER"], "language": "en", "zone": "Europe/Berlin"}
RULE = {"name": "Planners", "noticeTypes": ["upgrade.*"], "channels": ["email"], "roles": ["PLANNER"]}


def mails() -> dict[str, Any]:
    sent = ses_backends[DEFAULT_ACCOUNT_ID][REGION].sent_messages
    return {message.destinations["ToAddresses"][0]: message for message in sent}


def states(notices: Notices) -> dict[str, str]:
    return {one["recipient"]: one["state"] for one in notices.log()}


@pytest.fixture
def planners(notices: Notices) -> Notices:
    notices.data("PUT", "/contacts/ada", ADA)
    notices.data("PUT", "/contacts/bob", BOB)
    notices.data("PUT", "/rules/planners", RULE)
    return notices


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(answering(http("200 OK", b'{"errcode": 0}'))) as found:
        yield found


def test_one_event_reaches_each_recipient_once_in_their_language(planners: Notices) -> None:
    asked = requested(addresses=mail_to("eve@example.com"))
    assert planners.ask(asked) == []
    assert planners.deliver() == []
    found = mails()
    assert found["ada@example.com"].subject == "[EngHub] EU (prod): 2.16.4 → 2.16.5 升级失败"
    assert found["bob@example.com"].subject == "[EngHub] EU (prod): 2.16.4 → 2.16.5 failed"
    assert found["eve@example.com"].subject == "[EngHub] EU (prod): 2.16.4 → 2.16.5 failed / 升级失败"
    assert set(states(planners)) == {"a***@example.com", "b***@example.com", "e***@example.com"}
    planners.deliver(*(one["deliveryId"] for one in planners.log()))
    assert len(ses_backends[DEFAULT_ACCOUNT_ID][REGION].sent_messages) == 3


def test_the_same_event_and_the_same_key_are_told_once(planners: Notices) -> None:
    asked = requested(dedupe_key="01E")
    for _ in range(2):
        planners.ask(asked, event_id="01EVENT")
    planners.ask(asked, event_id="01OTHER")
    planners.ask(requested(dedupe_key="01E"), event_id="01THIRD", source_service="enghub.mes")
    assert len(planners.log()) == 4, "two people; and once more for another context's key"


def test_a_stop_while_planning_leaves_nothing_out_and_nothing_twice(planners: Notices, monkeypatch: Any) -> None:
    from enghub.notices.deliveries import dynamo  # noqa: PLC0415

    monkeypatch.setattr(dynamo, "PER_TRANSACTION", 2)
    whole: Any = vars(dynamo)["transact"]
    calls: list[Any] = []

    def stops(*writes: Any) -> None:
        calls.append(writes)
        if len(calls) == 2:
            raise RuntimeError
        whole(*writes)

    monkeypatch.setattr(dynamo, "transact", stops)
    asked = requested(addresses=mail_to(*(f"a{n}@x.com" for n in range(5))))
    assert planners.ask(asked, event_id="01EVENT") == ["message-0"]
    monkeypatch.setattr(dynamo, "transact", whole)
    assert planners.ask(asked, event_id="01EVENT") == []
    planners.deliver()
    assert len(ses_backends[DEFAULT_ACCOUNT_ID][REGION].sent_messages) == 7


# --- a recipient or channel that cannot be reached ------------------------------------------------------------------


class Receiver:
    """Answers as it is told."""

    def __init__(self) -> None:
        self.answer = http("503 Down")

    def __call__(self, connection: Any, server: Server, over: Any) -> None:
        answering(self.answer)(connection, server, over)


def test_a_dead_channel_is_tried_again_then_parked_and_sent_again_by_hand(notices: Notices) -> None:
    receiver = Receiver()
    notices.store_secret("upgrade/notices/acme", webhookSecrets=["s"])
    with serving(receiver) as server:
        asked = requested(addresses=(*hook_at(server.url()), *mail_to("ada@example.com")))
        notices.ask(asked)
        notices.deliver()
        assert set(mails()) == {"ada@example.com"}, "nobody else is held up"
        for _ in range(MAX_ATTEMPTS):
            notices.sweep(timedelta(hours=1))
        (parked,) = notices.log(state="PARKED")
        assert (parked["attempts"], parked["reason"]) == (MAX_ATTEMPTS, "it answers 503")
        assert len(server.asked) == MAX_ATTEMPTS
        (told,) = stored.events("NoticeUndelivered")
        assert told["data"]["asked_by"] == "upgrade"
        assert told["data"]["subject"] == "upgrade/01E"
        receiver.answer = http("204 No Content")
        notices.data("POST", f"/deliveries/{parked['deliveryId']}/redrive")
        notices.deliver()
        assert notices.data("GET", f"/deliveries/{parked['deliveryId']}")["state"] == "SENT"
        keys = {line for asked in server.asked for line in asked.split(b"\r\n") if line.startswith(b"Idempotency-Key")}
        assert len(keys) == 1, "every try has the same id"
    assert notices.log(state="PARKED") == []


def test_what_never_can_be_sent_is_parked_at_once_and_may_be_discarded(notices: Notices) -> None:
    notices.ask(requested(addresses=hook_at("https://h.example.com/?token=t")))
    notices.deliver()
    (parked,) = notices.log()
    assert parked["state"] == "PARKED"
    assert parked["reason"] == 'no signing secret: store {"webhookSecrets": [...]} as upgrade/notices/acme'
    assert parked["recipient"] == "h.example.com/"[:-1] or "token" not in parked["recipient"]
    path = f"/deliveries/{parked['deliveryId']}"
    assert notices.data("POST", f"{path}/discard", {"reason": "no receiver any more"})["state"] == "DISCARDED"
    status, details = notices.refused("POST", f"{path}/redrive")
    assert (status, details["error"]) == (422, "DELIVERY_NOT_PARKED")


POINTS = ("claimed", "sent")


@pytest.mark.parametrize("point", POINTS)
def test_a_sender_that_is_lost_is_followed_by_another_under_the_same_id(
    notices: Notices, monkeypatch: Any, point: str
) -> None:
    """Killed after the claim, or after the sending and before the mark."""
    notices.store_secret("upgrade/notices/acme", webhookSecrets=["s"])
    with serving(answering(http("204 No Content"))) as server:
        notices.ask(requested(addresses=hook_at(server.url())))
        whole = Courier._tried

        def dies(self: Courier, delivery: Delivery, channel: Any) -> Delivery:
            if point == "sent":
                whole(self, delivery, channel)
            raise KeyboardInterrupt

        monkeypatch.setattr(Courier, "_tried", dies)
        with pytest.raises(KeyboardInterrupt):
            notices.deliver()
        monkeypatch.setattr(Courier, "_tried", whole)
        notices.sweep(LEASE / 2)
        assert [one["state"] for one in notices.log()] == ["SENDING"]
        notices.sweep(LEASE)
        assert [one["state"] for one in notices.log()] == ["SENT"]
        ids = [line for asked in server.asked for line in asked.split(b"\r\n") if line.startswith(b"webhook-id")]
    assert len(ids) == (1 if point == "claimed" else 2)
    assert len(set(ids)) == 1


def test_two_workers_send_once(notices: Notices) -> None:
    notices.ask(requested(addresses=mail_to("ada@example.com")))
    (waiting,) = notices.log()
    repository = notices.handler("deliver_notice")
    assert repository is not None
    notices.deliver(waiting["deliveryId"], waiting["deliveryId"])
    notices.deliver()
    assert len(ses_backends[DEFAULT_ACCOUNT_ID][REGION].sent_messages) == 1


# --- when ------------------------------------------------------------------------------------------------------------


def test_quiet_hours_hold_back_what_is_not_critical(planners: Notices) -> None:
    quiet = {"quietHours": {"from": "17:00", "to": "07:00"}, "version": 1}
    planners.data("PUT", "/contacts/ada", {**ADA, **quiet})
    planners.ask(requested(subject="upgrade/1"))
    planners.deliver()
    planners.sweep()
    assert set(mails()) == {"bob@example.com"}, "18:00 in Shanghai, 11:00 in Berlin"
    planners.sweep(timedelta(hours=12))
    assert "ada@example.com" not in mails()
    planners.sweep(timedelta(hours=1))
    assert set(mails()) == {"ada@example.com", "bob@example.com"}
    planners.now += timedelta(hours=10)
    planners.ask(requested(severity=Severity.CRITICAL))
    planners.deliver()
    sent = ses_backends[DEFAULT_ACCOUNT_ID][REGION].sent_messages
    assert len(sent) == 4


def test_a_digest_tells_once_a_day_of_what_was_collected(planners: Notices) -> None:
    planners.data("PUT", "/rules/planners", {**RULE, "digest": {"at": "08:00", "zone": SHANGHAI}, "version": 1})
    for number in range(3):
        facts = {**FACTS, "title": f"site {number}"}
        planners.ask(requested(digestable=True, facts=facts), event_id=f"01E{number}")
        planners.deliver()
        planners.now += timedelta(minutes=1)
    assert mails() == {}
    assert {one["state"] for one in planners.log() if one["noticeType"] == "upgrade.failed"} == {"COLLECTED"}
    planners.sweep(timedelta(hours=14))
    planners.sweep(timedelta(minutes=1))
    found = mails()
    assert len(ses_backends[DEFAULT_ACCOUNT_ID][REGION].sent_messages) == 2
    assert found["ada@example.com"].subject == "[EngHub] 3 条通知"
    body = found["bob@example.com"].body
    assert [f"site {n} failed" in body for n in range(3)] == [True] * 3
    planners.ask(requested(digestable=True), event_id="01LATE")
    planners.sweep(timedelta(hours=23))
    assert len(ses_backends[DEFAULT_ACCOUNT_ID][REGION].sent_messages) == 2
    planners.sweep(timedelta(hours=2))
    assert len(ses_backends[DEFAULT_ACCOUNT_ID][REGION].sent_messages) == 4


def test_a_rule_tells_a_recipient_so_often_in_an_hour_and_the_log_shows_the_rest(planners: Notices) -> None:
    planners.data("PUT", "/rules/planners", {**RULE, "perHour": 2, "version": 1})
    for number in range(4):
        planners.ask(requested(), event_id=f"01E{number}")
    planners.deliver()
    assert len(ses_backends[DEFAULT_ACCOUNT_ID][REGION].sent_messages) == 4
    assert len(planners.log(state="SUPPRESSED")) == 4
    planners.now += timedelta(hours=1)
    planners.ask(requested(), event_id="01NEXT")
    planners.deliver()
    assert len(ses_backends[DEFAULT_ACCOUNT_ID][REGION].sent_messages) == 6


def test_a_robot_gets_no_more_than_it_takes_in_a_minute(notices: Notices, server: Server) -> None:
    notices.data("PUT", "/channels/ops", {"name": "Operations", "kind": "wecom", "perMinute": 2})
    notices.data("PUT", "/rules/ops", {"name": "Ops", "noticeTypes": ["*"], "channels": ["ops"]})
    notices.store_secret("notices/acme/ops", url=server.url())
    for number in range(5):
        notices.ask(requested(), event_id=f"01E{number}")
    notices.deliver()
    assert len(server.asked) == 2
    notices.sweep(timedelta(seconds=30))
    assert len(server.asked) == 2
    notices.sweep(timedelta(seconds=30))
    assert len(server.asked) == 4
    notices.sweep(timedelta(seconds=60))
    assert len(server.asked) == 5
    assert {one["attempts"] for one in notices.log()} == {1}, "waiting is no try"


# --- acknowledgements ------------------------------------------------------------------------------------------------


def link_in(text: str) -> str:
    found = re.search(re.escape(f"{HUB}/api/v1/notices/acknowledge?token=") + r"(\S+)", text)
    assert found is not None, text
    return unquote(found[1])


def test_a_link_is_looked_at_without_effect_and_acknowledges_by_its_button(notices: Notices) -> None:
    notices.ask(requested(acknowledge=True, addresses=mail_to("ada@example.com")), event_id="01EVENT")
    notices.deliver()
    token = link_in(mails()["ada@example.com"].body)
    for _ in range(2):  # a scanner, then the person
        status, page = notices.page("GET", token)
        assert (status, '<form method="post"' in page) == (200, True)
    assert stored.events("NoticeAcknowledged") == []
    status, page = notices.page("POST", token, "zh")
    assert (status, "已确认" in page) == (200, True)
    (event,) = stored.events("NoticeAcknowledged")
    assert (event["data"]["by"], event["data"]["subject"]) == ("a***@example.com", "upgrade/01E")
    assert "Acknowledged at" in notices.page("POST", token)[1]
    assert "Acknowledged at" in notices.page("GET", token)[1]
    assert len(stored.events("NoticeAcknowledged")) == 1
    assert notices.data("GET", f"/sent/{event['data']['notice_id']}")["acknowledgedBy"] == "a***@example.com"


def test_a_changed_or_expired_link_says_so_and_changes_nothing(notices: Notices) -> None:
    notices.ask(requested(acknowledge=True, addresses=mail_to("ada@example.com")))
    notices.deliver()
    token = link_in(mails()["ada@example.com"].body)
    for method in ("GET", "POST"):
        assert notices.page(method, f"A{token[1:]}" if token[0] != "A" else f"B{token[1:]}")[0] == 404
        assert notices.page(method, "")[0] == 404
    notices.now += timedelta(days=15)
    assert notices.page("POST", token)[0] == 422
    assert stored.events("NoticeAcknowledged") == []


def test_a_user_acknowledges_in_the_hub_and_the_first_word_stays(notices: Notices) -> None:
    notices.ask(requested(acknowledge=True, addresses=mail_to("ada@example.com")), event_id="01EVENT")
    first = notices.data("POST", "/sent/01EVENT/acknowledge")
    assert first["acknowledgedBy"] == "admin"
    assert notices.data("POST", "/sent/01EVENT/acknowledge") == first


def test_no_token_is_in_a_log(
    notices: Notices, caplog: pytest.LogCaptureFixture, capsys: Any, monkeypatch: Any
) -> None:
    told = logging.getLogger(log.NAME)
    monkeypatch.setattr(told, "handlers", [*told.handlers, caplog.handler])
    notices.ask(requested(acknowledge=True, addresses=mail_to("ada@example.com", "nobody@")))
    notices.deliver()
    token = link_in(mails()["ada@example.com"].body)
    notices.page("GET", token)
    notices.page("POST", token)
    notices.page("POST", token[:-3])
    said = caplog.text + capsys.readouterr().out
    assert "notice planned" in said
    assert token[:40] not in said
    assert "ada@" not in said
