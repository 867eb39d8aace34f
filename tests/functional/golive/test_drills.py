"""Drills through the API: real payloads through the real intake, never against production (OPS-16)."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from enghub.golive.actions import wiring as actions
from enghub.golive.drills import wiring
from tests.factories import stored
from tests.factories.http import a_principal
from tests.functional.golive.conftest import RIGHTS, STANDARD, Golive, integrated
from tests.functional.golive.test_incidents import declared
from tests.functional.golive.test_runbooks import following

ANA = a_principal(*RIGHTS, user="ana")
WINDOW = {"firstDay": "2026-12-01", "lastDay": "2026-12-04"}
DRILL = {"kind": "EVERYBODY", "scenario": "database-failure", "participants": ["ana", "bo"], **WINDOW}


@pytest.fixture
def range_(staffed: Golive) -> Iterator[Golive]:
    """A test environment with an integration; the service ``erp`` is production."""
    for one in (wiring.drills, wiring.drill_plans, actions.actions):
        one.cache_clear()
    staffed.data("PUT", "/services/erp-test", {"name": "ERP test", "policyId": "standard", "environment": "TEST"})
    yield staffed
    for one in (wiring.drills, wiring.drill_plans, actions.actions):
        one.cache_clear()


def planned(golive: Golive, protocol: str = "ALERTMANAGER", **more: Any) -> dict[str, Any]:
    integrated(golive, protocol, serviceId="erp-test")
    return golive.data("POST", "/drills", {**DRILL, "integrationId": protocol.lower(), **more})


def begun(golive: Golive, drill: dict[str, Any]) -> dict[str, Any]:
    assert golive.wake(f"drill/{drill['drillId']}", "drill_begin", times=2) == [], "delivered twice"
    return golive.data("GET", f"/drills/{drill['drillId']}")


def told(kind: str) -> list[list[str]]:
    found = [one["data"] for one in stored.events("NoticeRequested")]
    return [one["users"] for one in found if one["notice_type"] == f"golive.{kind}"]


def test_an_unannounced_drill_is_drawn_once_and_hidden_from_who_takes_part(range_: Golive) -> None:
    integrated(range_, "ALERTMANAGER", serviceId="erp-test")
    body, headers = {**DRILL, "integrationId": "alertmanager", "unannounced": True}, {"Idempotency-Key": "q1"}
    made = [range_.data("POST", "/drills", body, headers=headers) for _ in range(2)]
    assert made[0] == made[1]
    assert (made[0]["startsAt"], made[0]["state"]) == (None, "PLANNED"), "not even the planner reads it"
    assert told("drill_planned") == []
    path = f"/drills/{made[0]['drillId']}"
    assert range_.refused("GET", path, caller=ANA)[0] == 404
    assert range_.data("GET", "/drills", caller=ANA)["items"] == []
    assert range_.refused("POST", f"{path}/cancel", {"reason": "no time"}, caller=ANA)[0] == 404
    at = range_.due(path[1:].replace("drills", "drill"), "drill_begin")
    assert at is not None
    assert made[0]["windowStart"] <= at.isoformat().replace("+00:00", "Z") < made[0]["windowEnd"]
    assert begun(range_, made[0])["startsAt"] is not None
    assert range_.data("GET", path, caller=ANA)["state"] == "RUNNING"


@pytest.mark.parametrize("protocol", ["ALERTMANAGER", "PROMETHEUS", "PAGERDUTY", "OPSGENIE", "CLOUDWATCH"])
def test_the_payload_of_every_protocol_opens_an_incident_and_pages(range_: Golive, protocol: str) -> None:
    drill = planned(range_, protocol)
    assert told("drill_planned") == [["ana", "bo"]]
    found = begun(range_, drill)
    incident = range_.data("GET", f"/incidents/{found['incidentId']}")
    assert (incident["serviceId"], incident["title"]) == ("erp-test", "The primary database fails")
    assert range_.pages() == [["ana"]], "once, although it was woken twice"
    assert len(stored.items("INCIDENT")) == 1


def test_a_drill_is_measured_scored_and_its_findings_are_tracked(range_: Golive) -> None:
    found = begun(range_, planned(range_))
    incident, path = f"/incidents/{found['incidentId']}", f"/drills/{found['drillId']}"
    range_.now += timedelta(minutes=4)
    range_.data("POST", f"{incident}/acknowledge", caller=ANA)
    run = range_.data("POST", f"{incident}/runbook-runs", {"runbookId": "database-primary-down"})
    for step in ("step-1", "step-2"):
        range_.now += timedelta(minutes=1)
        range_.data("POST", f"/runbook-runs/{run['runId']}/steps/{step}/begin")
        range_.data("POST", f"/runbook-runs/{run['runId']}/steps/{step}/end", {"passed": True})
    range_.data("POST", f"{incident}/updates", {"text": "failing over"})
    range_.now += timedelta(minutes=12)
    range_.data("POST", f"{incident}/resolve", {"text": "it is back"})
    done = range_.data("POST", f"{path}/end")
    assert done["measures"] == {"toPage": 0, "toAcknowledge": 240, "toMitigate": 1080, "toResolve": 1080}
    assert {name: one["points"] for name, one in done["scores"].items()} == {
        "response": 100,
        "correctness": 50,
        "communication": 100,
        "resolution": 50,
    }
    assert done["scores"]["resolution"]["why"] == "resolved, recovery was not proved"
    judged = range_.data("PUT", f"{path}/scores/correctness", {"points": 80, "why": "by telephone"})
    assert (judged["scores"]["correctness"]["by"], judged["total"]) == ("lead", 82)
    finding = {"title": "the standby was not known", "owner": "bo", "dueAt": "2027-01-15T00:00:00Z"}
    headers = {"Idempotency-Key": "finding-1"}
    made = [range_.data("POST", f"{path}/findings", finding, headers=headers) for _ in range(2)]
    assert made[0] == made[1]
    assert (made[0]["about"], range_.data("GET", path)["findings"]) == (path[1:].replace("drills", "drill"), 1)
    assert [one["data"]["score"] for one in stored.events("DrillEnded")] == [75]


def test_a_drill_is_in_no_figure_report_or_replay(range_: Golive) -> None:
    """Acknowledged after a minute and over after two; beside it an incident that took 30 and 60."""
    range_.now = range_.now.replace(day=30)
    real = declared(range_)
    range_.now += timedelta(minutes=30)
    range_.data("POST", f"/incidents/{real}/acknowledge")
    range_.now += timedelta(minutes=30)
    range_.data("POST", f"/incidents/{real}/resolve", {"text": "restarted"})
    found = begun(range_, planned(range_))
    path = f"/incidents/{found['incidentId']}"
    range_.now += timedelta(minutes=1)
    range_.data("POST", f"{path}/acknowledge", caller=ANA)
    range_.now += timedelta(minutes=1)
    range_.data("POST", f"{path}/resolve", {"text": "it is back"})
    assert range_.data("GET", path)["drillId"] == found["drillId"]
    assert range_.data("GET", f"/incidents/{real}")["drillId"] is None
    assert range_.data("GET", f"{path}/post-mortem")["minutesBroken"] == 2, "its own review has its figures"

    def figures(one: dict[str, Any]) -> tuple[Any, ...]:
        return one["count"], one["mttaSeconds"], one["mttrSeconds"], one["resolved"], one["drills"]

    assert figures(range_.data("GET", "/incident-statistics")) == (1, 1800, 3600, 1, 1)
    report = range_.data("GET", "/operations-reports/weekly", query={"day": "2026-12-01"})
    assert figures(report["figures"]) == (1, 1800, 3600, 1, 1)
    assert report["byService"] == {"erp": 1}
    assert (report["breaches"], report["withoutCause"]) == ({}, [real])
    assert report["woken"] == [{"user": "ana", "pages": 1, "atNight": 0}]
    assert report["text"].splitlines()[-1] == "drills, in none of these figures: 1"
    period = {"from": "2026-11-30T00:00:00Z", "to": "2026-12-05T00:00:00Z", "policy": STANDARD}
    assert [one["incidentId"] for one in range_.data("POST", "/replays", period)["items"]] == [real]


def test_its_beginning_and_end_are_told_to_whatever_makes_load_and_faults(range_: Golive) -> None:
    found = begun(range_, planned(range_, scenario="load-with-faults", kind="TEAM"))
    range_.data("POST", f"/drills/{found['drillId']}/end")
    said = [one["data"] for one in stored.events("NoticeRequested")]
    for kind in ("golive.drill_begun", "golive.drill_ended"):
        (one,) = [notice for notice in said if notice["notice_type"] == kind]
        facts = one["facts"]
        assert (facts["scenario_id"], facts["drill_id"]) == ("load-with-faults", found["drillId"])


def test_against_production_it_is_refused_when_planned_and_when_it_begins(range_: Golive) -> None:
    integrated(range_, "OPSGENIE")
    status, details = range_.refused("POST", "/drills", {**DRILL, "integrationId": "opsgenie"})
    assert (status, details["error"], details["environment"]) == (422, "AGAINST_PRODUCTION", "PRODUCTION")
    drill = planned(range_)
    routed = {"name": "am", "protocol": "ALERTMANAGER", "serviceId": "erp-test", "version": 1}
    routes = [{"labels": {"severity": "critical"}, "serviceId": "erp"}]
    range_.data("PUT", "/integrations/alertmanager", {**routed, "routes": routes})
    found = begun(range_, drill)
    assert (found["state"], found["incidentId"], "PRODUCTION" in found["reason"]) == ("REFUSED", None, True)
    assert (stored.items("INCIDENT"), range_.pages()) == ([], [])


def test_a_drill_does_not_hide_in_an_open_incident(range_: Golive) -> None:
    first, second = (planned(range_), range_.data("POST", "/drills", {**DRILL, "integrationId": "alertmanager"}))
    begun(range_, first)
    assert begun(range_, second)["state"] == "REFUSED"


def test_one_that_nobody_ends_ends_by_itself(range_: Golive) -> None:
    found = begun(range_, planned(range_))
    assert range_.wake(f"drill/{found['drillId']}", "drill_end", times=2) == []
    done = range_.data("GET", f"/drills/{found['drillId']}")
    assert (done["state"], done["measures"]["toResolve"], done["scores"]["response"]["points"]) == ("DONE", None, 0)


def test_ones_own_payload_must_fire_as_its_protocol_says(range_: Golive) -> None:
    integrated(range_, "PAGERDUTY", serviceId="erp-test")
    body = {**DRILL, "integrationId": "pagerduty", "payload": {"event_action": "resolve", "dedup_key": "x"}}
    status, details = range_.refused("POST", "/drills", body)
    assert (status, details["field"]) == (400, "payload")
    own = {"event_action": "trigger", "payload": {"summary": "disk full", "source": "db1", "severity": "critical"}}
    found = begun(range_, range_.data("POST", "/drills", {**body, "payload": own}))
    assert range_.data("GET", f"/incidents/{found['incidentId']}")["title"] == "disk full"


def test_a_plan_makes_each_months_drills_once(range_: Golive) -> None:
    integrated(range_, "ALERTMANAGER", serviceId="erp-test")
    plan = {
        "integrationId": "alertmanager",
        "startsOn": "2026-10-31",
        "hours": {"zone": "Asia/Shanghai"},
        "everybody": ["ana", "bo", "cy"],
        "teams": [{"teamId": "dba", "participants": ["ana"]}],
    }
    range_.data("PUT", "/drill-plans/main", plan)
    assert range_.wake("drill-plan/main", "drill_plan", times=2) == []
    assert range_.wake("drill-plan/main", "drill_plan", times=2) == []
    found = range_.data("GET", "/drills")["items"]
    assert [(one["kind"], one["windowStart"][:7], one["unannounced"]) for one in found[:2]].count(
        ("EVERYBODY", "2027-01", True)
    ) == 1
    assert sorted(one["kind"] for one in found) == ["EVERYBODY", "TEAM", "TEAM"]
    assert told("drill_planned") == [["ana"], ["ana"]]
    assert begun(range_, found[-1])["state"] == "RUNNING"
    assert told("drill_begun") == [[]], "nobody in person, and whatever a rule adds"
    range_.now += timedelta(days=70)
    assert range_.wake("drill-plan/main", "drill_plan") == [], "a month that is over has no drills"
    assert len(range_.data("GET", "/drills")["items"]) == 3
    range_.data("DELETE", "/drill-plans/main")
    assert range_.due("drill-plan/main", "drill_plan") is None
    eve = {"integrationId": "alertmanager", "user": "eve", "startedOn": "2027-04-05"}
    made = range_.data("POST", "/drill-newcomers", eve)
    assert (made["kind"], made["windowStart"][:10]) == ("NEWCOMER", "2027-04-12")


def test_a_run_belongs_to_its_own_incident(range_: Golive) -> None:
    """A runbook followed elsewhere says nothing of a drill."""
    following(range_)
    found = begun(range_, planned(range_))
    done = range_.data("POST", f"/drills/{found['drillId']}/end")
    assert done["scores"]["correctness"]["why"] == "the runbook database-primary-down was not followed"
