"""The bridge from a real RabbitMQ, whose connection and hub fail in the middle of a stream (PLM-25)."""

import base64
import json
import os
from collections.abc import Iterator
from typing import Any

import pika
import pytest

from enghub_cli.amqp import MOST_BYTES, Bridge, of_message
from tests import servers
from tests.waiting import until

VARIABLE = "ENGHUB_TEST_RABBITMQ_URL"
QUEUE = "plm-products"


@pytest.fixture(scope="module")
def broker() -> Iterator[str]:
    """A broker of our own, or the one that the environment names."""
    if named := os.environ.get(VARIABLE):
        yield named
        return
    started = servers.start("rabbitmq")
    if started is None:
        pytest.fail(f"RabbitMQ is not installed: {servers.line_to_type(['rabbitmq'])}, or name one by {VARIABLE}")
    url = f"amqp://guest:guest@127.0.0.1:{started.port}/%2F"
    until(lambda: _answers(url), seconds=60)
    yield url
    servers.stop("rabbitmq", started)


def _answers(url: str) -> bool:
    try:
        pika.BlockingConnection(pika.URLParameters(url)).close()
    except (pika.exceptions.AMQPError, OSError):
        return False
    return True


@pytest.fixture
def channel(broker: str) -> Iterator[Any]:
    connection = pika.BlockingConnection(pika.URLParameters(broker))
    made = connection.channel()
    made.queue_delete(QUEUE)
    made.queue_declare(QUEUE, durable=True)
    yield made
    made.queue_delete(QUEUE)
    connection.close()


def published(channel: Any, numbers: range) -> None:
    for number in numbers:
        properties = pika.BasicProperties(message_id=f"m-{number}", delivery_mode=2)
        channel.basic_publish("", QUEUE, json.dumps({"n": number}).encode(), properties)


def test_every_message_reaches_a_hub_that_fails_and_a_bridge_that_dies(broker: str, channel: Any) -> None:
    taken: list[dict[str, Any]] = []
    refusals = iter([True, False, True])

    def hub(messages: list[dict[str, Any]]) -> None:
        if next(refusals, False):
            raise ConnectionError
        taken.extend(messages)

    def numbers() -> list[int]:
        return [json.loads(base64.b64decode(one["data"]))["n"] for one in taken]

    def bring(bridge: Bridge, wanted: int) -> bool:
        try:
            bridge.bring(0.2)
        except ConnectionError:
            return False
        return len(taken) >= wanted

    published(channel, range(30))
    channel.basic_publish("", QUEUE, b"\xff not json")
    with Bridge(broker, QUEUE, hub) as bridge:
        until(lambda: bring(bridge, 31), seconds=30)
        assert taken[-1]["data"] == base64.b64encode(b"\xff not json").decode()
        assert taken[0] == {"messageId": "m-0", "redelivered": True, "data": taken[0]["data"]}
        taken.pop()
        published(channel, range(30, 40))
    with Bridge(broker, QUEUE, hub) as another:
        until(lambda: bring(another, 40), seconds=30)
        assert sorted(set(numbers())) == list(range(40))
        assert another.bring(0.1) == 0
    assert channel.queue_declare(QUEUE, durable=True, passive=True).method.message_count == 0


def test_a_message_is_sent_as_its_bytes_and_no_longer_than_the_hub_reads() -> None:
    assert of_message(None, b"a", False) == {"messageId": "", "redelivered": False, "data": "YQ=="}
    assert len(base64.b64decode(of_message("m", b"x" * 1_000_000, True)["data"])) == MOST_BYTES
