"""From a committed transaction to the bus or a queue: at least once, in order per subject, blocked by no other."""

import importlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import boto3
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from enghub.core import bus, dynamo, outbox, relay
from enghub.core.events import Envelope
from enghub.core.inbox import AlreadyHandled, seen
from enghub.core.outbox import MessageTooLarge, OutboxRecord, body_of, to_command, to_outbox
from enghub.core.parked import dynamo as parked
from enghub.core.parked.model import Status
from enghub.core.sweeper import PARK_AFTER, Sweep, Swept
from enghub.core.transactions import Put, PutItem, transact
from tests.factories.faults import counted, intercepted, throttled
from tests.factories.http import NOW, Context, an_origin
from tests.factories.stored import waiting
from tests.fakes.channels import LIMIT, Channels

LATER = NOW + timedelta(minutes=5)
QUEUES = {"work": "work-url"}


@pytest.fixture
def channels(account: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> Channels:
    account("mes", EVENT_BUS_NAME="enghub-test")
    made = Channels({"work-url"})
    monkeypatch.setattr(bus, "aws", made)
    return made


def an_event(number: int = 1, tenant: str = "acme", data: dict[str, Any] | None = None) -> Envelope:
    origin = an_origin(tenant=tenant, at=NOW + timedelta(seconds=number))
    return Envelope.of(origin, "ProductionReported", "enghub.mes", data or {"n": number})


def stored(*puts: PutItem) -> list[OutboxRecord]:
    for start in range(0, len(puts), 100):
        transact(*puts[start : start + 100])
    found = [OutboxRecord.read(put.item["pk"]["S"], put.item["sk"]["S"]) for put in puts]
    return [record for record in found if record is not None]


def send(records: Any) -> bus.Failures:
    return bus.send(records, "enghub-test", QUEUES)


def sweep(at: Any = LATER, seconds_left: Callable[[], float] = lambda: 50.0) -> Swept:
    return Sweep(send, at, seconds_left).run()


def told(channels: Channels, channel: str = "bus") -> list[int]:
    return [body["data"]["n"] for name, body in channels.arrived if name == channel]


def test_an_event_reaches_a_consumers_queue_through_the_bus(account: Callable[..., str]) -> None:
    account("mes", EVENT_BUS_NAME="enghub-test")
    events, sqs = boto3.client("events"), boto3.client("sqs")
    events.create_event_bus(Name="enghub-test")
    url = sqs.create_queue(QueueName="events")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name="all", EventBusName="enghub-test", EventPattern='{"source":["enghub.mes"]}')
    events.put_targets(Rule="all", EventBusName="enghub-test", Targets=[{"Id": "q", "Arn": arn}])
    records = stored(to_outbox(an_event()), to_command("work", {"ecn": "ECN-1"}, an_origin()))
    work = sqs.create_queue(QueueName="work")["QueueUrl"]
    assert relay.relay(records, "enghub-test", {"work": work}).sent == 2
    (message,) = (json.loads(m["Body"]) for m in sqs.receive_message(QueueUrl=url)["Messages"])
    assert (message["detail-type"], message["source"]) == ("ProductionReported", "enghub.mes")
    assert (message["detail"]["data"], message["detail"]["tenant_id"]) == ({"n": 1}, "acme")
    (command,) = (json.loads(m["Body"]) for m in sqs.receive_message(QueueUrl=work)["Messages"])
    assert (command["payload"], command["tenant_id"]) == ({"ecn": "ECN-1"}, "acme")
    assert waiting() == []


def test_a_message_without_a_queue_waits_and_the_others_go(channels: Channels) -> None:
    lost = to_command("nowhere", {}, an_origin())
    result = relay.relay(stored(lost, to_outbox(an_event())), "enghub-test", {})
    assert (result.sent, result.failed) == (1, 1)
    assert [record.channel for record in waiting()] == ["nowhere"]


def test_a_batch_of_a_hundred_costs_fourteen_calls(channels: Channels) -> None:
    records = stored(*(to_outbox(an_event(n)) for n in range(100)))
    with counted() as calls:
        assert relay.relay(records, "enghub-test", {}).sent == 100
    assert (channels.calls, calls) == (10, {"BatchWriteItem": 4})
    assert waiting() == []


def test_an_entry_that_the_bus_refuses_is_overtaken_by_none_of_its_subject(channels: Channels) -> None:
    records = stored(*(to_outbox(an_event(n), subject=f"WO-{n % 2}") for n in range(6)))
    channels.refuse_entry = lambda body: "InternalFailure" if '"n":0' in body else None
    assert relay.relay(records, "enghub-test", {}).sent == 3
    assert told(channels) == [1, 3, 5]


def test_calls_are_filled_by_bytes_and_entries(channels: Channels) -> None:
    """Ten events of 53 KB are three calls, not one that the bus refuses (C17)."""
    records = stored(*(to_outbox(an_event(n, data={"n": n, "text": "x" * 53_000})) for n in range(10)))
    assert relay.relay(records, "enghub-test", {}).failed == 0
    assert channels.calls == 3


