"""The bus is away while events are made, a thousand in a campaign: parked, sent in order, consumed once (OPS-14)."""

import random
from collections import Counter, defaultdict
from datetime import timedelta
from typing import Any

import pytest

from enghub.core import bus, outbox
from enghub.core.inbox import AlreadyHandled, seen
from enghub.core.sweeper import Sweep
from enghub.core.transactions import transact
from tests.factories import stored
from tests.factories.http import Context
from tests.factories.queues import a_batch, failed
from tests.fakes.channels import Channels
from tests.functional.golive.conftest import Golive
from tests.functional.golive.test_incidents import declared
from tests.functional.golive.test_runbooks import following

INCIDENTS, NOTES = 40, 23
"""With "opened", a page, and a note each: 1,000 events, in a campaign."""
FEWER, FEWER_NOTES = 12, 6
"""In `make test`: 96 events."""


def swept(golive: Golive) -> None:
    """Do what the sweep of the outbox does every minute."""

    def send(records: Any) -> bus.Failures:
        return bus.send(records, "enghub-test", {one.channel: "queue" for one in records if one.channel != outbox.BUS})

    golive.now += timedelta(minutes=1)
    Sweep(send, golive.now, lambda: 50.0).run()


def made(golive: Golive, count: int, notes: int) -> list[tuple[str, str]]:
    """Make the events of so many incidents, all mixed; return incident and event of each, in order."""
    incidents = [declared(golive, title=f"Line {number} stands") for number in range(count)]
    turns = incidents * notes
    random.Random(22).shuffle(turns)
    for number, incident in enumerate(turns):
        golive.now += timedelta(milliseconds=50)
        golive.data("POST", f"/incidents/{incident}/notes", {"text": f"note {number}"})
    return [(incident_of(one), one["event_id"]) for one in stored.events()]


def on_bus(channels: Channels) -> list[dict[str, Any]]:
    return [body for channel, body in channels.arrived if channel == outbox.BUS]


def incident_of(event: dict[str, Any]) -> str:
    data = event["data"]
    return str(data.get("incident_id") or data.get("subject", ""))


def consumed(events: list[dict[str, Any]], counts: Counter[str], golive: Golive) -> None:
    """Handle deliveries as a consumer with a mark does, and as this context's own consumer does."""
    for event in events:
        try:
            transact(seen("counter", event["event_id"], "acme", golive.now))
        except AlreadyHandled:
            continue
        counts[event["event_id"]] += 1
    for start in range(0, len(events), 10):
        assert failed(golive.handler("confirm_parked")(a_batch(*events[start : start + 10]), Context())) == []


def test_events_made_while_the_bus_is_away_are_parked_sent_in_order_and_consumed_once(
    staffed: Golive, monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config
) -> None:
    channels = Channels({"queue"}, bus_is_away=True)
    monkeypatch.setattr(bus, "aws", channels)
    count, notes = (INCIDENTS, NOTES) if pytestconfig.getoption("--campaign") else (FEWER, FEWER_NOTES)
    order = made(staffed, count, notes)
    assert len(order) >= count * (2 + notes)
    swept(staffed)
    assert on_bus(channels) == []
    _, run = following(staffed, "broker-outage", title="Kafka broker unreachable")
    parked = staffed.data("POST", f"{run}/steps/step-2/begin")["steps"][1]["result"]
    noted = {one["event_id"] for one in stored.items("PARKED_EVENT")}
    assert {event for _, event in order} <= noted, "every one is parked, by its id"
    assert parked.startswith(f"parked {len(noted)}")

    channels.bus_is_away = False
    swept(staffed)
    arrived = [event for event in on_bus(channels) if event["event_id"] in noted]
    assert Counter(event["event_id"] for event in arrived) == Counter(noted), "each once"
    mine: dict[str, list[str]] = defaultdict(list)
    for incident, event in order:
        mine[incident].append(event)
    came: dict[str, list[str]] = defaultdict(list)
    for body in arrived:
        came[incident_of(body)].append(body["event_id"])
    for incident, events in mine.items():
        assert came[incident] == events, "in the order in which they were made, per incident"

    twice = [*arrived, *random.Random(14).sample(arrived, len(arrived))]
    counts: Counter[str] = Counter()
    consumed(twice, counts, staffed)
    assert counts == Counter(noted)
    proof = staffed.data("POST", f"{run}/steps/step-4/begin")["steps"][3]
    said = f"parked {len(noted)} = sent {len(noted)} = consumed {len(noted)}"
    assert (proof["state"], proof["result"]) == ("DONE", said)
