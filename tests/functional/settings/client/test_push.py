"""The Python client is told of changes by a WebSocket, and does without one (CFG-11)."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from websockets.sync.server import Server, ServerConnection, serve

from enghub_client import push
from enghub_client.push import Listening
from tests.waiting import until


@dataclass
class Hub:
    """Holds connections as API Gateway does, and refuses them when told to."""

    open: list[ServerConnection] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    refuses: bool = False
    url: str = ""

    def check(self, connection: ServerConnection, request: Any) -> Any:
        self.asked.append((request.path, request.headers.get("Authorization", "")))
        return connection.respond(403, "no") if self.refuses else None

    def hold(self, connection: ServerConnection) -> None:
        self.open.append(connection)
        for _ in connection:
            pass
        self.open.remove(connection)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    monkeypatch.setattr(push, "SHORTEST", 0.05)
    made = Hub()
    server: Server = serve(made.hold, "127.0.0.1", 0, process_request=made.check)
    made.url = f"ws://127.0.0.1:{server.socket.getsockname()[1]}/prod"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield made
    server.shutdown()
    thread.join()


@pytest.fixture
def told() -> list[int]:
    return []


@pytest.fixture
def listening(told: list[int]) -> Iterator[Listening]:
    tokens = iter(range(1, 100))
    made = Listening(lambda: f"t-{next(tokens)}", "TEST", lambda: told.append(1))
    yield made
    made.close()


def test_it_asks_when_it_is_connected_and_at_every_frame(hub: Hub, listening: Listening, told: list[int]) -> None:
    listening.to(hub.url)
    until(lambda: listening.is_open and hub.open)
    assert hub.asked == [("/prod?environment=TEST", "Bearer t-1")]
    assert len(told) == 1
    frames: list[str | bytes] = ["", "no json", '{"type": "changed"}', b"\x00\xff"]
    for number, frame in enumerate(frames):
        hub.open[0].send(frame)
        until(lambda: len(told) == number + 2)  # noqa: B023 - looked at before the next
    assert listening.is_open


def test_a_cut_is_noticed_and_mended_with_a_fresh_token(hub: Hub, listening: Listening, told: list[int]) -> None:
    listening.to(hub.url)
    until(lambda: hub.open)
    first = hub.open[0]
    first.socket.close()
    until(lambda: len(hub.asked) == 2 and listening.is_open)
    assert hub.asked[-1][1] == "Bearer t-2"
    until(lambda: len(told) == 2)


def test_a_refusal_is_asked_again_more_and_more_seldom(hub: Hub, listening: Listening, told: list[int]) -> None:
    hub.refuses = True
    listening.to(hub.url)
    until(lambda: len(hub.asked) >= 3)
    assert told == []
    assert not listening.is_open
    hub.refuses = False
    until(lambda: listening.is_open)
    until(lambda: told)


def test_another_address_is_followed_and_an_end_is_one(hub: Hub, listening: Listening) -> None:
    listening.to("ws://127.0.0.1:9/none")
    listening.to(hub.url)
    until(lambda: listening.is_open and hub.open)
    listening.close()
    until(lambda: not hub.open)
    assert not listening.is_open
    listening.to(hub.url)
    assert len(hub.asked) == 1


def test_without_websockets_it_only_polls(hub: Hub, listening: Listening, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(push, "connect", None)
    listening.to(hub.url)
    assert not listening.is_open
    assert hub.asked == []
