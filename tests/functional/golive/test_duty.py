"""The source document's duty by one call (OPS-12; document 003, 10.1)."""

from typing import Any

import pytest

from tests.functional.golive.conftest import Golive

PEOPLE = ["arch", "bao", "chen", "deng", "e"]
SHANGHAI = {
    "name": "Shanghai",
    "zone": "Asia/Shanghai",
    "hours": [{"start": "09:00", "end": "18:00"}],
    "years": [{"year": 2026, "holidays": ["2026-10-01/2026-10-07"], "makeUpDays": ["2026-10-10"]}],
}
TABLE = {"kind": "TABLE", "name": "Duty", "zone": "Asia/Shanghai", "people": PEOPLE, "calendarId": "shanghai"}
PHASES = {"kind": "PHASES", "name": "Duty", "zone": "UTC", "people": PEOPLE, "liveAt": "2026-12-05T00:00:00Z"}


@pytest.fixture
def team(golive: Golive) -> Golive:
    for user in PEOPLE:
        golive.data("PUT", f"/contacts/{user}", {"name": user.title()})
    golive.data("PUT", "/calendars/shanghai", SHANGHAI)
    return golive


def on(golive: Golive, at: str) -> list[list[str]]:
    levels = golive.data("GET", "/schedules/duty/on-call", query={"at": at})["levels"]
    return [one["users"] for one in levels]


def test_the_table_of_the_document(team: Golive) -> None:
    team.now = team.now.replace(month=9, day=29)
    found = team.data("POST", "/schedules/duty/built-in", TABLE)
    assert {one["rule"] for one in found["warnings"]} <= {"load", "calendar"}, "nobody's time is left out"
    assert on(team, "2026-09-30T10:00:00+08:00") == [["e"], ["deng"], ["arch"]], "a working day"
    assert on(team, "2026-09-30T23:00:00+08:00") == [["bao"], ["chen"], ["arch"]], "its night"
    assert on(team, "2026-10-01T07:59:00+08:00") == [["bao"], ["chen"], ["arch"]], "which ends in the holiday"
    assert on(team, "2026-10-01T10:00:00+08:00") == [["chen"], ["bao"], ["arch"]], "a holiday is no working day"
    assert on(team, "2026-10-03T22:00:00+08:00") == [["deng"], ["e"], ["arch"]], "a free night"
    assert on(team, "2026-10-10T10:00:00+08:00") == [["e"], ["deng"], ["arch"]], "a worked Saturday is a working day"


def test_the_phases_after_a_go_live(team: Golive) -> None:
    team.data("POST", "/schedules/duty/built-in", PHASES)
    assert on(team, "2026-12-04T23:59:59Z") == [[], []]
    assert on(team, "2026-12-05T00:00:00Z") == [PEOPLE, []], "week 1: all"
    assert on(team, "2026-12-12T00:00:00Z") == [["arch", "bao"], []], "weeks 2 to 4: two"
    assert on(team, "2026-12-26T00:00:00Z") == [["e", "arch"], []]
    assert on(team, "2027-01-02T00:00:00Z") == [["arch"], ["bao"]], "then one, and one behind"
    assert on(team, "2027-01-30T00:00:00Z") == [["e"], ["arch"]]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({**TABLE, "people": PEOPLE[:4]}, "people"),
        ({**TABLE, "people": [*PEOPLE[:4], "arch"]}, "people"),
        ({**TABLE, "calendarId": None}, "calendarId"),
        ({**TABLE, "calendarId": "none"}, "calendarId"),
        ({**PHASES, "liveAt": None}, "liveAt"),
        ({**PHASES, "people": ["arch"]}, "people"),
        ({**PHASES, "people": ["arch", "eve"]}, "levels"),
    ],
)
def test_what_does_not_fit_is_refused_by_its_field(team: Golive, body: Any, field: str) -> None:
    status, details = team.refused("POST", "/schedules/duty/built-in", body)
    assert (status, details["field"]) == (400, field)
