"""Machines, their states and meters, plans and jobs of maintenance, through the functions (MES-12)."""

import json
from datetime import timedelta
from typing import Any

import jsonschema_rs
import pytest

from enghub.core import clock
from tests.factories.equipment import BASE, MACHINE, PLAN, Machines
from tests.factories.http import NOW, Context, a_principal
from tests.factories.stored import events
from tools.event_schemas import models, schema_of


@pytest.fixture
def machines(account: Any) -> Machines:
    account("mes")
    made = Machines()
    made.registered()
    return made


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Set the clock to some hours after the tests' moment."""

    def set_to(hours: float) -> None:
        monkeypatch.setattr(clock, "_now", lambda *_: NOW + timedelta(hours=hours))

    set_to(0)
    return set_to


def test_a_machine_is_registered_once_and_changed_by_version(machines: Machines) -> None:
    again = machines.made("PUT", "equipment/M-1", **MACHINE)
    assert again["version"] == 1
    assert machines.change("PUT", "equipment/M-1", **{**MACHINE, "name": "Other"})[0] == 409
    changed = machines.made("PUT", "equipment/M-1", **{**MACHINE, "stationId": None}, version=1)
    assert (changed["version"], machines.look("equipment", stationId="ST-SMT-01")["items"]) == (2, [])
    assert [one["equipmentId"] for one in machines.look("equipment")["items"]] == ["M-1"]
    assert machines.change("PUT", "equipment/M-2", name="x", stationId="NONE")[0] == 404


def test_states_are_told_late_and_twice_and_give_mtbf_and_mttr(machines: Machines, time: Any, told: Any) -> None:
    time(10)
    for hours, state in ((4, "RUNNING"), (0, "RUNNING"), (2, "FAILED"), (3, "UNDER_REPAIR"), (2, "FAILED")):
        at = clock.to_text(NOW + timedelta(hours=hours))
        machines.made("POST", "equipment/M-1/states", state=state, at=at)
    period = {"from": clock.to_text(NOW), "to": clock.to_text(NOW + timedelta(hours=8))}
    found = machines.look("equipment/M-1/figures", **period)
    assert (found["failures"], found["meanTimeToRestoration"]) == (1, 7_200)
    assert (found["meanOperatingTimeBetweenFailures"], found["unknownSeconds"]) == (6 * 3_600, 0)
    assert len(machines.look("equipment/M-1/states", **period)["items"]) == 4
    assert [kind for kind, _ in told()].count("EquipmentStateChanged") == 4
    later = clock.to_text(NOW + timedelta(hours=11))
    refused = machines.change("POST", "equipment/M-1/states", state="OFF", at=later)
    assert (refused[0], refused[1]["details"]["error"]) == (400, "TOLD_FROM_FUTURE")
    backwards = {"from": period["to"], "to": period["from"]}
    assert machines.call("read_equipment", "GET", f"{BASE}/equipment/M-1/states", query=backwards)[0] == 400


def test_one_id_names_one_change(machines: Machines) -> None:
    state = {"at": clock.to_text(NOW), "changeId": "plc-7"}
    machines.made("POST", "equipment/M-1/states", state="OFF", **state)
    refused = machines.change("POST", "equipment/M-1/states", state="IDLE", **state)
    assert refused[1]["details"]["error"] == "STATE_NAMED_OTHERWISE"


def test_a_failed_machine_counts_in_its_stations_figures(machines: Machines, time: Any) -> None:
    """Day shift of 2 March in Shanghai is 00:00 to 12:00 UTC with a break at 04:00; failed from 01:00 to 03:00."""
    time(20)
    for hour, state in ((0, "RUNNING"), (1, "FAILED"), (3, "RUNNING")):
        machines.made("POST", "equipment/M-1/states", state=state, at=f"2026-03-02T0{hour}:00:00Z")
    query = {"from": "2026-03-02", "to": "2026-03-02"}
    body = machines.call("read_stops", "GET", f"{BASE}/stations/ST-SMT-01/kpis", query=query)[1]
    day = next(one["figures"] for one in body["data"]["items"] if one["shift"] == "day")
    assert (day["stoppedTime"], day["failures"], day["availability"]) == (7_200, 1, 0.818182)
    assert day["meanTimeToRestoration"] == 7_200


def test_readings_make_a_plan_due_and_its_job_is_opened_once(machines: Machines, told: Any) -> None:
    machines.started()
    machines.report()
    plan = {"equipmentId": "M-1", "name": "Nozzles", "startsOn": "2026-03-01", "meter": "cycles", "everyUnits": 1000}
    machines.made("PUT", "maintenance/plans/PM-2", **plan)
    opens = machines.handler("open_maintenance")
    read = "equipment/M-1/readings"
    machines.made("POST", read, meter="cycles", value=70_000, at="2026-03-02T01:00:00Z")
    assert opens({}, Context()) == {"opened": 0, "told": 0}
    for _ in range(2):
        machines.made("POST", read, meter="cycles", value=71_001, at="2026-03-02T02:00:00Z")
    refused = machines.change("POST", read, meter="cycles", value=5, at="2026-03-02T03:00:00Z")
    assert (refused[0], refused[1]["details"]["error"]) == (422, "METER_FELL_BACK")
    assert [opens({}, Context())["opened"], opens({}, Context())["opened"]] == [1, 0]
    (job,) = machines.look("maintenance/jobs", state="ACCEPTED")["items"]
    assert (job["jobId"], job["dueUnits"], job["planId"]) == ("PM-2-1", 1_000, "PM-2")
    asked = [facts for kind, facts in told() if kind == "NoticeRequested"]
    assert [(one["notice_type"], one["roles"]) for one in asked] == [("mes.maintenance_due", ["MAINTENANCE"])]
    machines.made("POST", "maintenance/jobs/PM-2-1/start", version=1)
    machines.made("POST", "maintenance/jobs/PM-2-1/finish", version=2, remedy="changed")
    after = machines.look("maintenance/plans/PM-2")
    assert (after["openJob"], after["lastUnits"], after["nextUnits"]) == ("", 1_001, 2_000)


