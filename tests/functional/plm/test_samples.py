"""Every function accepts its sample event; what is published fits its schema."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from tests.factories.http import Context
from tests.factories.plm import a_notification, call, deliver, handler, process, signature
from tests.factories.stored import commands
from tests.factories.stored import events as all_events

ROOT = Path(__file__).parents[3]


def events(event_type: str | None = None) -> list[dict[str, Any]]:
    """Return the events but those that ask for a notice."""
    return [event for event in all_events(event_type) if event["event_type"] != "NoticeRequested"]


def sample(function: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / "events" / "plm" / f"{function}.json").read_text("utf-8"))
    return found


@pytest.mark.parametrize(
    ("function", "status"),
    [("read_changes", 200), ("read_products", 200), ("start_sync", 202), ("read_syncs", 404), ("retry_change", 404)],
)
def test_a_request_is_answered_as_its_sample_says(function: str, status: int) -> None:
    assert call(function, sample(function))[0] == status


def test_the_sample_notification_is_signed_with_the_sample_secret() -> None:
    event = sample("receive_change_notification")
    assert event["headers"]["X-PLM-Signature"] == signature(event["body"], "example-webhook-secret")
    event["headers"]["X-PLM-Signature"] = signature(event["body"])
    assert call("receive_change_notification", event)[0] == 202


def test_the_sample_command_processes_the_sample_notification() -> None:
    deliver(a_notification())
    assert handler("process_change")(sample("process_change"), Context()) == {"batchItemFailures": []}
    assert [event["event_type"] for event in events()] == ["ChangePointCreated"]


def test_events_of_changes_fit_their_schemas() -> None:
    deliver(a_notification("ECN-1"))
    deliver(a_notification("ECN-2", ecnType="ODD", effectiveDate=None))
    process(*commands("process_change"))
    assert {event["event_type"] for event in events()} == {"ChangePointCreated", "ChangeOrderParked"}
    for event in events():
        path = ROOT / "events" / "published" / f"{event['event_type']}.1.0.schema.json"
        jsonschema_rs.validate(json.loads(path.read_text("utf-8")), event["data"])
