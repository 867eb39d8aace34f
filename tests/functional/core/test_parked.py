"""What failed for good, of any consumer: kept with its reason, seen by its tenant, sent again or given up."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from enghub.core import audit, bus
from enghub.core.events import Envelope
from enghub.core.identity import Principal
from enghub.core.outbox import to_outbox
from enghub.core.parked import dynamo as parked
from enghub.core.parked.model import NOBODY, Status, masked
from enghub.core.sweeper import PARK_AFTER, Sweep
from enghub.core.transactions import transact
from tests.factories.handlers import load_handler, sample_event
from tests.factories.http import NOW, Context, a_principal, a_request, an_origin, invoke
from tests.factories.stored import waiting
from tests.fakes.channels import Channels

LATER = NOW + timedelta(minutes=5)
PATH = "/api/v1/parked/mes"
RIGHTS = ("parked_message:read", "parked_message:redrive", "parked_message:discard")
OPERATOR = a_principal(*RIGHTS, user="ops-1")
PLATFORM = a_principal(*RIGHTS, "parked_message:unassigned", user="root-1")
QUEUE = {"enghub-test-mes-board-dead": {"consumer": "update_shift_board", "channel": "update_shift_board"}}
CALLS = {"enghub-test-mes-failed": {"consumer": "failed-invocations", "channel": ""}}


@pytest.fixture
def channels(account: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> Channels:
    account("mes", EVENT_BUS_NAME="bus", DEAD_LETTERS=json.dumps({**QUEUE, **CALLS}))
    made = Channels({"board-url"})
    monkeypatch.setattr(bus, "aws", made)
    return made


def sweep(at: Any = LATER) -> None:
    queues = {"update_shift_board": "board-url"}
    Sweep(lambda records: bus.send(records, "bus", queues), at, lambda: 50.0).run()


def call(method: str, path: str = "", body: Any = None, *, caller: Principal = OPERATOR, **query: str) -> Any:
    request = a_request(method, f"{PATH}{path}", body, caller=caller, query=query)
    status, answer = invoke(load_handler("core", "manage_parked"), request)
    return status, answer.get("data", answer.get("details"))


def the_only_id(**query: Any) -> str:
    status, page = call("GET", **query)
    assert (status, len(page["items"])) == (200, 1), page
    return str(page["items"][0]["id"])


def an_event(tenant: str = "acme") -> Envelope:
    data = {"produced_by": "emp-007", "note": "ask bob@example.com", "good_qty": 3}
    return Envelope.of(an_origin(tenant=tenant), "ProductionReported", "enghub.mes", data)


def refused_for_good(channels: Channels, event: Envelope) -> None:
    """Leave an event in the outbox that the bus never takes."""
    transact(to_outbox(event, subject="WO-1"))
    channels.refuse_entry = lambda _: "MalformedDetail"
    for _ in range(PARK_AFTER):
        sweep()
    channels.refuse_entry = lambda _: None


def dead(body: Any, queue: str = "enghub-test-mes-board-dead", **more: Any) -> dict[str, Any]:
    return {
        "messageId": "m-1",
        "body": body if isinstance(body, str) else json.dumps(body),
        "attributes": {"ApproximateReceiveCount": "5"},
        "eventSourceARN": f"arn:aws:sqs:eu-central-1:123456789012:{queue}",
        **more,
    }


def park(*records: dict[str, Any]) -> list[str]:
    answer = load_handler("core", "park_dead_letters")({"Records": list(records)}, Context())
    return [item["itemIdentifier"] for item in answer["batchItemFailures"]]


def on_the_bus(event: Envelope) -> dict[str, Any]:
    return {"detail-type": event.event_type, "source": event.source_service, "detail": json.loads(event.to_json())}


def test_what_the_bus_refuses_is_parked_shown_and_sent_again(channels: Channels) -> None:
    event = an_event()
    refused_for_good(channels, event)
    assert waiting() == []
    parked_id = the_only_id()
    _, shown = call("GET", f"/{parked_id}")
    assert (shown["consumer"], shown["reason"], shown["attempts"]) == ("bus", "MalformedDetail", PARK_AFTER)
    assert (shown["messageType"], shown["subject"], shown["status"]) == ("ProductionReported", "WO-1", "PARKED")
    assert shown["body"]["data"] == {"produced_by": "***", "note": "***", "good_qty": 3}
    status, answer = call("POST", f"/{parked_id}/redrive")
    assert (status, answer["status"], answer["closedBy"]) == (202, "REDRIVEN", "ops-1")
    sweep(NOW.replace(year=2999))
    assert [body["event_id"] for _, body in channels.arrived] == [event.event_id]
    assert call("GET")[1]["items"] == []
    assert the_only_id(status="REDRIVEN") == parked_id
    entries = audit.history("acme", f"parked_message/-/{parked_id}")
    assert [entry.action for entry in entries] == ["parked_message.parked", "parked_message.redriven"]
    assert audit.broken_at(entries) is None


def test_what_a_consumer_refuses_is_parked_and_goes_back_to_that_consumer_alone(channels: Channels) -> None:
    event = on_the_bus(an_event())
    assert park(dead(event)) == []
    assert park(dead(event)) == [], "its deletion from the queue may get lost"
    parked_id = the_only_id()
    call("POST", f"/{parked_id}/redrive")
    sweep(NOW.replace(year=2999))
    assert channels.arrived == [("board-url", event)]


def test_one_that_fails_again_comes_back_under_its_id_with_its_audit(channels: Channels) -> None:
    for times in (1, 2):
        park(dead(on_the_bus(an_event())) | {"body": dead_body(times)})
        parked_id = the_only_id()
        assert call("GET", f"/{parked_id}")[1]["times"] == times
        assert call("POST", f"/{parked_id}/redrive")[0] == 202
    assert len(audit.history("acme", f"parked_message/-/{parked_id}")) == 4
    assert audit.broken_at(audit.history("acme", f"parked_message/-/{parked_id}")) is None


def dead_body(_: int) -> str:
    return json.dumps({"message_id": "01", "tenant_id": "acme", "payload": {}})


def test_a_message_is_given_up_with_a_reason(channels: Channels) -> None:
    park(dead(on_the_bus(an_event())))
    parked_id = the_only_id()
    assert call("POST", f"/{parked_id}/discard", {})[0] == 400
    status, answer = call("POST", f"/{parked_id}/discard", {"reason": "counted by hand"})
    assert (status, answer["status"], answer["closedFor"]) == (200, "DISCARDED", "counted by hand")
    assert call("POST", f"/{parked_id}/discard", {"reason": "again"})[1]["closedFor"] == "counted by hand"
    status, details = call("POST", f"/{parked_id}/redrive")
    assert (status, details["error"]) == (409, "MESSAGE_NOT_PARKED")
    assert (waiting(), parked.waiting()) == ([], 0)
    _, entry = audit.history("acme", f"parked_message/-/{parked_id}")
    assert (entry.action, entry.reason, entry.user_id) == ("parked_message.discarded", "counted by hand", "ops-1")


def test_a_decision_whose_answer_got_lost_may_be_sent_again(channels: Channels) -> None:
    park(dead(on_the_bus(an_event())))
    parked_id = the_only_id()
    assert [call("POST", f"/{parked_id}/redrive")[0] for _ in range(2)] == [202, 202]
    assert len(waiting()) == 1


def test_a_tenant_sees_its_own_and_what_names_none_the_platform_alone(channels: Channels) -> None:
    park(dead(on_the_bus(an_event("globex"))), dead("no JSON at all", messageId="m-2"))
    assert call("GET")[1]["items"] == []
    assert call("GET", unassigned="true")[0] == 403
    unassigned = the_only_id(caller=PLATFORM, unassigned="true")
    status, shown = call("GET", f"/{unassigned}", caller=PLATFORM, unassigned="true")
    assert (status, shown["body"]) == (200, "no JSON at all")
    (of_globex,) = parked.find("globex", Status.PARKED, 10, None)[0]
    for path in (f"/{of_globex.parked_id}/redrive", f"/{unassigned}/redrive"):
        assert call("POST", path)[0] == 404
    assert call("POST", f"/{unassigned}/redrive", caller=PLATFORM, unassigned="true")[0] == 202
    entries = audit.history(NOBODY, f"parked_message/-/{unassigned}")
    assert [entry.user_id for entry in entries] == ["system:park-dead-letters", "acme/root-1"]
    assert audit.broken_at(entries) is None


@pytest.mark.parametrize("wanted", ["read", "redrive", "discard"])
def test_each_right_is_asked_for(channels: Channels, wanted: str) -> None:
    park(dead(on_the_bus(an_event())))
    (message,) = parked.find("acme", Status.PARKED, 10, None)[0]
    without = a_principal(*(right for right in RIGHTS if not right.endswith(wanted)))
    method, path, body = {
        "read": ("GET", f"/{message.parked_id}", None),
        "redrive": ("POST", f"/{message.parked_id}/redrive", None),
        "discard": ("POST", f"/{message.parked_id}/discard", {"reason": "no"}),
    }[wanted]
    assert call(method, path, body, caller=without)[0] == 403


def test_one_bad_record_holds_up_no_other(channels: Channels) -> None:
    stranger = dead(on_the_bus(an_event()), "enghub-test-mes-unknown", messageId="stranger")
    assert park(stranger, dead(on_the_bus(an_event()))) == ["stranger"]
    the_only_id()


def test_a_call_that_nobody_waited_for_is_kept_but_done_by_hand(channels: Channels) -> None:
    failed = {
        "requestContext": {"functionArn": "arn:aws:lambda:eu-central-1:123456789012:function:enghub-test-mes-rebuild"},
        "requestPayload": {},
        "responsePayload": {"errorType": "RuntimeError", "errorMessage": "2 of 3 boards could not be compared"},
    }
    assert park(dead(failed, "enghub-test-mes-failed")) == []
    (message,) = parked.find(NOBODY, Status.PARKED, 10, None)[0]
    assert (message.consumer, message.reason) == (
        "enghub-test-mes-rebuild",
        "RuntimeError: 2 of 3 boards could not be compared",
    )
    status, details = call("POST", f"/{message.parked_id}/redrive", caller=PLATFORM, unassigned="true")
    assert (status, details["error"]) == (409, "NOT_REDRIVABLE")


def test_an_event_that_its_queue_did_not_take_says_why(channels: Channels) -> None:
    told = {"ERROR_CODE": {"stringValue": "NO_PERMISSIONS"}, "ERROR_MESSAGE": {"stringValue": "the key refuses"}}
    park(dead(on_the_bus(an_event()), messageAttributes=told))
    assert call("GET")[1]["items"][0]["reason"] == "NO_PERMISSIONS: the key refuses"


def test_lists_come_in_pages_newest_first(channels: Channels) -> None:
    for number in range(3):
        body = {"message_id": f"m-{number}", "tenant_id": "acme", "payload": {}}
        park(dead(body))
    _, first = call("GET", pageSize="2")
    _, rest = call("GET", pageSize="2", cursor=first["cursor"])
    found = [*first["items"], *rest["items"]]
    assert len({message["id"] for message in found}) == 3
    assert [m["parkedAt"] for m in found] == sorted((m["parkedAt"] for m in found), reverse=True)


def test_another_contexts_address_is_unknown_here(channels: Channels) -> None:
    request = a_request("GET", "/api/v1/parked/plm", caller=OPERATOR)
    assert invoke(load_handler("core", "manage_parked"), request)[0] == 404


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"contactPhone": 5, "n": 1}, {"contactPhone": "***", "n": 1}),
        ({"user": {"id": "x"}}, {"user": "***"}),
        ({"list": [{"api_key": "k"}]}, {"list": [{"api_key": "***"}]}),
        ({"user_id": None, "deep": ["a@b"]}, {"user_id": None, "deep": ["***"]}),
    ],
)
def test_what_may_name_a_person_or_be_a_secret_is_masked(value: Any, shown: Any) -> None:
    assert masked(value) == shown


def test_the_samples_fit(channels: Channels, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "enghub-local-mes-update-shift-board-dead"
    monkeypatch.setenv("DEAD_LETTERS", json.dumps({name: QUEUE["enghub-test-mes-board-dead"]}))
    answer = load_handler("core", "park_dead_letters")(sample_event("core", "park_dead_letters"), Context())
    assert answer == {"batchItemFailures": []}
    status, answer = invoke(load_handler("core", "manage_parked"), sample_event("core", "manage_parked"))
    assert (status, len(answer["data"]["items"])) == (200, 1)