@settings(max_examples=200)
@given(st.lists(st.integers(0, LIMIT + 9), max_size=40))
def test_no_call_is_larger_than_it_may_be_and_none_could_take_the_next_message(sizes: list[int]) -> None:
    messages: Any = [type("Message", (), {"size_bytes": size}) for size in sizes]
    chunks = list(bus._chunks(messages))
    assert [message for chunk in chunks for message in chunk] == messages
    for place, chunk in enumerate(chunks):
        size = sum(message.size_bytes for message in chunk)
        assert len(chunk) <= 10
        assert size <= LIMIT or len(chunk) == 1
        if place + 1 < len(chunks) and len(chunk) < 10:
            assert size + chunks[place + 1][0].size_bytes > LIMIT


def test_what_no_call_could_carry_is_refused_when_it_is_written() -> None:
    large = {"products": ["PROD-1"] * 40_000, "title": "much"}
    with pytest.raises(MessageTooLarge) as refused:
        to_outbox(an_event(data=large))
    details = refused.value.details
    assert (refused.value.status, details["field"], details["limit_bytes"]) == (413, "products", LIMIT)
    assert details["size_bytes"] > LIMIT
    with pytest.raises(MessageTooLarge):
        to_command("work", large, an_origin())


def test_the_sweeper_sends_what_the_relay_left_in_order(channels: Channels) -> None:
    stored(*(to_outbox(an_event(n), subject="WO-1") for n in range(5)))
    assert sweep().sent == 5
    assert told(channels) == [0, 1, 2, 3, 4]
    assert outbox.backlog(LATER) == (0, 0.0)


def test_the_sweeper_leaves_young_messages_to_the_stream(channels: Channels) -> None:
    stored(to_outbox(an_event(0)))
    assert sweep(NOW + timedelta(seconds=30)).sent == 0


def test_one_round_sends_all_that_waits_of_one_subject_and_the_backlog_is_counted_truly(channels: Channels) -> None:
    """More than a page of one order: not a hundred a minute with a metric that says a hundred (C17)."""
    stored(*(to_outbox(an_event(n), subject="WO-1") for n in range(220)))
    assert outbox.backlog(NOW + timedelta(hours=1)) == (220, 3600.0)
    assert sweep(NOW + timedelta(hours=1)).sent == 220
    assert told(channels) == list(range(220))


def test_a_round_ends_before_its_time_does(channels: Channels) -> None:
    stored(*(to_outbox(an_event(n), subject="WO-1") for n in range(9)))
    assert sweep(seconds_left=lambda: 50.0 if channels.calls < 3 else 1.0).sent == 3
    assert sweep().sent == 6
    assert told(channels) == list(range(9))


def test_a_failure_stops_the_later_events_of_its_subject_only(channels: Channels) -> None:
    stored(*(to_outbox(an_event(n), subject=f"WO-{n % 2}") for n in range(6)))
    channels.refuse_entry = lambda body: "InternalFailure" if '"n":0' in body else None
    assert (sweep().sent, told(channels)) == (3, [1, 3, 5])
    channels.refuse_entry = lambda _: None
    assert sweep().sent == 3
    assert told(channels) == [1, 3, 5, 0, 2, 4]


def test_a_bus_that_is_away_is_asked_once_a_round_and_the_queues_go_on(channels: Channels) -> None:
    stored(*(to_outbox(an_event(n)) for n in range(40)), to_command("work", {}, an_origin()))
    channels.bus_is_away = True
    for _ in range(PARK_AFTER + 1):
        channels.calls = 0
        sweep()
        assert channels.calls <= 3, "asked again and again, though it is away"
    assert [channel for channel, _ in channels.arrived] == ["work-url"]
    assert (len(waiting()), parked.waiting()) == (40, 0)
    assert outbox.backlog(LATER)[1] == 300.0
    channels.bus_is_away = False
    assert sweep().sent == 40


