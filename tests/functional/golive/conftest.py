"""The context as others see it: people in front, alerts in, pages out, a clock that tests turn on."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from enghub.core import clock
from enghub.core.rights import Right
from enghub.core.timers.dynamo import read
from enghub.core.timers.model import TimerState, Wake
from enghub.golive import rights
from tests.factories import stored
from tests.factories.handlers import load_handler
from tests.factories.http import Context, a_principal, a_request
from tests.factories.queues import failed

BASE = "/api/v1/golive"
RIGHTS = tuple(right.name for right in vars(rights).values() if isinstance(right, Right))
LEAD = a_principal(*RIGHTS, user="lead")
DIRECTORY = ("/contacts", "/calendars", "/dates", "/directory")


class Golive:
    """One installation."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 28, 10, 0, tzinfo=UTC)
        self._handlers: dict[str, Any] = {}

    def handler(self, name: str) -> Any:
        if name not in self._handlers:
            self._handlers[name] = load_handler("golive", name)
        return self._handlers[name]

    def send(
        self, method: str, path: str, body: Any = None, caller: Any = LEAD, **options: Any
    ) -> tuple[int, dict[str, Any]]:
        """Call the API, whichever function answers."""
        event = a_request(method, BASE + path, body, caller=caller, **options)
        answer = self.handler(function_of(method, path))(event, Context())
        return answer["statusCode"], json.loads(answer["body"]) if answer["body"] else {}

    def data(self, method: str, path: str, body: Any = None, **options: Any) -> dict[str, Any]:
        status, answer = self.send(method, path, body, **options)
        assert status < 300, answer
        found: dict[str, Any] = answer.get("data", {})
        return found

    def refused(self, method: str, path: str, body: Any = None, **options: Any) -> tuple[int, dict[str, Any]]:
        status, answer = self.send(method, path, body, **options)
        assert status >= 400, answer
        return status, answer["details"]

    def post(self, path: str, body: Any, key: str = "", scheme: str = "Bearer", **options: Any) -> tuple[int, Any]:
        """Send an alert as a monitoring system does."""
        headers = {"Authorization": f"{scheme} {key}"} if key else {}
        event = a_request("POST", path, body, headers=headers, **options)
        answer = self.handler("receive_alerts")(event, Context())
        return answer["statusCode"], json.loads(answer["body"]) if answer["body"] else None

    def wake(self, subject: str, purpose: str, times: int = 1) -> list[str]:
        """Turn the clock to a timer's time and wake it; return the messages that come again."""
        timer = read(Wake("acme", subject, purpose))
        assert timer is not None, f"no timer {subject} {purpose}"
        self.now = max(self.now, timer.due)
        record = {"messageId": "m", "body": timer.wake.to_json(), "attributes": {"ApproximateReceiveCount": "1"}}
        answers = [self.handler("wake_timers")({"Records": [record]}, Context()) for _ in range(times)]
        return [one for answer in answers for one in failed(answer)]

    def pages(self) -> list[list[str]]:
        """Return who was paged, in order."""
        found = stored.events("NoticeRequested")
        asked = [one["data"] for one in found if one["data"]["notice_type"] == "golive.page"]
        return [list(one["users"]) for one in sorted(asked, key=lambda one: one["dedupe_key"])]

    def due(self, subject: str, purpose: str) -> datetime | None:
        """Return when a timer is set to ring; None where none waits."""
        timer = read(Wake("acme", subject, purpose))
        return timer.due if timer is not None and timer.state is TimerState.WAITING else None


ALONE = {
    ".*/changes$": "read_changes",
    "/feeds": "feed_oncall",
    "/on-call-imports": "import_oncall",
    ".*/built-in$": "import_oncall",
    "/replays": "replay_incidents",
    "/status-pages": "change_status",
    "/status": "show_status",
    "/slo": "judge_slo",
}
"""Functions by the paths that they alone answer."""


def function_of(method: str, path: str) -> str:
    """Return which function answers."""
    verb = "read" if method == "GET" else "change"
    alone = next((name for part, name in ALONE.items() if re.match(part, path)), None)
    if alone is not None:
        return alone
    if path.startswith(("/runbook", "/event-parking")) or "/runbook" in path:
        return f"{verb}_runbooks"
    if path.startswith(("/drill", "/actions")):
        return f"{verb}_drills"
    if path.startswith("/operations-reports"):
        return "read_incidents" if method == "GET" else "change_directory"
    if path.startswith(("/incident", "/services")):
        return f"{verb}_incidents"
    if path.startswith(("/integrations", "/silences", "/keys")):
        return f"{verb}_intake"
    return f"{verb}_directory" if path.startswith(DIRECTORY) else f"{verb}_oncall"


@pytest.fixture
def golive(account: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> Golive:
    account("golive", TIMERS_QUEUE_URL="https://sqs.eu-central-1.amazonaws.com/123456789012/timers")
    found = Golive()
    monkeypatch.setattr(clock, "_now", lambda _zone: found.now)
    return found


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


STEP = {"targets": [{"kind": "SCHEDULE", "targetId": "ops"}], "delayMinutes": 15}
STANDARD = {
    "name": "Standard",
    "steps": [{**STEP, "targets": [{"kind": "SCHEDULE", "targetId": "ops", "level": number}]} for number in (1, 2, 3)],
    "repeat": 0,
    "fallback": ["lead"],
}


def always(*users: str) -> dict[str, Any]:
    """Return a level on which these are always on."""
    rotation = {"rotationId": users[0], "start": "2026-01-01T00:00", "turnMinutes": 1440, "members": [list(users)]}
    return {"rotations": [rotation]}


@pytest.fixture
def staffed(golive: Golive) -> Golive:
    """Three levels, one person each, and a service."""
    for user in ("ana", "bo", "cy"):
        golive.data("PUT", f"/contacts/{user}", {"name": user.title()})
    levels = [always("ana"), always("bo"), always("cy")]
    golive.data("PUT", "/schedules/ops", {"name": "Operations", "zone": "UTC", "levels": levels})
    golive.data("PUT", "/policies/standard", STANDARD)
    golive.data("PUT", "/services/erp", {"name": "ERP", "policyId": "standard", "firstSteps": "systemctl status erp"})
    return golive


def integrated(golive: Golive, protocol: str, **more: Any) -> str:
    """Return the key of a new integration."""
    name = protocol.lower()
    golive.data("PUT", f"/integrations/{name}", {"name": name, "protocol": protocol, "serviceId": "erp", **more})
    key: str = golive.data("POST", f"/integrations/{name}/keys")["key"]
    return key