def test_an_overdue_job_is_told_once_a_day_and_a_late_one_keeps_the_dates(
    machines: Machines, time: Any, told: Any
) -> None:
    machines.started()
    machines.report()
    machines.made("PUT", "maintenance/plans/PM-1", **{**PLAN, "startsOn": "2026-03-02"})
    opens = machines.handler("open_maintenance")
    assert opens({}, Context()) == {"opened": 1, "told": 0}
    time(24 + 8)
    assert [opens({}, Context())["told"], opens({}, Context())["told"]] == [1, 0]
    time(48 + 8)
    assert opens({}, Context())["told"] == 1
    for version, step in ((1, "start"), (2, "finish")):
        said = {"remedy": "done"} if step == "finish" else {}
        machines.made("POST", f"maintenance/jobs/PM-1-1/{step}", version=version, **said)
    plan = machines.look("maintenance/plans/PM-1")
    assert (plan["lastDoneOn"], plan["nextOn"]) == ("2026-03-05", "2026-04-02")
    kinds = [facts["notice_type"] for kind, facts in told() if kind == "NoticeRequested"]
    assert kinds.count("mes.maintenance_overdue") == 2


def test_a_request_is_accepted_and_done_or_refused_with_a_reason(machines: Machines) -> None:
    body = {"equipmentId": "M-1", "title": "strange noise", "priority": "URGENT", "jobId": "tablet-1"}
    first = machines.made("POST", "maintenance/jobs", **body)
    assert machines.made("POST", "maintenance/jobs", **body) == first
    another = machines.change("POST", "maintenance/jobs", **{**body, "title": "no pressure"})
    assert (another[0], another[1]["details"]["error"]) == (422, "JOB_NAMED_OTHERWISE")
    machines.made("POST", "maintenance/jobs/tablet-1/accept", version=1, assignedTo="emp-007")
    outdated = machines.change("POST", "maintenance/jobs/tablet-1/start", version=1)
    assert (outdated[0], outdated[1]["code"]) == (409, "40902")
    cannot = machines.change("POST", "maintenance/jobs/tablet-1/finish", version=2, remedy="x")
    assert (cannot[0], cannot[1]["details"]["error"]) == (422, "JOB_CANNOT")
    started = machines.made("POST", "maintenance/jobs/tablet-1/start", version=2)
    assert machines.made("POST", "maintenance/jobs/tablet-1/start", version=2) == started
    assert machines.made("POST", "maintenance/jobs/tablet-1/finish", version=3, remedy="belt")["state"] == "DONE"
    machines.made("POST", "maintenance/jobs", **{**body, "jobId": "tablet-2"})
    refused = machines.made("POST", "maintenance/jobs/tablet-2/refuse", version=1, remedy="is normal")
    assert (refused["state"], refused["remedy"]) == ("REFUSED", "is normal")
    listed = machines.look("maintenance/jobs", equipmentId="M-1")["items"]
    assert [one["jobId"] for one in listed] == ["tablet-1", "tablet-2"]


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"everyMonths": None}, "PLAN_WITHOUT_INTERVAL"),
        ({"meter": "cycles"}, "PLAN_WITHOUT_INTERVAL"),
        ({"equipmentId": "NONE"}, "EQUIPMENT_NOT_FOUND"),
    ],
)
def test_a_plan_that_cannot_be_is_refused_by_name(machines: Machines, fields: dict[str, Any], error: str) -> None:
    refused = machines.change("PUT", "maintenance/plans/PM-1", **{**PLAN, **fields})
    assert refused[1]["details"]["error"] == error


def test_nobody_plans_or_tells_without_the_right(machines: Machines) -> None:
    reader = a_principal("equipment:read")
    for method, path, body in (
        ("PUT", "equipment/M-1", MACHINE),
        ("POST", "equipment/M-1/states", {"state": "OFF"}),
        ("PUT", "maintenance/plans/PM-1", PLAN),
    ):
        assert machines.call("change_equipment", method, f"{BASE}/{path}", body, caller=reader)[0] == 403


def test_what_equipment_tells_others_fits_its_schemas(machines: Machines) -> None:
    machines.made("POST", "equipment/M-1/states", state="OFF", reason="weekend")
    machines.made("POST", "maintenance/jobs", equipmentId="M-1", title="noise", jobId="tablet-1")
    machines.made("POST", "maintenance/jobs/tablet-1/cancel", version=1, remedy="gone")
    promised = {model.event_type(): model for model in models()}
    for name in ("EquipmentStateChanged", "MaintenanceRequested", "MaintenanceChanged"):
        (event,) = events(name)
        jsonschema_rs.validate(json.loads(schema_of(promised[name])), event["data"], validate_formats=True)
