"""A bridge from a factory's own MQTT broker to the hub (MES-24): every message at least once, in the order it came.

The session at the broker is kept (`clean_session=False`, QoS 1), and a message is acknowledged only once the hub has
taken it: what was under way when bridge, broker or network died comes again, and the hub counts it once.
"""

import json
import queue
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

TOPIC = "enghub/+/count"
BATCH = 100
"""Messages of one call, as many as the hub takes."""
Send = Callable[[list[dict[str, Any]]], None]


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the broker is, and as whom the bridge comes; ``name`` identifies its session there."""

    host: str
    port: int = 1883
    name: str = "enghub-bridge"
    user: str = ""
    password: str = field(default="", repr=False)
    is_tls: bool = False


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A message, and under which number the broker sent it in which connection."""

    connection: int
    mid: int
    qos: int
    message: dict[str, Any]


class Bridge:
    """Brings messages of a broker to the hub by ``send``, which raises where the hub did not take them."""

    def __init__(self, broker: Broker, send: Send, topic: str = TOPIC) -> None:
        self._send = send
        self._topic = topic
        self._waiting: queue.SimpleQueue[_Waiting] = queue.SimpleQueue()
        self._connection = 0
        self.is_listening = False
        """Whether the broker keeps messages for the bridge by now."""
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=broker.name, clean_session=False, manual_ack=True
        )
        if broker.user:
            self._client.username_pw_set(broker.user, broker.password)
        if broker.is_tls:
            self._client.tls_set()
        self._client.reconnect_delay_set(1, 30)
        self._client.on_connect = self._subscribe
        self._client.on_subscribe = self._listens
        self._client.on_message = self._keep
        self._client.connect_async(broker.host, broker.port, keepalive=30)

    def __enter__(self) -> "Bridge":
        self._client.loop_start()
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def bring(self, seconds: float) -> int:
        """Bring what waits, or comes within so many seconds; returns how many messages the hub took.

        Raises:
            Exception: what ``send`` raises; the messages come again.
        """
        batch = list(self._next(seconds))
        if not batch:
            return 0
        try:
            self._send([one.message for one in batch])
        except Exception:
            for one in batch:
                self._waiting.put(one)
            raise
        for one in batch:
            if one.connection == self._connection:
                self._client.ack(one.mid, one.qos)
        return len(batch)

    def _next(self, seconds: float) -> Iterator[_Waiting]:
        """Yield what waits of this connection; what an earlier one brought comes again with numbers of its own."""
        try:
            found = self._waiting.get(timeout=seconds)
            for _ in range(BATCH):
                if found.connection == self._connection:
                    yield found
                found = self._waiting.get_nowait()
        except queue.Empty:
            return

    def _subscribe(self, client: mqtt.Client, *_: object) -> None:
        self._connection += 1
        client.subscribe(self._topic, qos=1)

    def _listens(self, *_: object) -> None:
        self.is_listening = True

    def _keep(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        content = of_message(message.topic, bytes(message.payload))
        self._waiting.put(_Waiting(self._connection, message.mid, message.qos, content))


def of_message(topic: str, payload: bytes) -> dict[str, Any]:
    """Return a message for the hub; a payload that is no JSON object goes as text, so that it is parked and seen."""
    parts = topic.split("/")
    try:
        content = json.loads(payload)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        content = {"text": payload.decode("utf-8", "replace")[:1000]}
    return {"deviceId": parts[1] if len(parts) > 1 else topic, "payload": content}
