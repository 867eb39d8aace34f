"""From a committed transaction to the bus or a work queue: at least once, in order, not blocked by a bad message."""

import importlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError

from enghub.core import aws, bus, dynamo, outbox, relay
from enghub.core.events import Envelope
from enghub.core.inbox import AlreadyHandled, seen
from enghub.core.outbox import OutboxRecord, body_of, pending, to_command, to_outbox
from enghub.core.transactions import Put, transact
from tests.factories.http import NOW, Context, an_origin

LATER = NOW + timedelta(minutes=5)


@pytest.fixture
def queue_url(account: Callable[..., str]) -> str:
    account("mes", EVENT_BUS_NAME="enghub-test")
    boto3.client("events").create_event_bus(Name="enghub-test")
    sqs = boto3.client("sqs")
    events_queue = sqs.create_queue(QueueName="events")["QueueUrl"]
    boto3.client("events").put_rule(Name="all", EventBusName="enghub-test", EventPattern='{"source":["enghub.mes"]}')
    arn = sqs.get_queue_attributes(QueueUrl=events_queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    boto3.client("events").put_targets(Rule="all", EventBusName="enghub-test", Targets=[{"Id": "q", "Arn": arn}])
    return str(sqs.create_queue(QueueName="work")["QueueUrl"])


def an_event(number: int = 1) -> Envelope:
    return Envelope.of(an_origin(at=NOW + timedelta(seconds=number)), "ProductionReported", "enghub.mes", {"n": number})


def stored(*puts: Put) -> list[OutboxRecord]:
    transact(*puts)
    found = [OutboxRecord.read(put.record.pk, put.record.sk) for put in puts]
    return [record for record in found if record is not None]


def waiting() -> list[str]:
    return [record.message_id for shard in range(outbox.SHARDS) for record in pending(shard, LATER)]


def received(url: str) -> list[Any]:
    messages = boto3.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    return [json.loads(message["Body"]) for message in messages]


def events_queue() -> str:
    return str(boto3.client("sqs").get_queue_url(QueueName="events")["QueueUrl"])


def test_an_event_reaches_the_bus_and_leaves_the_backlog(queue_url: str) -> None:
    records = stored(to_outbox(an_event()))
    assert len(waiting()) == 1
    assert relay.relay(records, "enghub-test", {}, NOW).sent == 1
    (message,) = received(events_queue())
    assert (message["detail-type"], message["source"], message["detail"]["data"]) == (
        "ProductionReported",
        "enghub.mes",
        {"n": 1},
    )
    assert Envelope.from_dict(message["detail"]).tenant_id == "acme"
    assert waiting() == []


def test_a_command_reaches_its_work_queue(queue_url: str) -> None:
    records = stored(to_command("process-change", {"ecn": "ECN-1"}, an_origin()))
    relay.relay(records, "enghub-test", {"process-change": queue_url}, NOW)
    (message,) = received(queue_url)
    assert (message["payload"], message["tenant_id"]) == ({"ecn": "ECN-1"}, "acme")


def test_a_message_without_a_queue_waits_and_the_others_go(queue_url: str) -> None:
    lost = to_command("nowhere", {}, an_origin())
    result = relay.relay(stored(lost, to_outbox(an_event())), "enghub-test", {}, NOW)
    assert (result.sent, result.failed) == (1, 1)
    assert waiting() == [lost.record.message_id]  # type: ignore[attr-defined]


def test_the_sweeper_sends_what_the_relay_left_in_order(queue_url: str) -> None:
    stored(*(to_outbox(an_event(n), subject="WO-1") for n in range(5)))
    assert relay.sweep("enghub-test", {}, LATER).sent == 5
    assert [message["detail"]["data"]["n"] for message in received(events_queue())] == [0, 1, 2, 3, 4]
    assert relay.backlog(LATER) == (0, 0.0)


def test_the_sweeper_leaves_young_messages_to_the_stream(queue_url: str) -> None:
    stored(to_outbox(an_event(0)))
    assert relay.sweep("enghub-test", {}, NOW + timedelta(seconds=30)).sent == 0


def test_a_failure_stops_the_later_events_of_the_same_aggregate(
    queue_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    puts = [to_outbox(an_event(n), subject="WO-1") for n in range(3)]
    first = stored(*puts)[0].message_id
    real = bus.send

    def refuse_first(records: Any, *args: Any) -> dict[str, str]:
        return {first: "InternalFailure"} if records[0].message_id == first else real(records, *args)

    monkeypatch.setattr(bus, "send", refuse_first)
    assert relay.sweep("enghub-test", {}, LATER).sent == 0
    monkeypatch.setattr(bus, "send", real)
    assert relay.sweep("enghub-test", {}, LATER).sent == 3


def test_a_bus_outage_leaves_everything_in_the_backlog(queue_url: str) -> None:
    def down(**_: Any) -> None:
        message = "the bus is away"
        raise EndpointConnectionError(endpoint_url=message)

    aws.client("events").meta.events.register_first("before-send.events.PutEvents", down)
    result = relay.relay(stored(to_outbox(an_event())), "enghub-test", {}, NOW)
    assert (result.sent, result.failed) == (0, 1)
    assert len(waiting()) == 1
    assert relay.backlog(LATER)[1] == 299.0


def test_the_relay_function_reads_stream_images_and_never_fails_the_batch(queue_url: str) -> None:
    handler = importlib.import_module("functions.core.relay_outbox.handler")
    record = stored(to_outbox(an_event()))[0]
    image = dynamo.read_many([(record.pk, record.sk)])[record.pk, record.sk]
    bad = {"dynamodb": {"NewImage": {"pk": {"S": "x"}}, "SequenceNumber": "1"}}
    answer = handler.lambda_handler({"Records": [bad, {"dynamodb": {"NewImage": image}}]}, Context())
    assert answer == {"batchItemFailures": []}
    assert waiting() == []
    assert body_of(image)["data"] == {"n": 1}


def test_a_consumer_remembers_what_it_handled(queue_url: str) -> None:
    transact(seen("board", "evt-1", "acme", NOW))
    with pytest.raises(AlreadyHandled):
        transact(to_outbox(an_event()), seen("board", "evt-1", "acme", NOW))
    transact(seen("board", "evt-1", "globex", NOW), seen("summary", "evt-1", "acme", NOW))
