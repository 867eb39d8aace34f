"""Who is on call (OPS-12): borders, clocks that change, edits, overrides; golive-field GF1 to GF6."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enghub.golive.oncall.linter import lint
from enghub.golive.oncall.model import (
    Counting,
    Days,
    Level,
    Override,
    OverrideKind,
    Rotation,
    Schedule,
    Window,
    edited,
)
from enghub.golive.oncall.rota import Rota, shadowed
from enghub.kit.calendars.days import WorkingDays
from enghub.kit.calendars.intervals import Interval
from tests.factories.golive import shanghai

DAY, WEEK = 1440, 7 * 1440
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
WEEKDAYS = WorkingDays()


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def a_rotation(start: str, turn: int, *members: str, **more: object) -> Rotation:
    return replace(Rotation("r", start, turn, tuple((one,) for one in members)), **more)  # type: ignore[arg-type]


def a_schedule(zone: str, *rotations: Rotation) -> Schedule:
    return Schedule("acme", "ops", "Operations", zone, (Level(rotations),), LONG_AGO)


def a_rota(schedule: Schedule, *overrides: Override) -> Rota:
    return Rota([schedule], overrides, WEEKDAYS)


def who(rota: Rota, at: str, policy: str = "") -> tuple[str, ...]:
    (found,) = rota.on_at(utc(at), policy)
    return found


@pytest.mark.parametrize(
    ("zone", "rotation", "at", "on"),
    [
        ("America/Chicago", a_rotation("2026-10-05T09:00", WEEK, "ana", "ben", "cy"), "2026-11-02T14:30Z", "ana"),
        ("America/Chicago", a_rotation("2026-10-05T09:00", WEEK, "ana", "ben", "cy"), "2026-11-02T15:00Z", "ben"),
        ("America/Chicago", a_rotation("2026-10-05T09:00", WEEK, "ana", "ben", "cy"), "2027-03-15T13:59:59Z", "ben"),
        ("America/Chicago", a_rotation("2026-10-05T09:00", WEEK, "ana", "ben", "cy"), "2027-03-15T14:00Z", "cy"),
        ("Africa/Cairo", a_rotation("2027-04-29T00:00", DAY, "a", "b"), "2027-04-29T21:59:59Z", "a"),
        ("Africa/Cairo", a_rotation("2027-04-29T00:00", DAY, "a", "b"), "2027-04-29T22:00Z", "b"),
        ("America/Havana", a_rotation("2026-10-31T00:00", DAY, "a", "b", "c"), "2026-11-01T03:59Z", "a"),
        ("America/Havana", a_rotation("2026-10-31T00:00", DAY, "a", "b", "c"), "2026-11-01T04:00Z", "b"),
        ("America/Havana", a_rotation("2026-10-31T00:00", DAY, "a", "b", "c"), "2026-11-01T05:30Z", "b"),
        ("America/Havana", a_rotation("2026-10-31T00:00", DAY, "a", "b", "c"), "2026-11-02T05:00Z", "c"),
        ("Antarctica/Troll", a_rotation("2027-03-27T02:00", DAY, "a", "b", "c"), "2027-03-28T00:59Z", "a"),
        ("Antarctica/Troll", a_rotation("2027-03-27T02:00", DAY, "a", "b", "c"), "2027-03-28T01:00Z", "b"),
        ("Antarctica/Troll", a_rotation("2027-03-27T02:00", DAY, "a", "b", "c"), "2027-03-29T00:00Z", "c"),
        ("Antarctica/Troll", a_rotation("2027-10-30T02:00", DAY, "a", "b", "c"), "2027-10-31T00:00Z", "b"),
        ("Australia/Lord_Howe", a_rotation("2026-10-03T02:15", DAY, "a", "b"), "2026-10-03T15:29Z", "a"),
        ("Australia/Lord_Howe", a_rotation("2026-10-03T02:15", DAY, "a", "b"), "2026-10-03T15:30Z", "b"),
    ],
)
def test_hand_overs_are_by_the_wall_clock(zone: str, rotation: Rotation, at: str, on: str) -> None:
    assert who(a_rota(a_schedule(zone, rotation)), at) == (on,)


def test_who_is_on_stays_on_when_the_list_is_edited_and_the_past_is_not_dealt_anew() -> None:
    before = a_schedule("Europe/Paris", a_rotation("2026-11-30T08:00", DAY, "a", "b", "c", "d"))
    at = utc("2026-12-03T10:00+01:00")
    wanted = a_schedule("Europe/Paris", a_rotation("2026-11-30T08:00", DAY, "a", "b", "d"))
    rota = Rota([before, edited(before, wanted, at, WEEKDAYS)], (), WEEKDAYS)
    asked = ("2026-12-03T10:00+01:00", "2026-12-04T09:00+01:00", "2026-12-05T12:00+01:00", "2026-12-02T12:00+01:00")
    assert [who(rota, one)[0] for one in asked] == ["d", "a", "b", "c"]
    gone = edited(before, a_schedule("Europe/Paris", a_rotation("2026-11-30T08:00", DAY, "a", "b", "c")), at, WEEKDAYS)
    assert who(Rota([before, gone], (), WEEKDAYS), "2026-12-03T10:00+01:00") == ("a",), "whoever was on hands over"
    assert edited(before, before, at, WEEKDAYS).levels == before.levels


@given(
    members=st.lists(st.sampled_from("abcdefg"), min_size=1, max_size=6, unique=True),
    minutes=st.sampled_from((30, 60, 600, DAY, WEEK)),
    after=st.lists(st.sampled_from("abcdefg"), min_size=1, max_size=6, unique=True),
    turn=st.sampled_from((60, DAY, WEEK)),
    passed=st.integers(0, 100_000),
)
@settings(max_examples=60, deadline=None)
def test_any_edit_keeps_who_is_on_if_they_are_still_there(
    members: list[str], minutes: int, after: list[str], turn: int, passed: int
) -> None:
    before = a_schedule("Europe/Berlin", a_rotation("2026-09-01T08:00", minutes, *members))
    at = utc("2026-09-01T08:00+02:00") + timedelta(minutes=passed)
    now = edited(before, a_schedule("Europe/Berlin", a_rotation("2026-09-01T08:00", turn, *after)), at, WEEKDAYS)
    (old,), (new,) = a_rota(before).on_at(at), a_rota(replace(now, since=LONG_AGO)).on_at(at)
    assert new == old if old[0] in after else new[0] in after


def test_a_free_day_is_a_turn_or_none_by_data() -> None:
    hours = (Window("09:00", "18:00", (0, 1, 2, 3, 4)),)
    rotation = a_rotation("2026-11-30T09:00", DAY, "a", "b", "c", windows=hours)
    elapsed = a_rota(a_schedule("Europe/Paris", rotation))
    worked = a_rota(a_schedule("Europe/Paris", replace(rotation, counting=Counting.WORKED)))
    asked = ("2026-12-04T10:00+01:00", "2026-12-05T10:00+01:00", "2026-12-07T10:00+01:00")
    assert [who(elapsed, at) for at in asked] == [("b",), (), ("b",)]
    assert [who(worked, at) for at in asked] == [("b",), (), ("c",)]


def an_override(kind: OverrideKind, start: str, end: str, user: str = "", by: str = "", **more: object) -> Override:
    made = Override("acme", "ops", "o1", kind, utc(start), utc(end), LONG_AGO, user, by)
    return replace(made, **more)  # type: ignore[arg-type]


def test_an_override_of_one_policy_holds_there_and_ends_before_its_end() -> None:
    schedule = a_schedule("UTC", a_rotation("2026-01-01T00:00", DAY, "ana"))
    one = an_override(OverrideKind.REPLACE, "2026-12-01T10:00Z", "2026-12-01T12:00Z", "ana", "bo", policy_id="p1")
    rota = a_rota(schedule, one)
    asked = ("2026-12-01T10:00:00Z", "2026-12-01T11:59:59.999Z", "2026-12-01T12:00:00Z")
    assert [who(rota, at, "p1")[0] for at in asked] == ["bo", "bo", "ana"]
    assert [who(rota, at, "p2")[0] for at in asked] == ["ana"] * 3


def test_later_overrides_apply_after_earlier_ones_and_what_they_undo_is_told() -> None:
    schedule = a_schedule("UTC", a_rotation("2026-01-01T00:00", DAY, "ana"))
    span = ("2026-12-01T10:00Z", "2026-12-01T12:00Z")
    replaced = an_override(OverrideKind.REPLACE, *span, "ana", "bo")
    removed = an_override(OverrideKind.REMOVE, *span, "bo", override_id="o2", made_at=LONG_AGO + timedelta(1))
    added = an_override(OverrideKind.ADD, *span, by="cy", override_id="o3", made_at=LONG_AGO + timedelta(2))
    rota = a_rota(schedule, added, removed, replaced)
    assert who(rota, span[0]) == ("cy",)
    assert not shadowed(rota, added)
    nobody = an_override(OverrideKind.REPLACE, *span, "eve", "bo", override_id="o4")
    assert shadowed(a_rota(schedule, nobody), nobody)
    assert shadowed(
        a_rota(
            schedule,
            replaced,
            replace(replaced, override_id="o5", user="bo", by="ana", made_at=LONG_AGO + timedelta(1)),
        ),
        replaced,
    )


def test_the_documents_table_is_a_rota() -> None:
    """Weekday and weekend, day and night; a worked Saturday is a working day."""
    day, night = ("08:00", "20:00"), ("20:00", "08:00")
    rotations = [
        Rotation(f"{who}", "2026-01-01T00:00", DAY, ((who,),), (Window(*hours, days=days),))
        for who, hours, days in (
            ("e", day, Days.WORKING),
            ("b", night, Days.WORKING),
            ("c", day, Days.FREE),
            ("d", night, Days.FREE),
        )
    ]
    rota = Rota([a_schedule("Asia/Shanghai", *rotations)], (), shanghai().days())
    asked = (
        "2026-02-13T09:00+08:00",
        "2026-02-14T09:00+08:00",
        "2026-02-15T09:00+08:00",
        "2026-02-15T21:00+08:00",
        "2026-02-24T07:00+08:00",
        "2026-02-24T21:00+08:00",
    )
    assert [who(rota, at)[0] for at in asked] == ["e", "e", "c", "d", "d", "b"]


ZONES = {
    "America/New_York": ("2026-03-08T05:00", "2026-11-01T04:00"),
    "Europe/Berlin": ("2026-03-28T23:00", "2026-10-24T23:00"),
    "Australia/Lord_Howe": ("2026-10-03T13:00", "2026-04-04T13:00"),
    "Africa/Cairo": ("2027-04-29T20:00", "2026-10-29T19:00"),
    "Antarctica/Troll": ("2027-03-27T23:30", "2027-10-30T23:00"),
}
"""Zones and an hour or two before their clocks change; Lord Howe by half an hour, Troll by two."""


@pytest.mark.parametrize("zone", ZONES)
@given(data=st.data())
@settings(max_examples=4, deadline=None)
def test_minute_by_minute_around_both_changes(zone: str, data: st.DataObject) -> None:
    """Against clocks that are read every minute: a boundary is crossed once they have shown it."""
    tz = ZoneInfo(zone)
    turn = data.draw(st.sampled_from((15, 30, 60, 90, 720, DAY)))
    window = data.draw(
        st.none() | st.tuples(st.integers(0, 47), st.integers(0, 47)).filter(lambda two: two[0] != two[1])
    )
    for text in ZONES[zone]:
        begin = datetime.fromisoformat(text).replace(tzinfo=UTC) - timedelta(hours=3)
        start = begin.astimezone(tz).replace(tzinfo=None, minute=data.draw(st.sampled_from((0, 15, 30)))) - timedelta(
            days=1
        )
        windows = () if window is None else (Window(_clock(window[0]), _clock(window[1])),)
        rotation = a_rotation(start.isoformat(timespec="minutes"), turn, "a", "b", "c", windows=windows)
        rota = a_rota(a_schedule(zone, rotation))
        span = Interval(begin, begin + timedelta(hours=9))
        shifts = rota.shifts(span)
        assert [one.interval.end for one in shifts[:-1]] == [one.interval.start for one in shifts[1:]]
        shown = (begin - timedelta(hours=30)).astimezone(tz).replace(tzinfo=None)
        for minute in range(30 * 60 + 9 * 60):
            at = begin + timedelta(minutes=minute - 30 * 60)
            shown = max(shown, at.astimezone(tz).replace(tzinfo=None))
            if at < begin:
                continue
            expected = ("a", "b", "c")[(shown - start) // timedelta(minutes=turn) % 3]
            on = (expected,) if window is None or _inside(window, shown) else ()
            assert rota.on_at(at) == (on,), at
            (found,) = [one.users for one in shifts if at in one.interval]
            assert found == on, at


def _clock(half: int) -> str:
    return f"{half // 2:02}:{half % 2 * 30:02}"


def _inside(window: tuple[int, int], shown: datetime) -> bool:
    half = shown.hour * 2 + shown.minute // 30
    start, end = window
    return start <= half < end if start < end else half >= start or half < end


def test_the_linter_says_what_will_hurt() -> None:
    hours = (Window("09:00", "18:00"),)
    lonely = a_rotation("2026-11-01T00:00", DAY, "ana", "ana", "ana", "bo", windows=hours)
    rota = a_rota(a_schedule("Asia/Shanghai", lonely))
    off = {"ana": [date(2026, 12, 2)], "bo": [date(2026, 12, 2)]}
    found = {one.rule for one in lint(rota, utc("2026-11-28T10:00Z"), shanghai(), off)}
    assert found == {"gap", "day_off", "load", "calendar"}
    always = a_rota(a_schedule("UTC", a_rotation("2026-11-01T00:00", DAY, "ana", "bo")))
    assert lint(always, utc("2026-11-28T10:00Z"), None, {}) == []
