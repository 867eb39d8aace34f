"""A worker moves from one day to the next over both changes of the clocks, in five zones (issue 10, must show 9).

What is right is computed here from the wall clock alone, without the product's calendars: two changes in spring or
autumn, of an hour or half an hour, at two in the morning or at midnight itself.
"""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from enghub.core import clock
from tests.factories.http import Context
from tests.factories.mes import REPORT, Floor
from tests.factories.queues import a_batch, failed
from tests.factories.stored import events

ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "Africa/Cairo")
SHIFTS = (("night", 22, 6), ("early", 6, 14), ("late", 14, 22))
CALENDAR = [{"name": name, "start": f"{start:02}:00", "end": f"{end:02}:00"} for name, start, end in SHIFTS]
LATER = datetime(2026, 12, 28, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def changes(zone: ZoneInfo) -> list[datetime]:
    """Return the minutes of 2026 at which the clocks of a zone change."""
    found, at = [], datetime(2026, 1, 1, tzinfo=UTC)
    while at.year == 2026:
        hour = at + timedelta(hours=1)
        if at.astimezone(zone).utcoffset() != hour.astimezone(zone).utcoffset():
            minutes = (at + number * MINUTE for number in range(61))
            before = at.astimezone(zone).utcoffset()
            found.append(next(one for one in minutes if one.astimezone(zone).utcoffset() != before))
        at = hour
    return found


def right(at: datetime, zone: ZoneInfo) -> tuple[str, str]:
    """Return day and shift of a moment: what the wall clock shows, and the night belongs to the evening before."""
    wall = at.astimezone(zone)
    if wall.hour >= 22 or wall.hour < 6:
        return str(wall.date() - timedelta(days=wall.hour < 6)), "night"
    return str(wall.date()), "early" if wall.hour < 14 else "late"


def moments(change: datetime, zone: ZoneInfo) -> list[datetime]:
    """Return when the worker reports: around the change, and just before and at the bells of both days beside it."""
    near = [change + timedelta(minutes=minutes) for minutes in (-61, -1, 0, 30)]
    found = set(near)
    at = change - timedelta(hours=13)
    while at < change + timedelta(hours=13):
        wall = at.astimezone(zone)
        if (wall.hour, wall.minute) in {(6, 0), (14, 0), (22, 0)}:
            found |= {at, at - timedelta(microseconds=1)}
        at += timedelta(minutes=30)
    return sorted(found)


@pytest.mark.parametrize("name", ZONES)
def test_reports_shifts_boards_and_summaries_agree_over_a_change_of_clocks(
    floor: Floor, monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config, name: str
) -> None:
    """One of a zone's two changes in `make test`, both in a campaign."""
    zone = ZoneInfo(name)
    monkeypatch.setattr(clock, "_now", lambda _: LATER)
    floor.plant(calendar={"zone": name, "shifts": CALENDAR})
    floor.started(routingId=None, shift=None, shiftDate=None)
    for number, change in enumerate(changes(zone)):
        if pytestconfig.getoption("--campaign") or number == ZONES.index(name) % 2:
            _moves(floor, zone, change, f"k-{number}")


def _moves(floor: Floor, zone: ZoneInfo, change: datetime, key: str) -> None:
    whens = moments(change, zone)
    sent = [
        {"key": f"{key}-{turn}", "goodQty": 1, "shift": None, "shiftDate": None, "reportTime": clock.to_text(at)}
        for turn, at in enumerate(whens)
    ]
    plain = [{field: value for field, value in one.items() if value is not None} for one in sent]
    body = {"reports": [{**_without_shift(), **one} for one in plain]}
    status, answer = floor.call("report_batch", "POST", "/api/v1/production/reports/batch", body)
    assert status == 200, answer
    stored = {one["key"]: one["report"] for one in answer["data"]["items"]}
    found = [(stored[one["key"]]["shiftDate"], stored[one["key"]]["shift"]) for one in sent]
    expected = [right(at, zone) for at in whens]
    assert found == expected

    for consumer in ("update_daily_summary", "update_shift_board"):
        told = a_batch(*events("ProductionReported"))
        assert failed(floor.handler(consumer)(told, Context())) == []
    by_day = Counter(day for day, _ in expected)
    for day, count in by_day.items():
        rows = _data(floor, "read_daily_summary", "production/daily-summary", date=day, by="factory")["items"]
        assert [row["goodQuantity"] for row in rows] == [count]
    for (day, shift), count in Counter(expected).items():
        board = _data(floor, "read_shift_board", "dashboard/shift-board", date=day, shift=shift)
        assert [line["goodQty"] for line in board["lines"]] == [count]
    for at, (day, shift) in zip(whens, expected, strict=True):
        one = _data(floor, "read_plant", "plant/shift-at", at=clock.to_text(at))
        assert (one["shift"]["shiftDate"], one["shift"]["shift"]) == (day, shift)
    _hours(floor, zone, change)


def _hours(floor: Floor, zone: ZoneInfo, change: datetime) -> None:
    """What the station can do is the time that passes: the day of the change is longer or shorter by it."""
    day = change.astimezone(zone).date()
    first, last = day - timedelta(days=2), day + timedelta(days=2)
    query = {"from": str(first), "to": str(last)}
    found = _data(floor, "read_plant", "plant/stations/ST-SMT-01/capacity", **query)["items"]
    passed = {
        str(first + timedelta(days=number)): _elapsed(first + timedelta(days=number), zone) for number in range(5)
    }
    assert {one["date"]: one["capacitySeconds"] for one in found} == passed
    assert sum(passed.values()) != 5 * 86_400


def _elapsed(day: date, zone: ZoneInfo) -> int:
    """Return the seconds from 6:00 of a day to 6:00 of the next."""
    ends = [datetime.combine(one, datetime.min.time(), zone).replace(hour=6) for one in (day, day + timedelta(days=1))]
    return int((ends[1].astimezone(UTC) - ends[0].astimezone(UTC)).total_seconds())


def _without_shift() -> dict[str, Any]:

    return {name: value for name, value in REPORT.items() if name not in ("shift", "shiftDate")}


def _data(floor: Floor, function: str, path: str, **query: str) -> dict[str, Any]:
    status, body = floor.call(function, "GET", f"/api/v1/{path}", query=query)
    assert status == 200, body
    data: dict[str, Any] = body["data"]
    return data
