"""Completions and movements go to the ERP, each once, acknowledged, whatever the ERP does (MES-16, MES-21)."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from enghub.mes.erp.dynamo import all_links
from enghub.mes.erp.model import Link
from enghub.mes.factories import Factory
from enghub.mes.rounds import erp as rounds
from enghub.mes.rounds.erp import share
from tests.factories.erp import BASE, Linked, SandboxErp, put_secret, sandbox_erp
from tests.factories.stored import events, items

NOTIFY, MOVE = "POST /api/v1/notifications/send", "POST /api/v1/stock/movements"


@pytest.fixture
def erp(account: Any) -> Iterator[SandboxErp]:
    account("mes")
    with sandbox_erp() as found:
        yield found


@pytest.fixture
def floor(erp: SandboxErp) -> Linked:
    assert erp.asked == []
    return Linked()


def told(kind: str) -> list[dict[str, Any]]:
    """What people were told of a kind."""
    notices = [event["data"] for event in events("NoticeRequested")]
    return [one for one in notices if one["notice_type"] == kind]


def test_a_completion_reaches_the_erp_once_as_its_contract_says(floor: Linked, erp: SandboxErp) -> None:
    number = floor.completed(good=95)
    for _ in range(2):
        assert floor.feed() == floor.send() == []
    (message,) = floor.messages("ACKNOWLEDGED")
    assert (message["subject"], message["value"], message["attempts"]) == (number, 95, 1)
    assert message["acknowledgement"] == f"ACK-{message['messageId']}"
    assert erp.asked == [NOTIFY]
    (kept,) = items("ERP_RECEIVED")
    assert json.loads(kept["body"]) == {
        "type": "work_order_completed",
        "recipient_id": "emp-001",
        "data": {"work_order_id": number, "completion_rate": 95},
    }


def test_movements_reach_the_erp_as_differences(floor: Linked, erp: SandboxErp) -> None:
    floor.received_stock(quantity=10)
    issue = {"materialId": "M", "quantity": 2.5, "workOrderId": "W1"}
    floor.call("move_stock", "POST", "/api/v1/inventory/issues", issue)
    floor.feed()
    floor.send()
    assert sorted(one["value"] for one in erp.received()) == ["-2.5", "10"]
    assert erp.asked == [MOVE, MOVE]
    assert [one["state"] for one in floor.look_at("messages", state="ACKNOWLEDGED")["items"]] == ["ACKNOWLEDGED"] * 2


def test_a_factory_without_an_erp_tells_nobody_anything(erp: SandboxErp) -> None:
    floor = Linked()
    assert floor.call("change_erp", "DELETE", f"{BASE}/link")[0] == 204
    floor.received_stock()
    assert floor.feed() == []
    assert items("ERP_MESSAGE") == []
    assert erp.asked == []
    status, body = floor.call("read_erp", "GET", f"{BASE}/status")
    assert (status, body["details"]["error"]) == (404, "NO_ERP")


@pytest.mark.parametrize(
    "fault", [{"down": True}, {"garbage": True}, {"delay_ms": 6000}], ids=["down", "garbage", "slow"]
)
def test_an_erp_that_is_down_too_slow_or_answers_garbage_is_tried_three_times_and_then_left_alone(
    floor: Linked, erp: SandboxErp, fault: dict[str, Any]
) -> None:
    erp.scenario(**fault)
    floor.received_stock()
    floor.feed()
    floor.send()
    assert (erp.asked, erp.pauses) == ([MOVE] * 3, [2.0, 4.0])
    floor.received_stock("L2")
    floor.feed()
    floor.send()
    floor.sweep()
    assert erp.asked == [MOVE] * 3, "a service that is down is not called before its probe"
    seen = floor.service("STOCK_MOVEMENTS")
    assert (seen["state"], seen["waiting"]) == ("DOWN", 2)
    assert seen["problem"]
    assert seen["rule"] == "stock movements wait here and are sent when it answers again"
    assert floor.service("COMPLETIONS")["state"] == "UNKNOWN", "another service of the ERP may be well"
    assert len(told("mes.erp_down")) == 1


def test_what_waited_is_sent_when_the_erp_is_back_each_thing_once(floor: Linked, erp: SandboxErp) -> None:
    erp.scenario(down=True)
    for number in range(5):
        floor.received_stock(f"L{number}")
    floor.feed()
    floor.send()
    erp.scenario(down=False)
    for _ in range(4):
        erp.later += timedelta(minutes=2)
        floor.sweep()
    assert len(floor.messages("ACKNOWLEDGED")) == len(erp.received()) == 5
    assert (floor.service("STOCK_MOVEMENTS")["state"], floor.service("STOCK_MOVEMENTS")["waiting"]) == ("UP", 0)
    assert [one["facts"]["service"] for one in told("mes.erp_back")] == ["STOCK_MOVEMENTS"]


def test_one_call_probes_an_erp_that_is_down_and_the_pauses_grow(floor: Linked, erp: SandboxErp) -> None:
    erp.scenario(down=True)
    floor.received_stock()
    floor.feed()
    floor.send()
    calls = []
    for seconds in (31, 61, 121, 301, 301):
        before = len(erp.asked)
        erp.later += timedelta(seconds=seconds - 2)
        floor.sweep()
        assert len(erp.asked) == before, f"probed {seconds} s early"
        erp.later += timedelta(hours=2)
        floor.sweep()
        calls.append(len(erp.asked) - before)
        erp.later -= timedelta(hours=2) - timedelta(seconds=2)
    assert calls[0] == 1


def test_an_answer_that_was_lost_makes_no_second_movement(floor: Linked, erp: SandboxErp) -> None:
    erp.scenario(lost_answers=2)
    floor.received_stock()
    floor.feed()
    floor.send()
    assert len(floor.messages("ACKNOWLEDGED")) == len(erp.received()) == 1
    assert erp.asked == [MOVE] * 3


def test_a_slow_answer_counts_and_is_shown(floor: Linked, erp: SandboxErp) -> None:
    erp.scenario(delay_ms=3500)
    floor.received_stock()
    floor.feed()
    floor.send()
    assert len(floor.messages("ACKNOWLEDGED")) == 1
    assert (floor.service("STOCK_MOVEMENTS")["state"], floor.service("STOCK_MOVEMENTS")["milliseconds"]) == (
        "SLOW",
        3500,
    )


def test_an_erp_whose_data_lag_is_shown_and_told(floor: Linked, erp: SandboxErp) -> None:
    erp.scenario(lag_seconds=301)
    floor.received_stock()
    floor.feed()
    floor.send()
    seen = floor.service("STOCK_MOVEMENTS")
    assert seen["state"] == "LAGGING"
    assert seen["asOf"] < seen["answeredAt"]
    assert len(told("mes.erp_lags")) == 1


def test_what_the_erp_refuses_is_seen_and_sent_again_by_a_person(floor: Linked, erp: SandboxErp) -> None:
    erp.scenario(refuse="L1")
    floor.received_stock("L1")
    floor.received_stock("L2")
    floor.feed()
    floor.send()
    (message,) = floor.messages("REFUSED")
    assert (message["subject"], "no such order or lot" in message["problem"]) == ("L1", True)
    assert len(floor.messages("ACKNOWLEDGED")) == 1, "one that is refused holds up no other"
    erp.scenario(refuse="")
    path = f"{BASE}/messages/{message['messageId']}/resend"
    assert floor.call("change_erp", "POST", path)[1]["data"]["state"] == "WAITING"
    floor.send()
    assert floor.look_at(f"messages/{message['messageId']}")["state"] == "ACKNOWLEDGED"
    status, body = floor.call("change_erp", "POST", path)
    assert (status, body["details"]["error"]) == (422, "MESSAGE_TAKEN")
    assert floor.call("change_erp", "POST", f"{BASE}/messages/none/resend")[0] == 404


def test_people_need_not_wait_for_the_next_probe(floor: Linked, erp: SandboxErp) -> None:
    erp.scenario(down=True)
    floor.received_stock()
    floor.feed()
    floor.send()
    erp.scenario(down=False)
    status, body = floor.call("change_erp", "POST", f"{BASE}/replay")
    assert (status, body["data"]) == (200, {"acknowledged": 1, "refused": 0, "putOff": 0})


def test_a_connection_that_breaks_twice_is_no_outage(floor: Linked, erp: SandboxErp) -> None:
    erp.cut = 2
    floor.received_stock()
    floor.feed()
    floor.send()
    assert (len(floor.messages("ACKNOWLEDGED")), told("mes.erp_down")) == (1, [])


def test_a_day_is_compared_with_what_the_erp_has(floor: Linked, erp: SandboxErp) -> None:
    for number in range(3):
        floor.received_stock(f"L{number}")
    floor.feed()
    floor.send()
    today = f"{erp.now():%Y-%m-%d}"
    found = floor.look_at("reconciliation", date=today)
    assert (found["acknowledged"], found["compared"], found["agrees"], found["isStale"]) == (3, 3, True, False)
    erp.scenario(down=True)
    found = floor.look_at("reconciliation", date=today)
    assert (found["acknowledged"], found["compared"], found["agrees"], found["isStale"]) == (3, None, False, True)
    assert floor.service("STOCK_MOVEMENTS")["state"] == "UP", "a list that cannot be read stops no message"


def test_the_link_belongs_to_its_tenant_and_its_secret_must_exist(erp: SandboxErp) -> None:
    assert erp.asked == []
    floor = Linked()
    put_secret(tenant="other", name="theirs")
    for name in ("theirs", "nowhere"):
        body = {"recipientId": "emp-001", "uses": ["BOM"], "connection": name, "version": 1}
        status, answer = floor.call("change_erp", "PUT", f"{BASE}/link", body)
        assert (status, answer["details"]["error"]) == (400, "NO_CONNECTION")
    assert floor.look_at("link") == {
        "connection": "default",
        "recipientId": "emp-001",
        "uses": ["COMPLETIONS", "STOCK_MOVEMENTS", "RECONCILIATION"],
        "version": 1,
    }
    for uses in ([], ["WAREHOUSE"]):
        assert floor.call("change_erp", "PUT", f"{BASE}/link", {"recipientId": "e", "uses": uses})[0] == 400


@pytest.mark.parametrize(
    ("left", "links", "seconds"), [(58.0, 1, 58.0), (58.0, 2, 29.0), (58.0, 10, 24.0), (30.0, 10, 24.0), (5.0, 2, 5.0)]
)
def test_a_link_with_much_to_send_leaves_time_for_the_others(left: float, links: int, seconds: float) -> None:
    assert share(left, links) == seconds


def test_a_round_serves_every_factory_though_one_of_them_fails(
    floor: Linked, erp: SandboxErp, monkeypatch: pytest.MonkeyPatch
) -> None:
    floor.received_stock()
    floor.feed()
    other = replace(all_links_now()[0], factory=Factory("acme", "bj-01"))
    monkeypatch.setattr("enghub.mes.rounds.erp.all_links", lambda: iter([other, *all_links_now()]))
    going = rounds.go_round

    def failing(link: Link, left: Any) -> Any:
        if link.factory.factory_id == "bj-01":
            raise RuntimeError
        return going(link, left)

    monkeypatch.setattr(rounds, "go_round", failing)
    found = rounds.sweep(lambda: 58.0)
    assert (found.links, found.failed, found.acknowledged) == (2, 1, 1)
    assert erp.asked == [MOVE]


def all_links_now() -> list[Link]:
    """Return the links that are stored."""
    return list(all_links())
