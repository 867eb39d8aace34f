"""PagerDuty's schedules of shifts (its API v3) become rotas that say the same, hour by hour (OPS-23).

Their shape is that of PagerDuty/developer-docs' upgrade guide and of its clients' tests, written anew.
"""

from datetime import UTC, datetime
from typing import Any

import pytest

from enghub.golive.importers.formats import PagerDutyExport
from enghub.golive.importers.model import Plan
from enghub.golive.importers.service import plan
from tests.factories.rota_exports import NOW, USERS, on, same

WORKING = "RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"


def shifts(*rotations: dict[str, Any], **more: Any) -> Plan:
    schedule = {"id": "PS3", "type": "schedule_v3", "name": "Ops", "time_zone": "America/Chicago", **more}
    answer = {"schedule": {**schedule, "rotations": list(rotations)}}
    return plan(PagerDutyExport.model_validate({"schedules": [answer]}), USERS, "acme", NOW)


def a_rotation(*users: str, rule: str = "FREQ=DAILY", name: str = "R1", **more: Any) -> dict[str, Any]:
    members = [{"type": "user_member", "user_id": user} if user else {"type": "empty_member"} for user in users]
    strategy = {"type": "rotating_member_assignment_strategy", "shifts_per_member": 1, "members": members}
    event = {
        "id": f"{name}E1",
        "type": "schedule_event",
        "start_time": {"date_time": "2026-11-30T08:00:00-06:00", "time_zone": "America/Chicago"},
        "end_time": {"date_time": "2026-11-30T18:00:00-06:00", "time_zone": "America/Chicago"},
        "effective_since": "2026-11-30T14:00:00Z",
        "effective_until": None,
        "recurrence": [rule],
        "assignment_strategy": {**strategy, **more.pop("strategy", {})},
        **more,
    }
    return {"id": name, "type": "schedule_rotation", "events": [event]}


def by_clocks(text: str) -> dict[str, str]:
    return {"date_time": text, "time_zone": "America/Chicago"}


ANA, BEN, CY = ("ana",), ("ben",), ("cy",)


def test_every_shift_is_a_turn_and_days_off_are_none() -> None:
    found = shifts(a_rotation("U1", "U2", "U3", rule=WORKING))
    same(found)
    found_days = [on(found, f"2026-12-{day:02}T18:00:00Z") for day in range(1, 9)]
    assert found_days == [BEN, CY, ANA, BEN, (), (), CY, ANA]
    assert (found.notes, on(found, "2026-12-01T13:30:00Z")) == ((), ())


def test_members_have_so_many_shifts_each_and_may_be_nobody() -> None:
    found = shifts(a_rotation("U1", "", "U2", strategy={"shifts_per_member": 2}))
    same(found)
    assert [on(found, f"2026-12-{day:02}T18:00:00Z") for day in range(1, 7)] == [ANA, (), (), BEN, BEN, ANA]


def test_all_members_and_all_rotations_are_on_together_and_shifts_of_days_stay_whole() -> None:
    weekend: dict[str, Any] = {
        "start_time": by_clocks("2026-12-04T17:00:00-06:00"),
        "end_time": by_clocks("2026-12-07T08:00:00-06:00"),
    }
    everybody = {"type": "every_member_assignment_strategy", "shifts_per_member": None}
    found = shifts(
        a_rotation("U1", "U2", rule="RRULE:FREQ=WEEKLY;BYDAY=FR", effective_since="2026-12-04T23:00:00Z", **weekend),
        a_rotation("U2", "U3", name="R2", strategy=everybody),
    )
    same(found)
    assert on(found, "2026-12-05T00:30:00Z") == ANA
    assert set(on(found, "2026-12-06T18:00:00Z")) == {"ana", "ben", "cy"}
    assert set(on(found, "2026-12-13T18:00:00Z")) == {"ben", "cy"}


def test_a_single_shift_comes_in_addition_and_an_override_is_of_one_rotation() -> None:
    cy = {"type": "user_member", "user_id": "U3"}
    single = {
        "id": "CS1",
        "start_time": "2026-12-02T15:00:00Z",
        "end_time": "2026-12-02T20:00:00Z",
        "assignments": [{"type": "shift_assignment", "member": cy}],
    }
    override = {
        "type": "override_shift",
        "rotation_id": "R1",
        "start_time": "2026-12-01T16:00:00Z",
        "end_time": "2026-12-01T20:00:00Z",
        "overridden_member": {"type": "user_member", "user_id": "U1"},
        "overriding_member": cy,
    }
    found = shifts(
        a_rotation("U1"),
        a_rotation("U2", name="R2"),
        custom_shifts={
            "custom_shifts": [{**single, "assignments": [{"member": {"type": "user_member", "user_id": "U3"}}]}]
        },
        overrides={"overrides": [override]},
    )
    same(found)
    assert set(on(found, "2026-12-01T18:00:00Z")) == {"ben", "cy"}
    assert set(on(found, "2026-12-01T21:00:00Z")) == {"ana", "ben"}
    assert set(on(found, "2026-12-02T18:00:00Z")) == {"ana", "ben", "cy"}


@pytest.mark.parametrize(
    "rule",
    ["RRULE:FREQ=MONTHLY", "FREQ=DAILY;COUNT=3", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TU", "FREQ=WEEKLY;BYDAY=1MO", "?"],
)
def test_rules_that_are_not_carried_are_said(rule: str) -> None:
    found = shifts(a_rotation("U1", rule=rule), a_rotation("U2", name="R2"))
    assert [note.place for note in found.notes] == ["schedules.PS3.R1.R1E1"]
    assert on(found, "2026-12-01T18:00:00Z") == BEN


def test_turns_of_an_event_that_began_before_it_holds_are_said_to_be_counted_from_its_first_shift() -> None:
    found = shifts(a_rotation("U1", "U2", effective_since="2026-12-05T00:00:00Z"))
    same(found)
    assert [note.place for note in found.notes] == ["schedules.PS3.R1.R1E1"]
    assert [on(found, f"2026-12-{day:02}T18:00:00Z") for day in (4, 5, 6)] == [(), BEN, ANA]


def test_policies_name_schedules_of_shifts_and_say_their_strategy_as_text() -> None:
    def rule(kind: str, strategy: Any) -> dict[str, Any]:
        target = {"id": "PS3", "type": kind, "summary": "Ops"}
        return {"escalation_delay_in_minutes": 10, "targets": [target], "escalation_rule_assignment_strategy": strategy}

    rules = [
        rule("schedule_v3_reference", "assign_to_everyone"),
        rule("schedule_v3", {"type": "assign_to_everyone"}),
        rule("schedule_reference", "round_robin"),
    ]
    listed = {"id": "PS3", "type": "schedule_v3_reference", "summary": "Ops"}
    export = {"schedules": [listed], "escalation_policies": [{"id": "P", "name": "N", "escalation_rules": rules}]}
    found = plan(PagerDutyExport.model_validate(export), USERS, "acme", datetime(2026, 11, 28, tzinfo=UTC))
    assert [[target.target_id for target in step.targets] for step in found.policies[0].steps] == [["ps3"]] * 3
    assert [note.place for note in found.notes] == ["schedules.PS3", "escalation_policies.P.2"]
