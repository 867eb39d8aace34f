"""Contacts, working calendars, dates and the directory through the API (OPS-19)."""

from datetime import UTC, datetime
from typing import Any

import pytest

from enghub.core.timers.dynamo import read
from enghub.core.timers.model import Wake
from tests.factories import stored
from tests.factories.golive import CHINA_2026, OFFICE
from tests.factories.http import Context
from tests.functional.golive.conftest import Golive

CHINA = {"year": 2026, "holidays": list(CHINA_2026.holidays), "makeUpDays": list(CHINA_2026.make_up_days)}
CALENDAR = {**OFFICE, "years": [CHINA]}


def wake(golive: Golive) -> Any:
    timer = read(Wake("acme", "calendar/shanghai", "calendar_ends"))
    assert timer is not None
    record = {"messageId": "m", "body": timer.wake.to_json(), "attributes": {"ApproximateReceiveCount": "1"}}
    return golive.handler("wake_timers")({"Records": [record]}, Context())


def test_a_calendar_answers_when_a_clock_runs_out(golive: Golive) -> None:
    made = golive.data("PUT", "/calendars/shanghai", CALENDAR)
    assert (made["workingDayMinutes"], made["coveredUntil"], made["version"]) == (450, "2026-12-31", 1)
    assert golive.data("GET", "/calendars")["items"] == [made]
    due = golive.data("GET", "/calendars/shanghai/due", query={"at": "2026-02-13T17:00:00+08:00", "minutes": "120"})
    assert due == {"dueAt": "2026-02-14T02:00:00.000000Z", "calendarEnds": None}
    late = golive.data("GET", "/calendars/shanghai/due", query={"at": "2026-12-31T17:00:00+08:00", "days": "1"})
    assert late["calendarEnds"] == "2026-12-31"
    assert golive.refused("GET", "/calendars/shanghai/due", query={"at": "2026-02-13T17:00:00+08:00"})[0] == 400


def test_the_end_of_a_calendar_is_told_once_and_no_more_after_the_next_year_came(golive: Golive) -> None:
    golive.data("PUT", "/calendars/shanghai", CALENDAR)
    assert wake(golive)["batchItemFailures"] == []
    assert wake(golive)["batchItemFailures"] == []
    (notice,) = stored.events("NoticeRequested")
    assert notice["data"]["facts"]["until"] == "2026-12-31"
    golive.data("PUT", "/calendars/shanghai", {**CALENDAR, "years": [CHINA, {"year": 2027}], "version": 1})
    timer = read(Wake("acme", "calendar/shanghai", "calendar_ends"))
    assert timer is not None
    assert timer.due == datetime(2027, 11, 1, 16, tzinfo=UTC)
    golive.data("DELETE", "/calendars/shanghai")
    assert read(Wake("acme", "calendar/shanghai", "calendar_ends")) is None
    told = sorted(event["data"]["is_deleted"] for event in stored.events("WorkingCalendarChanged"))
    assert told == [False, False, True]


def test_a_contact_is_kept_and_its_number_stays_out_of_the_audit(golive: Golive) -> None:
    body = {"name": "Ana", "phone": "+86 138 0000 0000", "email": "ana@example.com", "role": "architect"}
    assert golive.data("PUT", "/contacts/ana", body)["phone"] == body["phone"]
    vendor = {"name": "Cloud", "kind": "VENDOR", "phone": "400-123-4567"}
    golive.data("PUT", "/contacts/cloud", vendor)
    page = golive.data("GET", "/contacts", query={"pageSize": "1"})
    rest = golive.data("GET", "/contacts", query={"pageSize": "1", "cursor": page["cursor"]})
    assert [one["contactId"] for one in (*page["items"], *rest["items"])] == ["ana", "cloud"]
    assert "0000" not in str(stored.items("AUDIT_ENTRY"))
    golive.data("DELETE", "/contacts/cloud")
    assert golive.refused("GET", "/contacts/cloud")[0] == 404


def test_a_meeting_recurs_by_the_wall_clock(golive: Golive) -> None:
    meeting = {
        "title": "Weekly",
        "kind": "MEETING",
        "zone": "Europe/Berlin",
        "start": "2026-10-19T09:00",
        "rule": "FREQ=WEEKLY",
    }
    golive.data("PUT", "/dates/weekly", meeting)
    query = {"from": "2026-10-19T00:00:00Z", "to": "2026-10-27T00:00:00Z"}
    found = golive.data("GET", "/dates/weekly/occurrences", query=query)["items"]
    assert [one["startsAt"] for one in found] == ["2026-10-19T07:00:00.000000Z", "2026-10-26T08:00:00.000000Z"]


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/calendars/a", {**CALENDAR, "zone": "Shanghai"}, "zone"),
        ("/calendars/a", {**CALENDAR, "hours": [{"start": "09:00", "end": "12:00"}] * 2}, "hours.1"),
        ("/calendars/a", {**CALENDAR, "years": [{"year": 2026, "holidays": ["2026-13-01"]}]}, "years.0.holidays.0"),
        (
            "/dates/a",
            {"title": "x", "kind": "MEETING", "zone": "UTC", "start": "2026-10-19T09:00", "rule": "FREQ=SECONDLY"},
            "rule",
        ),
        ("/dates/a", {"title": "x", "kind": "MEETING", "zone": "UTC", "start": "2026-10-19"}, "start"),
        ("/contacts/a", {"name": "A", "phone": "call me"}, "phone"),
    ],
)
def test_what_does_not_fit_is_refused_by_its_field(golive: Golive, path: str, body: Any, field: str) -> None:
    status, details = golive.refused("PUT", path, body)
    assert (status, details["field"]) == (400, field)
    assert stored.items("AUDIT_ENTRY") == []
