"""Shapes that real answers and exports have and documentation does not show are taken, or said (OPS-23).

They are those of public repositories, written anew: dxw/opsgenie-schedule (recorded answers of Opsgenie),
opsgenie/opsgenie-configuration-backup, opsgenie/opsgenie-go-sdk-v2, opsgenie/opsgenie-python-sdk, lyft/cartography,
apiaryio/pagerduty-overlap-checker, grafana/oncall (tests of its API, its migrators), grafana/amixr-api-go-client.
"""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from enghub.golive.importers.formats import OnCallExport, OpsgenieExport, PagerDutyExport
from enghub.golive.importers.service import plan
from tests.factories.rota_exports import (
    NOW,
    USERS,
    a_layer,
    a_rotation,
    a_shift,
    days,
    grafana,
    on,
    opsgenie,
    same,
)


def test_opsgenie_windows_of_a_day_may_be_several_and_days_may_be_in_capitals() -> None:
    def span(begin: int, end: int, **more: str) -> dict[str, Any]:
        return {"startHour": begin, "startMin": 0, "endHour": end, "endMin": 0, **more}

    windows = {"type": "time-of-day", "restrictions": [span(8, 12), span(20, 24)]}
    found = opsgenie(a_rotation("ana", timeRestriction=windows), zone="UTC")
    same(found)
    hours = [("ana",) if hour in {8, 11, 20, 23} else () for hour in (7, 8, 11, 12, 19, 20, 23)]
    assert [on(found, f"2026-12-01T{hour:02}:30:00Z") for hour in (7, 8, 11, 12, 19, 20, 23)] == hours
    week = {"type": "weekday-and-time-of-day", "restrictions": [span(9, 18, startDay="MONDAY", endDay="FRIDAY")]}
    found = opsgenie(a_rotation("ana", timeRestriction=week), zone="UTC")
    same(found)
    assert [on(found, f"2026-12-{day:02}T12:00:00Z") for day in (4, 5, 7)] == [("ana",), (), ("ana",)]


def test_delays_of_opsgenie_have_units_and_repeats_an_interval() -> None:
    def rule(amount: int, unit: str) -> dict[str, Any]:
        person = {"type": "user", "username": "ana@example.com"}
        return {"delay": {"timeAmount": amount, "timeUnit": unit}, "recipient": person}

    rules = [rule(0, "minutes"), rule(90, "seconds"), rule(1, "hours"), rule(1, "days")]
    unset = {"id": "f", "name": "F", "rules": []}
    export = {
        "escalations": [{"id": "e", "name": "E", "rules": rules, "repeat": {"count": 2, "waitInterval": 20}}, unset]
    }
    found = plan(OpsgenieExport.model_validate(export), USERS, "acme", NOW)
    (made,) = found.policies
    assert ([one.delay_minutes for one in made.steps], made.repeat) == ([2, 58, 1_380, 20], 2)
    assert [note.place for note in found.notes] == ["escalations.f"]


@pytest.mark.parametrize("kind", ["all", "group"])
def test_opsgenie_recipients_that_are_nobody_here_are_said(kind: str) -> None:
    rules = [{"recipient": {"type": kind, "id": "g"}}]
    found = plan(
        OpsgenieExport.model_validate({"escalations": [{"id": "e", "name": "E", "rules": rules}]}), {}, "t", NOW
    )
    assert [note.text.render("en") for note in found.notes] == [f"this kind of target is not carried: {kind}"]


OPSGENIE = {"id": "8e7c-1", "name": "Ops", "timezone": "UTC", "enabled": True, "rotations": [a_rotation("ana")]}
CHANGE = {
    "alias": "a1",
    "startDate": "2026-12-01T00:00:00.000Z",
    "endDate": "2026-12-02T00:00:00.000Z",
    "user": {"type": "user", "username": "ben@example.com"},
}
PAGERDUTY = {"id": "PS1", "name": "Ops", "time_zone": "UTC", "schedule_layers": [a_layer("U1")]}
PD_CHANGE = {"start": "2026-12-01T00:00:00Z", "end": "2026-12-02T00:00:00Z", "user": {"id": "U2"}}
TOOK = {"took": 0.003, "requestId": "08ac"}


@pytest.mark.parametrize(
    "export",
    [
        OpsgenieExport.model_validate({"schedules": {"data": [{**OPSGENIE, "overrides": {"data": [CHANGE]}}], **TOOK}}),
        OpsgenieExport.model_validate({"schedules": {"data": {**OPSGENIE, "overrides": [CHANGE]}, **TOOK}}),
        OpsgenieExport.model_validate({"schedules": [{"data": OPSGENIE, "overrides": {"data": [CHANGE]}, **TOOK}]}),
        OpsgenieExport.model_validate({"schedules": [{"schedule": OPSGENIE, "scheduleOverrideList": [CHANGE]}]}),
        PagerDutyExport.model_validate(
            {"schedules": {"schedules": [{**PAGERDUTY, "overrides": {"overrides": [PD_CHANGE]}}], "limit": 100}}
        ),
        PagerDutyExport.model_validate({"schedules": [{"schedule": {**PAGERDUTY, "overrides": [PD_CHANGE]}}]}),
        PagerDutyExport.model_validate({"schedules": [{"schedule": PAGERDUTY, "overrides": [PD_CHANGE]}]}),
    ],
    ids=["list", "one", "ones", "backup", "pagerduty list", "pagerduty ones", "overrides beside"],
)
def test_answers_are_taken_in_their_envelopes(export: OpsgenieExport | PagerDutyExport) -> None:
    found = plan(export, USERS, "acme", NOW)
    same(found)
    assert [on(found, f"2026-12-0{day}T12:00:00Z") for day in (1, 2)] == [("ben",), ("ana",)]


