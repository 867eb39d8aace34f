"""``enghub plm bridge``: what is too much now is brought later, what is refused for good stops it (PLM-25)."""

from typing import Any

import httpx
import pytest

from enghub_cli import amqp, bringing
from enghub_cli.commands import plm
from enghub_cli.errors import Stop
from enghub_cli.hub import Api


class Queue:
    """A broker's queue with two batches; a batch that is not taken comes again."""

    def __init__(self, send: Any) -> None:
        self.send, self.left = send, 2

    def __enter__(self) -> "Queue":
        return self

    def __exit__(self, *_: object) -> None:
        return

    def bring(self, _: float) -> int:
        if not self.left:
            return 0
        self.send([amqp.of_message("m", b"{}", False)])
        self.left -= 1
        return 1


@pytest.fixture
def statuses(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What the hub answers, one after the other, then 202."""
    found: list[int] = []

    def request(method: str, url: str, **_: Any) -> httpx.Response:
        assert (method, url) == ("POST", "http://hub/api/v1/plm/connections/default/messages")
        status = found.pop(0) if found else 202
        if status == 0:
            raise httpx.ConnectError("away")
        data = {"runId": "r", "messages": 1, "records": 1, "unreadable": 0}
        return httpx.Response(status, json={"data": data, "message": "no"})

    monkeypatch.setattr(httpx, "request", request)
    monkeypatch.setattr(bringing, "POLL_SECONDS", 0)
    monkeypatch.setattr(amqp, "Bridge", lambda url, queue, send: Queue(send))
    return found


def test_a_limit_an_outage_and_no_connection_are_waited_for(statuses: list[int]) -> None:
    statuses += [429, 503, 0, 202]
    plm.bridge(Api("http://hub", "t", "/api/v1/plm/connections"), "q", once=True)
    assert statuses == []


def test_what_is_refused_for_good_stops_the_bridge(statuses: list[int]) -> None:
    statuses += [403]
    with pytest.raises(Stop):
        plm.bridge(Api("http://hub", "t", "/api/v1/plm/connections"), "q", once=True)