@pytest.mark.parametrize("code", ["KmsThrottled", "RequestThrottled", "AccessDenied"])
def test_a_queue_that_blames_the_sender_for_load_or_rights_gets_the_message_later(
    channels: Channels, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQS says SenderFault of those too; parked after five minutes they would all wait for people."""
    stored(to_command("work", {}, an_origin()))
    answer = {"Failed": [{"Id": "0", "Code": code, "SenderFault": True}]}
    with monkeypatch.context() as patch:
        patch.setattr(Channels, "send_message_batch", lambda *_, **__: answer)
        for _ in range(PARK_AFTER + 1):
            sweep()
    assert parked.waiting() == 0
    assert sweep().sent == 1


def test_a_shard_that_cannot_be_read_holds_up_no_other(channels: Channels) -> None:
    stored(*(to_outbox(an_event(n)) for n in range(40)))
    with intercepted("Query", throttled(3)):
        sent = sweep().sent
    assert 0 < sent < 40
    sweep()
    assert sorted(told(channels)) == list(range(40))


# --- poison (Must show 5) ---


def poison(kind: str) -> None:
    """Leave a message that never gets through before all others, of a tenant of its own."""
    early = an_origin(tenant="poison", at=NOW - timedelta(hours=1))
    put = to_outbox(Envelope.of(early, "ProductionReported", "enghub.mes", {"n": 99}), subject="WO-1")
    record: Any = OutboxRecord.from_stream(put.item)
    if kind == "queue":
        record.channel = "nowhere"
    elif kind == "oversize":
        record.body = json.dumps({**json.loads(record.body), "data": {"n": 99, "text": "x" * LIMIT}})
    transact(Put(record))
    if kind == "unreadable":
        dynamo.table().update_item(record.pk, range_key=record.sk, actions=[OutboxRecord.created_at.set(NOW)])
        client: Any = dynamo.connection().client
        client.update_item(
            TableName="enghub-test-mes",
            Key={"pk": {"S": record.pk}, "sk": {"S": record.sk}},
            UpdateExpression="SET created_at = :t",
            ExpressionAttributeValues={":t": {"S": "yesterday"}},
        )


@pytest.mark.parametrize("kinds", [["queue"], ["oversize"], ["unreadable"], ["queue", "oversize", "unreadable"]])
def test_behind_poison_twenty_events_of_twenty_tenants_arrive_in_the_first_round(
    channels: Channels, kinds: list[str]
) -> None:
    for kind in kinds:
        poison(kind)
    stored(*(to_outbox(an_event(n, f"tenant-{n}"), subject="WO-1") for n in range(20)))
    assert sweep().sent == 20
    assert sorted(told(channels)) == list(range(20))
    for _ in range(PARK_AFTER):
        sweep()
    found, _ = parked.find("poison", Status.PARKED, 10, None)
    assert (len(found), parked.waiting(), waiting()) == (len(kinds), len(kinds), [])
    assert all(message.reason and message.attempts for message in found)


def test_a_subject_goes_on_behind_its_parked_message(channels: Channels) -> None:
    stored(*(to_outbox(an_event(n), subject="WO-1") for n in range(3)))
    channels.refuse_entry = lambda body: "MalformedDetail" if '"n":0' in body else None
    for _ in range(PARK_AFTER - 1):
        sweep()
    assert told(channels) == []
    assert (sweep().parked, told(channels)) == (1, [1, 2])


# --- order and at least once, whatever fails ---


ANSWERS = st.lists(st.sampled_from([None, None, "InternalFailure", "ThrottlingException"]), min_size=1)
ROUNDS = st.lists(
    st.tuples(ANSWERS, st.booleans()),
    max_size=3,
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(subjects=st.lists(st.integers(0, 3), min_size=1, max_size=25), rounds=ROUNDS)
def test_order_per_subject_is_kept_and_nothing_is_lost_under_random_failures(
    channels: Channels, subjects: list[int], rounds: list[tuple[list[str | None], bool]]
) -> None:
    """Answers of a round come by chance, and the bus may be away for all of it."""
    channels.arrived.clear()
    stored(*(to_outbox(an_event(n), subject=f"WO-{subject}") for n, subject in enumerate(subjects)))
    for answers, channels.bus_is_away in rounds:
        turns = iter(answers * 100)
        channels.refuse_entry = lambda _, turns=turns: next(turns, None)  # type: ignore[misc]
        sweep()
    channels.refuse_entry, channels.bus_is_away = (lambda _: None), False
    sweep()
    assert waiting() == []
    order = told(channels)
    assert sorted(order) == list(range(len(subjects)))
    for subject in set(subjects):
        mine = [n for n in order if subjects[n] == subject]
        assert mine == sorted(mine)


# --- the functions ---


def test_the_relay_function_reads_stream_images_and_never_fails_the_batch(channels: Channels) -> None:
    handler = importlib.import_module("functions.core.relay_outbox.handler")
    record = stored(to_outbox(an_event()))[0]
    image = dynamo.read_many([(record.pk, record.sk)])[record.pk, record.sk]
    bad = {"dynamodb": {"NewImage": {"pk": {"S": "x"}}, "SequenceNumber": "1"}}
    answer = handler.lambda_handler({"Records": [bad, {}, {"dynamodb": {"NewImage": image}}]}, Context())
    assert answer == {"batchItemFailures": []}
    assert waiting() == []
    assert body_of(image)["data"] == {"n": 1}


def test_the_relay_function_leaves_to_the_sweeper_what_it_cannot_remove(channels: Channels) -> None:
    handler = importlib.import_module("functions.core.relay_outbox.handler")
    record = stored(to_outbox(an_event()))[0]
    image = dynamo.read_many([(record.pk, record.sk)])[record.pk, record.sk]
    with intercepted("BatchWriteItem", throttled(9)):
        assert handler.lambda_handler({"Records": [{"dynamodb": {"NewImage": image}}]}, Context()) == {
            "batchItemFailures": []
        }
    assert len(waiting()) == 1


def test_a_consumer_remembers_what_it_handled(channels: Channels) -> None:
    transact(seen("board", "evt-1", "acme", NOW))
    with pytest.raises(AlreadyHandled):
        transact(to_outbox(an_event()), seen("board", "evt-1", "acme", NOW))
    transact(seen("board", "evt-1", "globex", NOW), seen("summary", "evt-1", "acme", NOW))
