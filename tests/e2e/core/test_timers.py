"""Timers on the local cloud: real schedules, a real queue, a real table; the worker, this process, dies at times."""

import json
import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import uuid4

import pytest

from enghub.core import aws
from enghub.core.clock import system_clock
from enghub.core.timers import dynamo, waking
from enghub.core.timers.aws import EventBridgeScheduler, SqsQueue, wake_handler
from enghub.core.timers.model import CancelTimer, DueTimer, SetTimer, Wake
from enghub.core.timers.waking import arm
from enghub_cli.context import Cloud
from tests.conftest import create_table, forget_clients
from tests.factories.http import Context
from tests.factories.timers import StoredTimers
from tests.waiting import until

pytestmark = pytest.mark.e2e

TIMERS = 25
SECOND = timedelta(seconds=1)


@pytest.fixture
def queue(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A context of its own: table, queue of wake-ups, the stage's schedule group; its name is the queue's."""
    name = f"timers-{uuid4().hex[:8]}"
    for variable, value in {
        **dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "test"),
        **dict.fromkeys(("AWS_DEFAULT_REGION", "AWS_REGION"), "us-east-1"),
        **{"AWS_ENDPOINT_URL": cloud.running.endpoint, "STAGE": "local", "CONTEXT": name, "TABLE_NAME": name},
        **{"SCHEDULE_GROUP": "enghub-local", "SCHEDULE_ROLE_ARN": "arn:aws:iam::000000000000:role/scheduler"},
    }.items():
        monkeypatch.setenv(variable, value)
    forget_clients()
    create_table(name, cloud.client("dynamodb"))
    url = aws.client("sqs").create_queue(QueueName=name, Attributes={"VisibilityTimeout": "1"})["QueueUrl"]
    described = aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    monkeypatch.setenv("TIMERS_QUEUE_URL", url)
    monkeypatch.setenv("TIMERS_QUEUE_ARN", described["Attributes"]["QueueArn"])
    monkeypatch.setattr(waking, "schedule_at", lambda due, _: due - SECOND)  # for a few seconds too, not from 15 min on
    yield url
    aws.client("sqs").delete_queue(QueueUrl=url)
    cloud.client("dynamodb").delete_table(TableName=name)
    forget_clients()


def change(change: SetTimer | CancelTimer) -> None:
    StoredTimers().change(change, system_clock())
    arm(
        Wake("acme", change.subject, change.purpose), dynamo, EventBridgeScheduler.here(), SqsQueue.here(), system_clock
    )


def work(url: str, handle: Callable[[DueTimer], None], dies: Callable[[], bool]) -> None:
    """Take what the queue has; a worker that dies acknowledges nothing."""
    answer = aws.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
    for message in answer.get("Messages", []):
        record: dict[str, Any] = {
            "messageId": message["MessageId"],
            "body": message["Body"],
            "attributes": {"ApproximateReceiveCount": "1"},
        }
        failed = wake_handler({"ring": handle})({"Records": [record]}, cast("Any", Context()))["batchItemFailures"]
        if not failed and not dies():
            aws.client("sqs").delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def test_every_timer_rings_once_at_its_time_while_workers_die(queue: str) -> None:
    store, rang, chance = StoredTimers(), dict[str, datetime](), random.Random(3)
    due = system_clock() + 8 * SECOND
    for number in range(TIMERS):
        change(SetTimer(f"order/{number}", "ring", due))
    change(SetTimer("order/0", "ring", due + 3 * SECOND))
    change(CancelTimer("order/1", "ring"))

    def effect(found: DueTimer) -> None:
        if chance.random() < 0.2:
            message = "the worker dies before its effect"
            raise RuntimeError(message)
        store.effect(found, system_clock())
        rang[found.subject] = system_clock()

    def all_rang() -> bool:
        work(queue, effect, lambda: chance.random() < 0.2)
        return len(rang) == TIMERS - 1

    until(all_rang, seconds=60)
    for _ in range(3):  # what was not acknowledged comes again
        work(queue, effect, lambda: False)
    assert [store.effects(f"order/{number}") for number in range(TIMERS)] == [1, 0, *[1] * (TIMERS - 2)]
    assert min(rang.values()) >= due
    assert rang["order/0"] >= due + 3 * SECOND


def test_an_own_schedule_deletes_itself_and_can_be_made_again(queue: str) -> None:
    scheduler, wake = EventBridgeScheduler.here(), Wake("acme", "order/1", "ring", "v1")
    scheduler.put(wake, system_clock() + 3600 * SECOND)
    scheduler.put(wake, system_clock() + SECOND)  # exists: updated
    messages = until(lambda: aws.client("sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=1).get("Messages"))
    assert Wake.from_dict(json.loads(messages[0]["Body"])) == wake
    scheduler.remove(wake)  # gone: nothing to do
    scheduler.put(wake, system_clock() + 3600 * SECOND)
    scheduler.remove(wake)
