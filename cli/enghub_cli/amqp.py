"""A bridge from a broker of the PLM (AMQP 0-9-1, RabbitMQ) to the hub (PLM-25): every message at least once.

A message is acknowledged only once the hub has taken it: what was under way when bridge, broker or network died comes
again, and the hub takes it once. What a message says is judged by the hub, which refuses it by its name; no message
is ever sent back for what it says, so that a bad one holds up nobody.
"""

import base64
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pika

BATCH = 500
"""Messages of one call, as many as the hub takes."""
BATCH_BYTES = 2_000_000
MOST_BYTES = 140_000
"""Of one message that are sent: more than the hub takes, so that it says so."""
Send = Callable[[list[dict[str, Any]]], None]


@dataclass(frozen=True, slots=True)
class Delivered:
    """A message with the tag by which it is acknowledged."""

    tag: int
    message: dict[str, Any]
    size: int


class Bridge:
    """Brings messages of one queue to the hub by ``send``, which raises where the hub did not take them."""

    def __init__(self, url: str, queue: str, send: Send) -> None:
        self._parameters, self._queue, self._send = pika.URLParameters(url), queue, send
        self._connection: Any = None
        self._channel: Any = None

    def __enter__(self) -> "Bridge":
        self._connect()
        return self

    def __exit__(self, *_: object) -> None:
        self._forget()

    def bring(self, seconds: float) -> int:
        """Bring what waits, or comes within so many seconds; returns how many messages the hub took.

        Raises:
            Exception: what ``send`` raises, or the broker is away; the messages come again.
        """
        try:
            if self._channel is None or not self._channel.is_open:
                self._connect()
            batch = list(self._next(seconds))
            if not batch:
                return 0
            self._send([one.message for one in batch])
            self._channel.basic_ack(batch[-1].tag, multiple=True)
        except Exception:
            self._forget()  # what is not acknowledged goes back into the queue, in its place
            raise
        return len(batch)

    def _next(self, seconds: float) -> Iterator[Delivered]:
        size = 0
        for count, (method, properties, body) in enumerate(
            self._channel.consume(self._queue, inactivity_timeout=seconds), start=1
        ):
            if method is None:
                return
            found = Delivered(
                method.delivery_tag, of_message(properties.message_id, body, method.redelivered), len(body)
            )
            yield found
            size += min(found.size, MOST_BYTES)
            if count >= BATCH or size >= BATCH_BYTES:
                return

    def _connect(self) -> None:
        self._connection = pika.BlockingConnection(self._parameters)
        self._channel = self._connection.channel()
        self._channel.basic_qos(prefetch_count=BATCH)

    def _forget(self) -> None:
        connection, self._connection, self._channel = self._connection, None, None
        if connection is not None and connection.is_open:
            connection.close()


def of_message(message_id: str | None, body: bytes, redelivered: bool) -> dict[str, Any]:
    """Return a message for the hub, its bytes as they are."""
    data = base64.b64encode(body[:MOST_BYTES]).decode()
    return {"messageId": (message_id or "")[:255], "redelivered": bool(redelivered), "data": data}
