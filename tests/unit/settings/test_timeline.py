"""Which version answers when: schedules, expiry, confirmation, and what comes back (CFG-05; traps SF9, SF10, SF19)."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enghub.core.commits import Kept
from enghub.core.timers.model import CancelTimer, SetTimer
from enghub.settings.configs import commits
from enghub.settings.configs.model import Config, ConfigType, Content, EffectiveMode, Layer, effective, next_change
from enghub.settings.configs.requests import PatchConfigRequest, instant
from tests.factories.http import NOW, an_origin
from tests.factories.settings import a_creation, an_address

HOUR = timedelta(hours=1)


def at(hours: float) -> datetime:
    return NOW + timedelta(hours=hours)


def saved(config: Config | None, value: str, hours: float, action: str = "updated", **content: object) -> Config:
    """Save a value at an hour: SCHEDULED with ``begins``, until ``ends``."""
    begins, ends = (content.pop(name, None) for name in ("begins", "ends"))
    mode = content.pop("mode", EffectiveMode.IMMEDIATE if begins is None else EffectiveMode.SCHEDULED)
    made = Content(
        value=value,
        mode=mode,  # type: ignore[arg-type]
        effective_at=None if begins is None else at(begins),  # type: ignore[arg-type]
        expire_at=None if ends is None else at(ends),  # type: ignore[arg-type]
        **content,  # type: ignore[arg-type]
    )
    origin = an_origin(at=at(hours))
    if config is None:
        return commits.created(an_address(), made, None, origin, "").after
    return commits.changed(Kept(config, config.version), made, origin, "", action=action).after


def read(config: Config, *hours: float) -> list[str | None]:
    found = [config.slot(at(hour)) for hour in hours]
    return [None if slot is None else slot.content.value for slot in found]


def test_an_expiry_brings_back_what_would_be_in_force_without_it_never_what_stood_before_a_newer_save() -> None:
    one = saved(None, "A", 0)
    two = saved(one, "B", 1, begins=2, ends=4)
    assert read(two, 1.5, 2, 3, 4, 5) == ["A", "B", "B", "A", "A"]
    three = saved(two, "C", 3)
    assert read(three, 3, 3.5, 4, 4.1) == ["C", "C", "C", "C"]
    before = saved(two, "C", 1.5)
    assert read(before, 1.5, 2, 3.9, 4, 9) == ["C", "B", "B", "C", "C"]


def test_an_expired_only_version_lets_the_layer_fall_silent() -> None:
    config = saved(None, "A", 0, ends=1)
    assert read(config, 0, 0.99, 1) == ["A", "A", None]
    assert [config.state(at(hours)) for hours in (0, 1)] == ["in force", "expired"]


def test_a_staged_version_answers_from_its_confirmation_on() -> None:
    staged = saved(saved(None, "A", 0), "B", 1, mode=EffectiveMode.MANUAL)
    assert read(staged, 1, 100) == ["A", "A"]
    confirmed = saved(staged, "B", 2, "confirmed", mode=EffectiveMode.MANUAL)
    assert read(confirmed, 2, 100) == ["B", "B"]
    overtaken = saved(staged, "C", 2)
    assert read(overtaken, 2) == ["C"]
    assert [slot.content.value for slot in overtaken.slots] == ["C"]


def test_of_two_versions_of_one_instant_the_one_saved_later_answers() -> None:
    two = saved(saved(saved(None, "A", 0), "B", 1, begins=5), "C", 2, begins=5)
    assert read(two, 4, 5) == ["A", "C"]


def test_what_can_never_answer_again_is_not_carried_on() -> None:
    config = saved(None, "0", 0)
    for number in range(1, 30):
        config = saved(config, str(number), number)
    assert len(config.slots) == 1


def test_a_deletion_ends_every_plan() -> None:
    planned = saved(saved(None, "A", 0), "B", 1, begins=5)
    gone = commits.deleted(Kept(planned, 2), an_origin(at=at(2)), "")
    assert gone.after.slots == ()
    assert gone.timers == (CancelTimer("config/tenant/-/session.timeout", commits.BOUNDARY),)
    assert read(saved(gone.after, "C", 3), 3, 9) == ["C", "C"]


def test_the_timer_stands_at_the_next_beginning_or_expiry() -> None:
    origin = an_origin(at=at(1))
    one = Kept(saved(None, "A", 0), 1)
    content = Content(value="B", mode=EffectiveMode.SCHEDULED, effective_at=at(2), expire_at=at(4))
    commit = commits.changed(one, content, origin, "")
    (timer,) = commit.timers
    assert isinstance(timer, SetTimer)
    assert timer.due == at(2)
    assert commits.boundary_timer(commit.after, at(2)).due == at(4)  # type: ignore[union-attr]
    assert commits.changed(one, Content(value="C"), origin, "").timers == ()


steps = st.lists(
    st.tuples(st.sampled_from("ABCD"), st.none() | st.integers(0, 6), st.none() | st.integers(1, 6)),
    min_size=1,
    max_size=6,
)


@given(steps, st.integers(0, 20))
def test_the_kept_versions_answer_as_the_whole_history_would(
    plan: list[tuple[str, int | None, int | None]], hour: int
) -> None:
    config: Config | None = None
    everything = []
    for number, (value, wait, lasts) in enumerate(plan):
        begins = None if wait is None else number + wait
        ends = None if lasts is None else (number if begins is None else begins) + lasts
        config = saved(config, value, number, begins=begins, ends=ends)
        everything.append(config.slots[-1])
    assert config is not None
    when = len(plan) + hour
    answering = [slot for slot in everything if slot.answers(at(when))]
    expected = max(answering, key=lambda slot: slot.rank).content.value if answering else None
    assert read(config, when) == [expected]


# --- layers ---


def layer(name: Layer, value: str, kind: ConfigType = ConfigType.STRING) -> Config:
    return a_creation(an_address(layer=name), value, type=kind).after


def answered(*values: str, kind: ConfigType = ConfigType.JSON) -> tuple[str, list[str]]:
    """Return value and merged layers for values of USER, TENANT, GLOBAL."""
    found = effective([layer(name, v, kind) for name, v in zip(reversed(Layer), values, strict=False)], NOW)
    assert found is not None
    return found.value, [str(name) for name in found.merged]


@pytest.mark.parametrize(
    ("values", "expected", "merged"),
    [
        (("[]", '["mama"]', '["admin","moderator","supervisor"]'), "[]", []),
        (('["mama"]', '["admin","moderator"]'), '["mama"]', []),
        (('{"a":{"x":1}}', '{"a":{"y":2},"b":[1,2]}'), '{"a":{"y":2,"x":1},"b":[1,2]}', ["user", "tenant"]),
        (('{"b":[]}', '{"b":[1,2]}'), '{"b":[]}', ["user", "tenant"]),
        (('{"b":null}', '{"b":{"c":1}}'), '{"b":null}', ["user", "tenant"]),
        (("null", '{"b":1}'), "null", []),
        (('{"a":1}', "null", '{"b":1}'), '{"a":1}', []),
        (('{"a": 1.10}',), '{"a": 1.10}', []),
        (('{"a":9007199254740993}', '{"b":1.10}'), '{"b":1.10,"a":9007199254740993}', ["user", "tenant"]),
    ],
)
def test_objects_merge_everything_else_replaces(values: tuple[str, ...], expected: str, merged: list[str]) -> None:
    assert answered(*values) == (expected, merged)


def test_an_empty_text_is_a_value() -> None:
    assert answered("", "v1", "g", kind=ConfigType.STRING) == ("", [])


def test_the_next_change_is_told_with_its_value() -> None:
    tenant = saved(saved(None, "A", 0), "B", 0, begins=2, ends=4)
    found = next_change([tenant, layer(Layer.GLOBAL, "g")], at(1))
    assert found is not None
    assert (found[0], found[1] and found[1].value) == (at(2), "B")
    hidden = next_change([layer(Layer.USER, "mine"), tenant], at(1))
    assert hidden is None
    gone = next_change([saved(None, "A", 0, ends=3)], at(1))
    assert gone == (at(3), None)


# --- zones (SF21) ---


@pytest.mark.parametrize(
    ("wall", "zone", "expected"),
    [
        ("2027-03-28T02:30:00", "Europe/Berlin", "2027-03-28T01:00:00+00:00"),
        ("2027-10-31T02:30:00", "Europe/Berlin", "2027-10-31T00:30:00+00:00"),
        ("2027-03-14T02:30", "America/New_York", "2027-03-14T07:00:00+00:00"),
        ("2027-04-04T01:45", "Australia/Lord_Howe", "2027-04-03T14:45:00+00:00"),
        ("2027-06-01T08:00", "Asia/Shanghai", "2027-06-01T00:00:00+00:00"),
        ("2027-06-01T08:00:00+02:00", "Asia/Shanghai", "2027-06-01T06:00:00+00:00"),
    ],
)
def test_a_wall_clock_time_means_the_first_instant_that_shows_it_or_later(wall: str, zone: str, expected: str) -> None:
    assert instant("effectiveTime", wall, zone).isoformat() == expected


def test_a_patch_of_another_field_keeps_zone_and_instant_of_the_schedule() -> None:
    begins = instant("effectiveTime", "2027-03-28T02:30:00", "Europe/Berlin")
    planned = Content(value="1", mode=EffectiveMode.SCHEDULED, effective_at=begins, zone="Europe/Berlin")
    patched = PatchConfigRequest.model_validate({"configValue": "2"}).edit(planned)
    assert patched == replace(planned, value="2")
    again = PatchConfigRequest.model_validate({"expireTime": "2027-03-28T12:00:00"}).edit(planned)
    assert again.expire_at is not None
    assert again.expire_at.isoformat() == "2027-03-28T10:00:00+00:00"


def test_a_patch_that_names_another_mode_ends_the_window_of_the_schedule() -> None:
    planned = Content(value="B", mode=EffectiveMode.SCHEDULED, effective_at=at(2), expire_at=at(4))
    patched = PatchConfigRequest.model_validate({"configValue": "C", "effectiveMode": "IMMEDIATE"}).edit(planned)
    assert patched == Content(value="C")


def test_a_schedule_that_has_begun_is_not_repeated_by_a_patch() -> None:
    planned = Content(value="B", mode=EffectiveMode.SCHEDULED, effective_at=at(2), expire_at=at(4))
    patched = commits.settled(replace(planned, value="C"), planned, at(3))
    assert patched == Content(value="C", expire_at=at(4))
    assert commits.settled(replace(planned, value="C"), planned, at(1)).effective_at == at(2)
