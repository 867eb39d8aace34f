"""Schedules, overrides, covers and feeds through the API (OPS-12, OPS-21)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from icalendar import Calendar

from enghub.golive.oncall.feed import Entry, render
from enghub.kit.calendars.intervals import Interval
from tests.factories import stored
from tests.factories.http import Context, a_principal, a_request
from tests.functional.golive.conftest import BASE, RIGHTS, Golive

WEEKLY = {"rotationId": "first", "start": "2026-11-23T09:00", "turnMinutes": 7 * 1440, "members": [["ana"], ["ben"]]}
SECOND = {**WEEKLY, "rotationId": "second", "members": [["cy"]]}
ROTA = {"name": "Operations", "zone": "Europe/Berlin", "levels": [{"rotations": [WEEKLY]}, {"rotations": [SECOND]}]}
BEN = a_principal(*RIGHTS, user="ben")


@pytest.fixture
def staffed(golive: Golive) -> Golive:
    for user in ("ana", "ben", "cy", "dee"):
        golive.data("PUT", f"/contacts/{user}", {"name": user.title()})
    assert golive.data("PUT", "/schedules/ops", ROTA)["warnings"] == []
    return golive


def on(golive: Golive, at: str, **query: str) -> list[list[str]]:
    found = golive.data("GET", "/schedules/ops/on-call", query={"at": at, **query})["levels"]
    return [level["users"] for level in found]


def test_who_is_on_now_and_at_any_time(staffed: Golive) -> None:
    assert on(staffed, "2026-11-30T07:59:59Z") == [["ana"], ["cy"]]
    assert on(staffed, "2026-11-30T08:00:00Z") == [["ben"], ["cy"]]
    found = staffed.data("GET", "/schedules/ops/on-call")
    assert found["at"].startswith("2026-11-28T10:00")
    span = {"from": "2026-11-29T00:00:00Z", "to": "2026-12-08T00:00:00Z"}
    shifts = staffed.data("GET", "/schedules/ops/preview", query=span)["items"]
    assert [one["users"] for one in shifts if one["level"] == 1] == [["ana"], ["ben"], ["ana"]]


def test_an_edit_keeps_who_is_on_and_the_past(staffed: Golive) -> None:
    staffed.now += timedelta(days=3)
    edited = {**ROTA, "levels": [{"rotations": [{**WEEKLY, "members": [["dee"], ["ben"], ["ana"]]}]}], "version": 1}
    assert staffed.data("PUT", "/schedules/ops", edited)["version"] == 2
    assert staffed.data("PUT", "/schedules/ops", edited)["version"] == 2, "the same request again"
    assert on(staffed, "2026-12-01T12:00:00Z") == [["ben"]]
    assert on(staffed, "2026-12-07T12:00:00Z") == [["ana"]]
    assert on(staffed, "2026-11-28T12:00:00Z") == [["ana"], ["cy"]], "the past stays"
    staffed.data("DELETE", "/schedules/ops")
    assert staffed.refused("GET", "/schedules/ops/on-call")[0] == 404
    assert len(stored.items("SCHEDULE_VERSION")) == 2


def test_overrides_of_one_policy_and_of_all(staffed: Golive) -> None:
    span = {"start": "2026-11-29T10:00:00Z", "end": "2026-11-29T12:00:00Z"}
    body = {"kind": "REPLACE", "user": "ana", "by": "dee", "policyId": "p1", **span}
    made = staffed.data("POST", "/schedules/ops/overrides", body)
    assert made["warnings"] == []
    assert on(staffed, span["start"], policyId="p1")[0] == ["dee"]
    assert on(staffed, span["start"])[0] == ["ana"]
    assert on(staffed, span["end"], policyId="p1")[0] == ["ana"]
    useless = staffed.data("POST", "/schedules/ops/overrides", {**body, "user": "ben"})
    assert [one["rule"] for one in useless["warnings"]] == ["shadowed"]
    staffed.now = datetime(2026, 11, 29, 11, tzinfo=UTC)
    staffed.data("DELETE", f"/schedules/ops/overrides/{made['overrideId']}")
    assert on(staffed, "2026-11-29T10:30:00Z", policyId="p1")[0] == ["dee"], "what was is not taken back"
    assert on(staffed, "2026-11-29T11:00:00Z", policyId="p1")[0] == ["ana"]


def test_a_swap_holds_once_it_is_taken(staffed: Golive) -> None:
    ana = a_principal(*RIGHTS, user="ana")
    body = {"start": "2026-11-29T00:00:00Z", "end": "2026-11-29T12:00:00Z"}
    body |= {"backStart": "2026-12-01T00:00:00Z", "backEnd": "2026-12-01T12:00:00Z"}
    asked = staffed.data("POST", "/schedules/ops/covers", body, caller=ana)
    assert on(staffed, body["start"])[0] == ["ana"]
    taken = staffed.data("POST", f"/schedules/ops/covers/{asked['coverId']}/take", caller=BEN)
    assert (taken["state"], taken["takenBy"]) == ("TAKEN", "ben")
    assert (on(staffed, body["start"])[0], on(staffed, body["backStart"])[0]) == (["ben"], ["ana"])
    assert staffed.refused("POST", f"/schedules/ops/covers/{asked['coverId']}/take", caller=BEN)[0] == 409
    assert staffed.refused("POST", "/schedules/ops/covers", body, caller=a_principal(*RIGHTS, user="dee"))[0] == 422


def test_the_linter_speaks_at_save_in_the_callers_language(staffed: Golive) -> None:
    staffed.data("PUT", "/days-off/ben", {"days": ["2026-12-01/2026-12-02"]})
    hours = [{"start": "09:00", "end": "18:00"}]
    body = {**ROTA, "levels": [{"rotations": [{**WEEKLY, "windows": hours}]}], "version": 1}
    found = staffed.data("PUT", "/schedules/ops", body, headers={"Accept-Language": "zh"})["warnings"]
    assert {one["rule"] for one in found} == {"gap", "day_off"}
    assert any("无人值班" in one["text"] for one in found)
    assert len(staffed.data("GET", "/schedules/ops/warnings")["items"]) == len(found)


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/schedules/a", {**ROTA, "zone": "Berlin"}, "zone"),
        ("/schedules/a", {**ROTA, "levels": [{"rotations": [{**WEEKLY, "members": [["eve"]]}]}]}, "levels"),
        (
            "/schedules/a",
            {**ROTA, "levels": [{"rotations": [{**WEEKLY, "turnMinutes": 0}]}]},
            "levels.0.rotations.0.turnMinutes",
        ),
        (
            "/schedules/a",
            {**ROTA, "levels": [{"rotations": [{**WEEKLY, "counting": "WORKED", "turnMinutes": 60}]}]},
            "levels.0.rotations.0.turnMinutes",
        ),
        (
            "/schedules/a",
            {**ROTA, "levels": [{"rotations": [{**WEEKLY, "until": "2026-11-23T09:00"}]}]},
            "levels.0.rotations.0.until",
        ),
        ("/schedules/a", {**ROTA, "calendarId": "none"}, "calendarId"),
        ("/schedules/a", {**ROTA, "levels": [{"rotations": [WEEKLY, WEEKLY]}]}, "levels"),
        ("/policies/p", {"name": "P", "steps": []}, "steps"),
    ],
)
def test_what_does_not_fit_is_refused_by_its_field(staffed: Golive, path: str, body: Any, field: str) -> None:
    status, details = staffed.refused("PUT", path, body)
    assert (status, details["field"]) == (400, field)


def test_a_policy_tells_which_steps_come_too_late(staffed: Golive) -> None:
    step = {"targets": [{"kind": "SCHEDULE", "targetId": "ops"}], "delayMinutes": 20}
    assert staffed.data("PUT", "/policies/p", {"name": "P", "steps": [step, step, step]})["lateSteps"] == [3]
    assert staffed.data("GET", "/policies")["items"][0]["policyId"] == "p"


def test_the_feed_needs_its_key_and_holds_shifts_and_milestones(staffed: Golive) -> None:
    meeting = {"title": "Weekly", "kind": "MEETING", "zone": "UTC", "start": "2026-11-30T09:00", "rule": "FREQ=WEEKLY"}
    staffed.data("PUT", "/dates/weekly", meeting)
    path = staffed.data("POST", "/schedules/ops/feeds")["path"]
    key = path.partition("key=")[2]
    event = a_request("GET", f"{BASE}/feeds/on-call", query={"key": key, "user": "ben"})
    answer = staffed.handler("feed_oncall")(event, Context())
    assert answer["statusCode"] == 200
    found = Calendar.from_ical(answer["body"])
    titles = {str(one["SUMMARY"]) for one in found.walk("VEVENT")}
    assert titles == {"Operations L1: ben", "Weekly"}
    assert key not in str(stored.items("ACCESS_KEY"))
    wrong = a_request("GET", f"{BASE}/feeds/on-call", query={"key": "x" + key[1:]})
    assert staffed.handler("feed_oncall")(wrong, Context())["statusCode"] == 401


def test_a_long_line_is_folded_and_no_character_is_cut() -> None:
    now = datetime(2026, 11, 28, tzinfo=UTC)
    text = render("x", [Entry("u", "值" * 30, Interval(now, now + timedelta(hours=1)))], now)
    lines = text.split(b"\r\n")
    place = next(number for number, line in enumerate(lines) if line.startswith(b"SUMMARY"))
    assert [len(line) for line in lines[place : place + 2]] == [74, 25]
    assert all(line.decode() is not None and len(line) <= 75 for line in lines)
    assert b"DTSTART:20261128T000000Z" in lines
