"""The bridge from a real broker, killed in the middle of a stream: every message reaches the hub (MES-24)."""

import json
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from enghub_cli.bridge import Bridge, Broker, of_message
from tests.waiting import until

CONFIG = """listener {port} 127.0.0.1
allow_anonymous true
persistence true
persistence_location {folder}/
autosave_on_changes true
autosave_interval 1
max_queued_messages 100000
user root
"""


class Mosquitto:
    """A broker with a memory, that can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        with closing(socket.socket()) as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.config = folder / "mosquitto.conf"
        self.config.write_text(CONFIG.format(port=self.port, folder=folder), "utf-8")
        self.start()

    def start(self) -> None:
        program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
        self.process = subprocess.Popen([program, "-c", self.config], stderr=subprocess.DEVNULL)
        until(self._answers, seconds=20)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def _answers(self) -> bool:
        with closing(socket.socket()) as tried:
            return tried.connect_ex(("127.0.0.1", self.port)) == 0


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    made = Mosquitto(tmp_path)
    yield made
    made.kill()


@pytest.fixture
def device(broker: Mosquitto) -> Iterator[mqtt.Client]:
    """A machine's client, which comes back to the broker by itself."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="press-7", clean_session=False)
    client.reconnect_delay_set(1, 1)
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    yield client
    client.disconnect()
    client.loop_stop()


def test_nothing_is_lost_when_broker_and_hub_fail_in_the_middle(broker: Mosquitto, device: mqtt.Client) -> None:
    taken: list[int] = []
    refusals = iter([True, False, True])

    def hub(messages: list[dict[str, Any]]) -> None:
        if next(refusals, False):
            raise ConnectionError
        taken.extend(message["payload"]["stamp"] for message in messages)

    def publish(first: int, last: int) -> None:
        for stamp in range(first, last):
            device.publish("enghub/press-7/count", json.dumps({"count": stamp, "stamp": stamp}), qos=1)

    def bring(bridge: Bridge, wanted: int) -> bool:
        try:
            bridge.bring(0.2)
        except ConnectionError:
            return False
        return len(set(taken)) >= wanted

    with Bridge(Broker("127.0.0.1", broker.port), hub) as bridge:
        until(lambda: bridge.is_listening, seconds=30)
        publish(0, 20)
        until(lambda: bring(bridge, 5), seconds=30)
        broker.kill()
        publish(20, 40)
        broker.start()
        until(lambda: bring(bridge, 40), seconds=30)
    assert set(taken) == set(range(40))


def test_a_payload_that_is_no_object_goes_as_text() -> None:
    assert of_message("enghub/p/count", b'{"count": 1}') == {"deviceId": "p", "payload": {"count": 1}}
    assert of_message("enghub/p/count", b"\xff12")["payload"] == {"text": "\ufffd12"}
