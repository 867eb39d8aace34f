"""Schedules of PagerDuty, Opsgenie and Grafana OnCall become rotas that say the same, hour by hour (OPS-23); GF5."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from enghub.golive.importers.formats import OnCallExport, OpsgenieExport, PagerDutyExport
from enghub.golive.importers.service import plan
from enghub.golive.importers.weeks import weekly, windows, without
from enghub.golive.oncall.linter import lint
from tests.factories.rota_exports import (
    NOW,
    USERS,
    a_layer,
    a_rotation,
    a_shift,
    grafana,
    on,
    opsgenie,
    pagerduty,
    rota,
    same,
)


def test_gf5_a_turn_of_a_day_off_passes_and_the_linter_says_who_has_it_again() -> None:
    days = {"type": "weekly_restriction", "start_time_of_day": "09:00:00", "duration_seconds": 9 * 3600}
    layer = a_layer(
        *("U1", "U2", "U3"),
        start="2026-11-30T09:00:00+01:00",
        rotation_virtual_start="2026-11-30T09:00:00+01:00",
        rotation_turn_length_seconds=86_400,
        restrictions=[{**days, "start_day_of_week": day} for day in range(1, 6)],
    )
    found = pagerduty(layer)
    times = ("2026-12-04T10:00:00+01:00", "2026-12-05T10:00:00+01:00", "2026-12-07T10:00:00+01:00")
    assert [on(found, at) for at in times] == [("ben",), (), ("ben",)]
    same(found)
    again = [one.values for one in lint(rota(found), NOW, None, {}) if one.rule == "again"]
    assert {"user": "ben", "first": "2026-12-04", "next": "2026-12-07"} in again


def test_a_layer_hides_those_below_while_somebody_is_on() -> None:
    office = {"type": "daily_restriction", "start_time_of_day": "08:00:00", "duration_seconds": 10 * 3600}
    one = same(pagerduty(a_layer("U3", name="PL2", restrictions=[office]), a_layer("U1", "U2")))
    assert len(one.schedule.levels[0].rotations) == 2


def test_a_layer_that_begins_later_hides_from_then_on() -> None:
    later = a_layer("U3", name="PL2", start="2026-12-24T00:00:00+01:00", end="2027-01-02T00:00:00+01:00")
    found = pagerduty(later, a_layer("U1", "U2"))
    same(found)
    assert on(found, "2026-12-25T12:00:00Z") == ("cy",)
    assert on(found, "2027-01-02T12:00:00Z") == ("ana",)


def test_the_override_made_last_decides() -> None:
    times = [
        ("2026-12-01T00:00:00Z", "2026-12-03T00:00:00Z", "U2"),
        ("2026-12-02T00:00:00Z", "2026-12-09T00:00:00Z", "U3"),
    ]
    overrides = [{"start": start, "end": end, "user": {"id": user}} for start, end, user in times]
    found = pagerduty(a_layer("U1", "U2"), overrides=overrides)
    same(found)
    assert on(found, "2026-12-01T12:00:00Z") == ("ben",)
    assert on(found, "2026-12-02T12:00:00Z") == ("cy",)


def test_a_hand_over_stays_on_the_wall_clock_over_a_change_of_clocks() -> None:
    at = datetime(2027, 2, 1, tzinfo=UTC)
    schedule = {"id": "P", "name": "n", "time_zone": "America/Chicago", "schedule_layers": [a_layer("U1", "U2")]}
    found = plan(PagerDutyExport.model_validate({"schedules": [schedule]}), USERS, "acme", at)
    assert found.rotas[0].different == 0


def test_what_pagerduty_has_and_we_have_not_is_said() -> None:
    policy = {
        "id": "PP1",
        "name": "Standard",
        "num_loops": 2,
        "escalation_rules": [
            {
                "escalation_delay_in_minutes": 10,
                "targets": [{"id": "PS1", "type": "schedule_reference"}, {"id": "U1", "type": "user_reference"}],
                "escalation_rule_assignment_strategy": {"type": "round_robin"},
            },
            {"escalation_delay_in_minutes": 20, "targets": [{"id": "U9", "type": "user_reference"}]},
        ],
    }
    export = {"schedules": [], "escalation_policies": [policy]}
    found = plan(PagerDutyExport.model_validate(export), USERS, "acme", NOW)
    (made,) = found.policies
    assert [(step.delay_minutes, [target.target_id for target in step.targets]) for step in made.steps] == [
        (10, ["ps1", "ana"]),
        (20, ["U9"]),
    ]
    assert (made.repeat, found.unknown) == (2, ("U9",))
    said = [note.text.render("en") for note in found.notes]
    assert len(said) == 2
    assert "in turns" in said[0]
    assert "not in the export: PS1" in said[1]


@pytest.mark.parametrize(
    "restriction",
    [
        None,
        {"type": "time-of-day", "restriction": {"startHour": 22, "startMin": 0, "endHour": 6, "endMin": 30}},
        {
            "type": "weekday-and-time-of-day",
            "restrictions": [
                {"startDay": "friday", "startHour": 18, "startMin": 0, "endDay": "monday", "endHour": 8, "endMin": 0}
            ],
        },
    ],
)
def test_opsgenie_rotations_are_on_together_and_nobody_is_nobody(restriction: Any) -> None:
    day = {"type": "daily", "length": 2, "startDate": "2026-10-06T14:00:00Z"}
    same(opsgenie(a_rotation("ana", "ben", timeRestriction=restriction), a_rotation("ben", "", name="r2", **day)))


def test_an_opsgenie_override_replaces_in_its_rotations() -> None:
    user = {"type": "user", "username": "cy@example.com"}
    span = {"startDate": "2026-12-01T00:00:00Z", "endDate": "2026-12-15T00:00:00Z", "user": user}
    rotations = (a_rotation("ana"), a_rotation("ben", name="r2"))
    found = opsgenie(*rotations, overrides=[{**span, "rotations": [{"id": "r2"}]}])
    same(found)
    assert set(on(found, "2026-12-02T00:00:00Z")) == {"ana", "cy@example.com"}
    same(opsgenie(*rotations, overrides=[span]))
    assert found.unknown == ("cy@example.com",)


def test_delays_of_opsgenie_count_from_the_alert() -> None:
    def rule(minutes: int, kind: str = "user", **more: Any) -> dict[str, Any]:
        person = {"type": kind, "id": "x", "username": "ana@example.com"}
        return {"condition": "if-not-acked", "delay": {"timeAmount": minutes}, "recipient": person, **more}

    rules = [rule(0), rule(15), rule(10), rule(10, "team"), rule(40, condition="if-not-closed")]
    export = {"escalations": [{"id": "e", "name": "E", "rules": rules, "repeat": {"count": 20}}]}
    found = plan(OpsgenieExport.model_validate(export), USERS, "acme", NOW)
    (made,) = found.policies
    assert ([one.delay_minutes for one in made.steps], made.repeat) == ([10, 5, 25, 15], 9)
    assert len(found.notes) == 3, "a team, a condition, repeats"


@pytest.mark.parametrize(
    "shifts",
    [
        [a_shift()],
        [a_shift(interval=2, duration=1_209_600)],
        [a_shift(by_day=["MO", "WE", "SU"], duration=43_200, week_start="MO", interval=2)],
        [a_shift(by_day=["SU"], start="2026-10-04T20:00:00", duration=43_200, week_start="MO")],
        [a_shift(frequency="daily", start="2026-10-05T22:00:00", duration=28_800)],
        [a_shift(frequency="daily", interval=3, duration=172_800)],
        [a_shift(frequency="hourly", interval=12, duration=43_200, start_rotation_from_user_index=1)],
        [a_shift(), a_shift("O2", type="recurrent_event", users=["U3"], level=1, by_day=["TU"], duration=3_600)],
        [
            a_shift(),
            a_shift("O2", type="single_event", users=["U3"], start="2026-12-24T08:00:00", duration=86_400, level=2),
        ],
        [a_shift(), a_shift("O2", type="override", users=["U3"], start="2026-12-24T08:00:00", duration=86_400)],
        [a_shift(frequency="daily", by_day=["MO", "TU", "WE", "TH", "FR"], duration=28_800)],
        [a_shift(frequency="daily", by_day=["WE", "FR"], rolling_users=[["U1"], ["U2"], ["U3"]], duration=86_400)],
        [a_shift(frequency="daily", by_day=["MO", "SA"], interval=2, start_rotation_from_user_index=1, duration=900)],
        [a_shift(type="recurrent_event", frequency="daily", by_day=["SA", "SU"], users=["U3"], duration=50_400)],
        [a_shift(start="2026-10-10T09:00:00", by_day=["MO", "TU"], week_start="MO", duration=28_800)],
        [
            a_shift(),
            a_shift("O2", time_zone="Asia/Shanghai", start="2026-11-02T03:00:00", level=1, by_day=["MO"], duration=900),
        ],
        [a_shift(until="2026-12-21T08:00:00")],
    ],
    ids=str,
)
def test_shifts_of_oncall_say_the_same_here(shifts: list[dict[str, Any]]) -> None:
    same(grafana(*shifts))


def test_what_oncall_has_and_we_have_not_is_said_and_shown_by_the_hour() -> None:
    monthly = a_shift("O2", frequency="monthly", by_monthday=[1], duration=86_400, level=1, rolling_users=[["U3"]])
    found = grafana(a_shift(), monthly)
    (one,) = found.rotas
    assert [note.place for note in found.notes] == ["on_call_shifts.O2"]
    assert one.different == 3 * 24, "three months begin in 90 days"
    assert one.differences[0].source == ("cy",)
    assert one.differences[0].end - one.differences[0].start == timedelta(hours=24)


def test_a_chain_of_oncall_waits_between_its_steps() -> None:
    def step(position: int, kind: str, **more: Any) -> dict[str, Any]:
        return {"escalation_chain_id": "C", "position": position, "type": kind, **more}

    steps = [
        step(0, "notify_on_call_from_schedule", notify_on_call_from_schedule="SBM7"),
        step(1, "notify_persons", persons_to_notify=["U1"]),
        step(2, "wait", duration=300),
        step(3, "trigger_webhook"),
        step(4, "notify_persons", persons_to_notify=["U2"]),
        step(5, "repeat_escalation"),
    ]
    chains = [{"id": "C", "name": "Critical"}]
    export = {"schedules": [], "escalation_policies": steps, "escalation_chains": chains}
    found = plan(OnCallExport.model_validate(export), USERS, "acme", NOW)
    (made,) = found.policies
    targets = [[target.target_id for target in one.targets] for one in made.steps]
    assert (targets, made.steps[0].delay_minutes, made.repeat) == ([["sbm7", "ana"], ["ben"]], 5, 5)
    assert [note.place[-1] for note in found.notes] == ["0", "3"]
    assert (made.policy_id, made.name) == ("c", "Critical")


def test_spans_of_a_week_are_taken_apart_and_become_windows() -> None:
    assert weekly([(10_000, 200)]) == ((0, 120), (10_000, 10_080))
    assert without(((0, 10_080),), ((480, 1_080),)) == ((0, 480), (1_080, 10_080))
    (one,) = windows(((480, 1_080),))
    assert (one.start, one.end, one.weekdays) == ("08:00", "18:00", (0,))
    assert windows(((0, 10_080),)) == ()
