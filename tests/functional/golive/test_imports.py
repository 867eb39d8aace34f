"""What another system exports is looked at, then stored (OPS-23)."""

from typing import Any

import pytest

from tests.factories import stored
from tests.functional.golive.conftest import Golive

LAYER = {
    "id": "PL1",
    "start": "2026-11-23T09:00:00Z",
    "rotation_virtual_start": "2026-11-23T09:00:00Z",
    "rotation_turn_length_seconds": 604_800,
    "users": [{"user": {"id": "U1"}}, {"user": {"id": "U2"}}],
}
EXPORT = {
    "schedules": [
        {
            "id": "PS1",
            "name": "Ops",
            "time_zone": "UTC",
            "schedule_layers": [LAYER],
            "overrides": [{"start": "2026-12-01T00:00:00Z", "end": "2026-12-02T00:00:00Z", "user": {"id": "U3"}}],
            "html_url": "https://example.com/ignored",
        }
    ],
    "escalation_policies": [
        {
            "id": "PP1",
            "name": "Standard",
            "escalation_rules": [
                {"escalation_delay_in_minutes": 5, "targets": [{"id": "PS1", "type": "schedule_reference"}]}
            ],
        }
    ],
}
USERS = {"U1": "ana", "U2": "bo", "U3": "cy"}
BODY: dict[str, Any] = {"pagerduty": EXPORT, "users": USERS}


def test_a_dry_run_stores_nothing_and_its_hash_stores_what_it_showed(staffed: Golive) -> None:
    seen = staffed.data("POST", "/on-call-imports", BODY)
    (one,) = seen["schedules"]
    assert (seen["isStored"], one["scheduleId"], one["hoursDifferent"], one["hoursCompared"]) == (False, "ps1", 0, 2160)
    assert [part["by"] for part in one["overrides"]] == ["cy"]
    assert staffed.refused("GET", "/schedules/ps1")[0] == 404
    for _ in range(2):
        assert staffed.data("POST", "/on-call-imports", {**BODY, "seen": seen["hash"]})["isStored"]
    (override,) = stored.items("OVERRIDE")
    assert (override["user"], override["by"]) == ("bo", "cy")
    levels = staffed.data("GET", "/schedules/ps1/on-call", query={"at": "2026-12-01T12:00:00Z"})["levels"]
    assert levels[0]["users"] == ["cy"]
    steps = staffed.data("GET", "/policies/pp1")["steps"]
    assert steps[0]["targets"] == [{"kind": "SCHEDULE", "targetId": "ps1", "level": 1}]


def test_what_was_not_seen_is_not_stored(staffed: Golive) -> None:
    seen = staffed.data("POST", "/on-call-imports", BODY)["hash"]
    other = {**BODY, "users": {**USERS, "U2": "cy"}, "seen": seen}
    assert staffed.refused("POST", "/on-call-imports", other)[0] == 422
    body = {**BODY, "users": {"U1": "ana"}}
    found = staffed.data("POST", "/on-call-imports", body, headers={"Accept-Language": "zh"})
    assert found["unknownUsers"] == ["U2", "U3"]
    status, details = staffed.refused("POST", "/on-call-imports", {**body, "seen": found["hash"]})
    assert (status, details["error"]) == (400, "UNKNOWN_PERSON")
    assert stored.items("OVERRIDE") == []


def test_another_schedule_of_that_name_stays(staffed: Golive) -> None:
    staffed.data("PUT", "/schedules/ps1", staffed_schedule())
    seen = staffed.data("POST", "/on-call-imports", BODY)["hash"]
    assert staffed.refused("POST", "/on-call-imports", {**BODY, "seen": seen})[0] == 409
    assert staffed.data("GET", "/schedules/ps1")["name"] == "Mine"


def staffed_schedule() -> dict[str, Any]:
    turn = {"rotationId": "r", "start": "2026-01-01T00:00", "turnMinutes": 1440, "members": [["ana"]]}
    return {"name": "Mine", "zone": "UTC", "levels": [{"rotations": [turn]}]}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "pagerduty"),
        ({**BODY, "opsgenie": {}}, "pagerduty"),
        (
            {"pagerduty": {"schedules": [{**EXPORT["schedules"][0], "time_zone": "Mars"}]}},
            "pagerduty.schedules.0.time_zone",
        ),
        (
            {"pagerduty": {"schedules": [{**EXPORT["schedules"][0], "schedule_layers": [{**LAYER, "users": []}]}]}},
            "pagerduty.schedules.0.schedule_layers.0.users",
        ),
    ],
)
def test_what_is_no_export_is_refused_by_its_field(staffed: Golive, body: Any, field: str) -> None:
    status, details = staffed.refused("POST", "/on-call-imports", body)
    assert (status, details["field"]) == (400, field)


def test_answers_as_they_came_are_the_same_export(staffed: Golive) -> None:
    seen = staffed.data("POST", "/on-call-imports", BODY)["hash"]
    schedules = {"schedules": EXPORT["schedules"], "limit": 25, "offset": 0, "more": False}
    policies = [{"escalation_policy": one} for one in EXPORT["escalation_policies"]]
    wrapped = {"pagerduty": {"schedules": schedules, "escalation_policies": policies}, "users": USERS}
    assert staffed.data("POST", "/on-call-imports", wrapped)["hash"] == seen
