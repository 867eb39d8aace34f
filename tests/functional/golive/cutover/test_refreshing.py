"""Evidence of open items is refreshed by timers, by the same probes as by hand (OPS-02)."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from enghub.core.timers.dynamo import read
from enghub.core.timers.model import TimerState, Wake
from tests.factories import stored
from tests.factories.go_lives import Installation
from tests.factories.http import Context
from tests.factories.queues import failed
from tests.fakes.versions_server import Versions, versions_server
from tests.functional.golive.cutover.test_readiness import sign_off_all, small

ITEM = "database-2"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Versions]:
    monkeypatch.setenv("TIMERS_QUEUE_URL", "https://sqs.eu-central-1.amazonaws.com/123456789012/timers")
    with versions_server() as found:
        yield found


def assigned(hub: Installation, go_live: str, server: Versions, **changed: Any) -> dict[str, Any]:
    probe = {"kind": "metric", "url": f"{server.url}/api/v1/query", "query": "lag", "measure": "lag"}
    body = {"owner": "omar", "probe": probe, "refreshMinutes": 15, **changed}
    found: dict[str, Any] = hub.data("PUT", f"{go_live}/items/{ITEM}", body)
    return found


def ring(hub: Installation, go_live: str) -> bool:
    """Turn the clock to the item's timer and do what it asks for, twice; False where none waits."""
    timer = read(Wake("acme", f"evidence/{go_live.rpartition('/')[2]}/{ITEM}", "evidence_look"))
    if timer is None or timer.state is not TimerState.WAITING:
        return False
    hub.now = max(hub.now, timer.due)
    before = len(stored.commands("take_looks"))
    record = {"messageId": "m", "body": timer.wake.to_json(), "attributes": {"ApproximateReceiveCount": "1"}}
    assert failed(hub.handler("wake_timers")({"Records": [record]}, Context())) == []
    for command in stored.commands("take_looks")[before:] * 2:
        message = {"messageId": "m", "body": json.dumps(command), "attributes": {"ApproximateReceiveCount": "1"}}
        assert failed(hub.handler("take_looks")({"Records": [message]}, Context())) == []
    return True


def item(hub: Installation, go_live: str) -> dict[str, Any]:
    items = hub.data("GET", f"{go_live}/items")["items"]
    found: dict[str, Any] = next(one for one in items if one["itemId"] == ITEM)
    return found


def test_an_open_item_is_measured_again_and_again_until_it_is_signed_off(
    hub: Installation, go_live: str, server: Versions
) -> None:
    assert assigned(hub, go_live, server)["refreshMinutes"] == 15
    server.values["lag"] = "4"
    assert ring(hub, go_live)
    assert (item(hub, go_live)["state"], item(hub, go_live)["evidenceCount"]) == ("NOT_MET", 1)
    began, server.values["lag"] = hub.now, "0.5"
    assert ring(hub, go_live)
    assert hub.now - began == timedelta(minutes=15)
    found = item(hub, go_live)
    assert (found["state"], found["evidenceCount"], found["latest"]["by"]) == ("EVIDENCE", 2, "system:probe")
    hub.data("POST", f"{go_live}/items/{ITEM}/sign-off", {"seen": found["latest"]["hash"]})
    assert ring(hub, go_live)
    assert item(hub, go_live)["state"] == "SIGNED_OFF", "a sign-off is not voided by the clock"
    hub.data("POST", f"{go_live}/items/{ITEM}/reopen", {"reason": "the standby was rebuilt"})
    assert ring(hub, go_live)
    assert item(hub, go_live)["evidenceCount"] == 3


def test_a_server_that_does_not_answer_is_evidence_too_and_asked_again(
    hub: Installation, go_live: str, server: Versions
) -> None:
    assigned(hub, go_live, server)
    server.metrics_status = 503
    assert ring(hub, go_live)
    assert (item(hub, go_live)["latest"]["failed"], item(hub, go_live)["state"]) == (True, "NOT_MET")
    assert ring(hub, go_live)


def test_it_ends_with_the_go_live_and_when_nobody_wants_it(hub: Installation, go_live: str, server: Versions) -> None:
    assigned(hub, go_live, server)
    assert assigned(hub, go_live, server, refreshMinutes=None)["refreshMinutes"] is None
    assert not ring(hub, go_live)
    assigned(hub, go_live, server)
    hub.data("POST", f"{go_live}/cancel", {"reason": "not this year"})
    assert ring(hub, go_live)
    assert not ring(hub, go_live)
    assert stored.commands("take_looks") == []


def test_only_a_probe_runs_by_itself(hub: Installation, go_live: str, server: Versions) -> None:
    status, details = hub.refused("PUT", f"{go_live}/items/{ITEM}", {"refreshMinutes": 15})
    assert (status, details["field"]) == (400, "refreshMinutes")


def test_it_ends_when_the_window_is_closed(hub: Installation, server: Versions) -> None:
    go_live = small(hub)
    assigned(hub, go_live, server)
    server.values["lag"] = "0.5"
    assert ring(hub, go_live)
    sign_off_all(hub, go_live)
    assert hub.data("GET", f"{go_live}/summary")["isReady"], "every window is closed"
    asked = len(server.asked)
    assert ring(hub, go_live)
    assert not ring(hub, go_live)
    assert len(server.asked) == asked
