"""From the outbox to the bus and on: the relay at once, the sweeper a minute later."""

import json
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import boto3

from enghub.core import bus, relay
from enghub.core.events import Envelope
from enghub.core.outbox import OutboxRecord, to_outbox
from enghub.core.sweeper import Sweep
from enghub.core.transactions import transact
from tests.factories.http import NOW, an_origin
from tests.factories.stored import waiting
from tests.faults.harness import Flow, register

BUS = "enghub-test"
NAMES = list(range(6))


def told() -> str:
    """Leave six events of three subjects in the outbox; return the queue behind the bus."""
    events, sqs = boto3.client("events"), boto3.client("sqs")
    events.create_event_bus(Name=BUS)
    url: str = sqs.create_queue(QueueName="events")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name="all", EventBusName=BUS, EventPattern='{"source":["enghub.mes"]}')
    events.put_targets(Rule="all", EventBusName=BUS, Targets=[{"Id": "q", "Arn": arn}])
    for n in NAMES:
        origin = an_origin(at=NOW + timedelta(seconds=n))
        transact(to_outbox(Envelope.of(origin, "ProductionReported", "enghub.mes", {"n": n}), subject=f"WO-{n % 3}"))
    return url


def relayed(_: str) -> None:
    relay.relay(waiting(), BUS, {})


def swept(_: Any) -> None:
    """What the sweeper does every minute, three times."""

    def send(records: Iterable[OutboxRecord]) -> bus.Failures:
        return bus.send(list(records), BUS, {})

    for minute in range(3):
        Sweep(send, NOW + timedelta(minutes=5 + minute), lambda: 50.0).run()


def all_arrived(url: str) -> None:
    """Each once or more, and none of a subject before an earlier one of it."""
    arrived: list[int] = []
    while messages := boto3.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        arrived += [json.loads(message["Body"])["detail"]["data"]["n"] for message in messages]
    assert sorted(set(arrived)) == NAMES
    for subject in range(3):
        mine = list(dict.fromkeys(n for n in arrived if n % 3 == subject))
        assert mine == sorted(mine), arrived


register(Flow("relay sends the outbox", "mes", told, relayed, swept, all_arrived))
register(Flow("sweeper sends the outbox", "mes", told, swept, swept, all_arrived))