def test_pages_of_oncall_and_policies_are_taken_in_their_envelopes() -> None:
    schedule = {"id": "S", "name": "Ops", "type": "calendar", "time_zone": "UTC", "shifts": ["O1"]}
    step = {"escalation_chain_id": "C", "position": 0, "type": "notify_persons", "persons_to_notify": ["U1"]}
    pages = {"schedules": [schedule], "on_call_shifts": [a_shift()], "escalation_policies": [step]}
    answers = {name: {"count": 1, "next": None, "results": found} for name, found in pages.items()}
    found = plan(OnCallExport.model_validate(answers), USERS, "acme", NOW)
    same(found)
    assert len(found.policies) == 1
    rules = [{"escalation_delay_in_minutes": 30, "targets": [{"id": "U1", "type": "user"}]}]
    policy = {"escalation_policy": {"id": "PP1", "name": "Standard", "escalation_rules": rules}}
    assert (
        len(plan(PagerDutyExport.model_validate({"escalation_policies": [policy]}), USERS, "acme", NOW).policies) == 1
    )


@pytest.mark.parametrize("given", [7, "x", {"data": 7}, {"schedule": [1]}, [7], {}])
def test_what_is_no_answer_is_refused(given: Any) -> None:
    with pytest.raises(ValidationError):
        PagerDutyExport.model_validate({"schedules": given})


def test_a_turn_of_working_days_passes_over_the_weekend() -> None:
    """As OnCall deals people over days: who is next after Friday has Monday."""
    working = ["MO", "TU", "WE", "TH", "FR"]
    people = [["U1"], ["U2"], ["U3"]]
    found = grafana(
        a_shift(frequency="daily", by_day=working, start="2026-11-30T09:00:00", duration=28_800, rolling_users=people)
    )
    same(found)
    ana, ben, cy = ("ana",), ("ben",), ("cy",)
    assert days(found, "2026-11-30", 9) == [ana, ben, cy, ana, ben, (), (), cy, ana]


def test_a_turn_of_weeks_that_begins_on_a_free_day_begins_with_the_next_week() -> None:
    week = a_shift(by_day=["MO", "TU"], start="2026-11-28T09:00:00", week_start="MO", duration=28_800)
    found = grafana(week)
    same(found)
    assert days(found, "2026-11-28", 11) == [(), (), ("ana",), ("ana",), *[()] * 5, ("ben",), ("ben",)]


def test_shifts_of_web_pages_run_by_utc_and_those_of_calendars_by_the_schedules_clocks() -> None:
    """As engine/apps/schedules has it; the change of clocks of 28 March 2027 tells them apart."""
    at = datetime(2027, 3, 1, tzinfo=UTC)
    daily = a_shift(frequency="daily", start="2026-10-05T09:00:00", duration=86_400)
    web, calendar = grafana(daily, kind="web", at=at), grafana(daily, at=at)
    for found, zone, notes in ((web, "UTC", 1), (calendar, "Europe/Berlin", 0)):
        assert (found.rotas[0].schedule.zone, len(found.notes)) == (zone, notes)
    same(web)
    (hour,) = calendar.rotas[0].differences  # a shift of 24 hours reaches into the next one on a day of 23
    assert (hour.source, hour.ours) == (("ana", "ben"), ("ana",))
    before_and_after = ("2027-03-20T08:30:00Z", "2027-04-20T08:30:00Z", "2027-04-20T07:30:00Z")
    assert [on(web, moment) for moment in before_and_after] == [("ben",), ("ana",), ("ana",)]
    assert [on(calendar, moment) for moment in before_and_after] == [("ana",), ("ben",), ("ben",)]


def test_the_end_of_a_rule_of_oncall_is_utc_whatever_its_zone() -> None:
    found = grafana(
        a_shift(frequency="daily", start="2026-10-05T00:00:00", duration=86_400, until="2026-12-01T23:00:00")
    )
    assert on(found, "2026-12-01T22:30:00Z") != ()
    assert on(found, "2026-12-01T23:00:00Z") == ()


def test_steps_of_oncall_that_nobody_set_that_page_in_turns_or_that_follow_a_repeat_are_said() -> None:
    def step(position: int, kind: str | None, **more: Any) -> dict[str, Any]:
        return {"escalation_chain_id": "C", "position": position, "type": kind, **more}

    steps = [
        step(0, None),
        step(1, "notify_person_next_each_time", persons_to_notify_next_each_time=["U1", "U2"]),
        step(2, "repeat_escalation"),
        step(3, "notify_persons", persons_to_notify=["U3"]),
    ]
    found = plan(OnCallExport.model_validate({"escalation_policies": steps}), USERS, "acme", NOW)
    assert [[target.target_id for target in one.targets] for one in found.policies[0].steps] == [["ana", "ben", "cy"]]
    assert [note.place[-1] for note in found.notes] == ["0", "1", "3"]
