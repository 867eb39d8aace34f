"""Runbooks through the API: followed from an incident, measured, proved (OPS-13, OPS-14)."""

import json
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from enghub.core import outbox
from enghub.golive.incidents import dynamo
from enghub.golive.incidents.model import broken_at
from enghub.golive.probes.model import Outcome, Probe, Reading
from enghub.golive.runbooks import wiring
from enghub.golive.smoke.model import Report, Scenario, StepResult
from tests.factories import stored
from tests.factories.http import Context, a_principal
from tests.factories.queues import a_batch, failed
from tests.functional.golive.conftest import RIGHTS, Golive

DOWN = {"serviceId": "erp", "title": "Database connection failed", "severity": "P1"}
METRIC = {
    "kind": "metric",
    "url": "https://prometheus.example.com/api/v1/query",
    "query": "errors",
    "measure": "errorRatePercent",
}
CALL = {"name": "promote", "method": "POST", "url": "https://db.example.com/promote"}


class World:
    """What the hub calls: error rates by a probe, answers of scenarios; keys of what was sent."""

    def __init__(self) -> None:
        self.error_rate = "5"
        self.answer = ""
        self.sent: list[str] = []

    def read(self, _: str, probe: Probe) -> Reading:
        if self.error_rate == "away":
            return Reading(Outcome.FAILED, facts={"reason": "nobody answers"})
        return Reading(Outcome.READ, {probe.measure: Decimal(self.error_rate)})

    def run(self, _: str, __: Scenario, values: dict[str, str]) -> Report:
        self.sent.append(values["idempotencyKey"])
        return Report((StepResult("promote", 500 if self.answer else 200, 5, self.answer),))


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    found = World()
    monkeypatch.setattr(wiring, "probes", lambda: found)
    monkeypatch.setattr(wiring, "scenarios", lambda: found)
    return found


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    for one in (wiring.setup, wiring.library, wiring.runs):
        one.cache_clear()
    yield
    for one in (wiring.setup, wiring.library, wiring.runs):
        one.cache_clear()


def following(golive: Golive, runbook: str = "database-primary-down", **incident: Any) -> tuple[str, str]:
    """Return the paths of an incident and of a run."""
    made = golive.data("POST", "/incidents", {**DOWN, **incident})["incidentId"]
    run = golive.data("POST", f"/incidents/{made}/runbook-runs", {"runbookId": runbook})
    return f"/incidents/{made}", f"/runbook-runs/{run['runId']}"


def done(golive: Golive, run: str, *steps: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for step in steps:
        golive.data("POST", f"{run}/steps/{step}/begin")
        golive.now += timedelta(minutes=2)
        found = golive.data("POST", f"{run}/steps/{step}/end", {"passed": True, "result": f"{step} done"})
    return found


def kinds(golive: Golive, incident: str) -> list[str]:
    found = golive.data("GET", f"{incident}/timeline")["items"]
    return [one["kind"] for one in found if one["kind"].startswith("runbook")]


def test_the_four_built_in_runbooks_are_there_with_their_times(golive: Golive) -> None:
    found = golive.data("GET", "/runbooks")["items"]
    assert [(one["runbookId"], one["version"], one["minutes"]) for one in found] == [
        ("database-primary-down", 0, 20),
        ("broker-outage", 0, 45),
        ("memory-leak", 0, 240),
        ("ddos", 0, 60),
    ]
    assert [step["kind"] for step in found[1]["steps"]] == ["manual", "park", "manual", "prove"]
    assert found[0]["recovered"] == "errorRatePercent < 0.1"


def test_every_action_stands_on_the_incidents_timeline(staffed: Golive, world: World) -> None:
    incident, run = following(staffed)
    found = staffed.data("GET", run)
    assert (found["next"]["stepId"], found["next"]["text"]["zh"], found["minutesLeft"]) == ("step-1", "止损", 20)
    found = done(staffed, run, "step-1")
    assert (found["next"]["stepId"], found["minutesLeft"]) == ("step-2", 18)
    staffed.data("POST", f"{run}/steps/step-2/begin")
    staffed.now += timedelta(minutes=3)
    staffed.data("POST", f"{run}/steps/step-2/end", {"passed": False, "result": "standby is behind"})
    done(staffed, run, "step-2")
    staffed.data("POST", f"{run}/steps/step-3/skip", {"reason": "the probe measures it"})
    world.error_rate = "0.1"
    status, told = staffed.refused("POST", f"{run}/recovered", {"probe": METRIC})
    assert (status, told["error"], told["wanted"]) == (422, "RECOVERY_NOT_PROVED", "errorRatePercent < 0.1"), (
        "0.1 is not < 0.1"
    )
    world.error_rate = "0.09"
    found = staffed.data("POST", f"{run}/recovered", {"probe": METRIC})
    assert (found["state"], found["recoveredSeconds"], found["isWithin"], found["proof"]) == (
        *("RECOVERED", 420, True),
        "errorRatePercent 0.09",
    )
    assert found["next"]["stepId"] == "step-4", "causes are looked for afterwards"
    assert kinds(staffed, incident) == [
        "runbook_started",
        *("runbook_step_begun", "runbook_step_done"),
        *("runbook_step_begun", "runbook_step_failed", "runbook_step_begun", "runbook_step_done"),
        "runbook_step_skipped",
        *("runbook_not_recovered", "runbook_recovered"),
    ]
    entries = dynamo.whole_timeline("acme", incident.rpartition("/")[2])
    assert broken_at(entries) is None
    assert {one.by for one in entries if one.kind.startswith("runbook")} == {"lead"}
    (ended,) = stored.events("RunbookEnded")
    assert (ended["data"]["minutes"], ended["data"]["expected_minutes"]) == (7, 20)


def test_a_run_does_not_end_as_recovered_without_a_measure(staffed: Golive, world: World) -> None:
    _, run = following(staffed)
    assert staffed.refused("POST", f"{run}/recovered", {})[1]["error"] == "NO_RECOVERY_PROBE"
    world.error_rate = "0"
    assert staffed.refused("POST", f"{run}/recovered", {"probe": METRIC})[1]["steps"] == "step-1, step-2, step-3"
    done(staffed, run, "step-1", "step-2", "step-3")
    world.error_rate = "away"
    told = staffed.refused("POST", f"{run}/recovered", {"probe": METRIC})[1]
    assert (told["error"], told["measured"]) == ("RECOVERY_NOT_PROVED", "errorRatePercent nobody answers")
    world.error_rate = "NaN"
    assert staffed.refused("POST", f"{run}/recovered", {"probe": METRIC})[0] == 422, "GF15: NaN proves nothing"
    assert staffed.data("GET", run)["state"] == "RUNNING"


def test_limits_are_told_once_and_cancelled_with_their_reason(staffed: Golive) -> None:
    incident, run = following(staffed)
    staffed.data("POST", f"{run}/steps/step-1/begin")
    subject = run[1:].replace("runbook-runs", "runbook")
    assert staffed.due(f"{subject}/step-1", "runbook_step_late") == staffed.now + timedelta(minutes=5)
    assert staffed.wake(f"{subject}/step-1", "runbook_step_late", times=2) == []
    staffed.data("POST", f"{run}/steps/step-1/end", {"passed": True})
    staffed.data("POST", f"{run}/steps/step-2/begin")
    staffed.data("POST", f"{run}/steps/step-2/end", {"passed": True})
    assert staffed.due(f"{subject}/step-2", "runbook_step_late") is None
    assert staffed.wake(subject, "runbook_late", times=2) == []
    told = [
        one["data"] for one in stored.events("NoticeRequested") if one["data"]["notice_type"] == "golive.runbook_late"
    ]
    assert [(one["facts"].get("step", ""), one["facts"]["minutes"]) for one in told] == [
        ("Stop the damage / 止损", 5),
        ("", 20),
    ]
    assert told[0]["users"] == ["lead"]
    assert kinds(staffed, incident)[-1] == "runbook_late"
    other = following(staffed, "ddos")[1]
    staffed.data("POST", f"{other}/abandon", {"reason": "it is the database"})
    assert staffed.due(other[1:].replace("runbook-runs", "runbook"), "runbook_late") is None


def test_an_automatic_step_is_sent_once_under_its_own_key(staffed: Golive, world: World) -> None:
    automatic = {
        "step-2": {"scenario": {"steps": [CALL]}},
        "step-3": {"probe": METRIC, "criteria": [{"measure": "errorRatePercent", "operator": "<", "value": 1}]},
    }
    body = {"recovery": {"probe": METRIC}, "automatic": automatic}
    assert staffed.data("PUT", "/runbooks/database-primary-down", body)["version"] == 1
    _, run = following(staffed)
    world.answer = "status < 400"
    found = staffed.data("POST", f"{run}/steps/step-2/begin")
    assert [(one["state"], one["result"]) for one in found["steps"] if one["step"]["stepId"] == "step-2"] == [
        ("FAILED", "promote: status < 400")
    ]
    world.answer = ""
    staffed.data("POST", f"{run}/steps/step-2/begin")
    number = run.rpartition("/")[2]
    again = staffed.data("POST", f"{run}/steps/step-2/begin")
    assert again["steps"][1]["state"] == "DONE", "whoever began it may not have heard the answer"
    other = a_principal(*RIGHTS, user="bo")
    assert staffed.refused("POST", f"{run}/steps/step-2/begin", caller=other)[0] == 409, "it is done"
    assert world.sent == [f"{number}-step-2-1", f"{number}-step-2-2"]
    found = staffed.data("POST", f"{run}/steps/step-3/begin")
    assert found["steps"][2]["result"] == "errorRatePercent 5; wanted is errorRatePercent < 1"


def test_what_nobody_knows_the_end_of_is_not_sent_again(staffed: Golive, world: World, monkeypatch: Any) -> None:
    body = {"automatic": {"step-2": {"scenario": {"steps": [CALL]}}}}
    staffed.data("PUT", "/runbooks/database-primary-down", body)
    _, run = following(staffed)

    def gone(*_: Any) -> Report:
        raise SystemExit

    monkeypatch.setattr(world, "run", gone)
    with pytest.raises(SystemExit):
        staffed.send("POST", f"{run}/steps/step-2/begin")
    assert staffed.refused("POST", f"{run}/steps/step-2/begin")[1]["error"] == "STEP_UNCERTAIN"
    assert staffed.data("POST", f"{run}/steps/step-2/end", {"passed": True, "result": "it was promoted"})["next"]


def test_a_run_keeps_the_version_that_it_began_with(staffed: Golive) -> None:
    own = {
        "en": "Restart",
        "zh": "重启",
        "minutes": 10,
        "steps": [{"stepId": "one", "en": "Restart it", "zh": "重启服务", "command": "systemctl restart erp"}],
    }
    staffed.data("PUT", "/runbooks/restart", own)
    _, run = following(staffed, "restart")
    more = {**own, "minutes": 15, "version": 1}
    assert staffed.data("PUT", "/runbooks/restart", more)["version"] == 2
    found = staffed.data("GET", run)
    assert (found["runbookVersion"], found["expectedMinutes"], found["next"]["command"]) == (
        1,
        10,
        "systemctl restart erp",
    )
    assert staffed.data("GET", "/runbooks/restart", query={"version": "1"})["minutes"] == 10
    assert staffed.data("GET", "/runbooks/restart")["minutes"] == 15
    assert staffed.refused("PUT", "/runbooks/restart", own)[0] == 409
    staffed.data("DELETE", "/runbooks/restart")
    assert staffed.refused("GET", "/runbooks/restart")[0] == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "en"),
        (
            {
                "en": "x",
                "zh": "某",
                "minutes": 5,
                "steps": [{"stepId": "a", "en": "x", "zh": "某", "kind": "scenario"}],
            },
            "steps.0.scenario",
        ),
        (
            {
                "en": "x",
                "zh": "某",
                "minutes": 5,
                "steps": [{"stepId": "a", "en": "x", "zh": "某", "kind": "probe", "probe": METRIC}],
            },
            "steps.0.criteria",
        ),
        (
            {"en": "x", "zh": "某", "minutes": 5, "steps": [{"stepId": "a", "en": "x", "zh": "某"}] * 2},
            "steps.1.stepId",
        ),
    ],
)
def test_a_runbook_that_cannot_be_followed_is_refused_by_field(golive: Golive, body: Any, field: str) -> None:
    status, told = golive.refused("PUT", "/runbooks/own", body)
    assert (status, told["field"]) == (400, field)


def test_a_page_tells_which_runbook_fits(staffed: Golive) -> None:
    named = {"name": "ERP", "policyId": "standard", "runbooks": ["ddos"], "version": 1}
    staffed.data("PUT", "/services/erp", named)
    made = staffed.data("POST", "/incidents", DOWN)
    (page,) = [one["data"] for one in stored.events("NoticeRequested") if one["data"]["notice_type"] == "golive.page"]
    assert page["facts"]["runbooks"] == "ddos"
    fitting = staffed.data("GET", f"/incidents/{made['incidentId']}/runbooks")["items"]
    assert [one["runbookId"] for one in fitting] == ["ddos", "database-primary-down"]
    unknown = staffed.refused("PUT", "/services/erp", {**named, "runbooks": ["nothing"], "version": 2})
    assert (unknown[0], unknown[1]["error"]) == (404, "RUNBOOK_NOT_FOUND")


def test_an_incident_follows_a_runbook_once_at_a_time(staffed: Golive) -> None:
    incident, run = following(staffed)
    status, told = staffed.refused("POST", f"{incident}/runbook-runs", {"runbookId": "database-primary-down"})
    assert (status, told["runId"]) == (409, run.rpartition("/")[2])
    staffed.data("POST", f"{run}/abandon", {"reason": "another cause"})
    headers = {"Idempotency-Key": "again"}
    again = [
        staffed.data("POST", f"{incident}/runbook-runs", {"runbookId": "database-primary-down"}, headers=headers)[
            "runId"
        ]
        for _ in range(2)
    ]
    assert again[0] == again[1]
    assert len(staffed.data("GET", f"{incident}/runbook-runs")["items"]) == 2


def sent(golive: Golive, *events: dict[str, Any]) -> None:
    """Let events leave the outbox, and their consumer hear them."""
    outbox.remove([one for one in stored.waiting() if one.message_id in {event["event_id"] for event in events}])
    assert failed(golive.handler("confirm_parked")(a_batch(*events), Context())) == []


def test_what_is_heard_before_it_is_noted_as_parked_was_consumed(staffed: Golive) -> None:
    _, run = following(staffed, "broker-outage", title="Kafka broker unreachable")
    early = stored.events()
    assert failed(staffed.handler("confirm_parked")(a_batch(*early), Context())) == []
    staffed.data("POST", f"{run}/steps/step-2/begin")
    sent(staffed, *[one for one in stored.events() if one not in early])
    outbox.remove(stored.waiting())
    assert staffed.data("POST", f"{run}/steps/step-4/begin")["steps"][3]["state"] == "DONE"


def test_parked_is_sent_is_consumed_by_id(staffed: Golive) -> None:
    """GF22: what commits later with an earlier id is on the list like all others."""
    incident, run = following(staffed, "broker-outage", title="Kafka broker unreachable")
    staffed.now += timedelta(minutes=2)
    waiting = staffed.data("GET", "/event-parking")
    assert (waiting["waiting"], waiting["oldestSeconds"], waiting["byType"]["IncidentChanged"]) == (4, 120, 2)
    staffed.data("POST", f"{run}/steps/step-2/begin")
    noted = {one["event_id"] for one in stored.items("PARKED_EVENT")}
    first, *others = [one for one in stored.events() if one["event_id"] in noted]
    sent(staffed, *others)
    found = staffed.data("POST", f"{run}/steps/step-4/begin")["steps"][3]
    assert (found["state"], first["event_id"] in found["result"]) == ("FAILED", True)
    assert found["result"].startswith("parked 5 / sent 4 / consumed 4; missing: ")
    sent(staffed, first, first)
    found = staffed.data("POST", f"{run}/steps/step-4/begin")["steps"][3]
    assert (found["state"], found["result"]) == ("DONE", "parked 5 = sent 5 = consumed 5")
    done(staffed, run, "step-1", "step-3")
    assert staffed.refused("POST", f"{run}/recovered", {})[1]["wanted"] == "parkedEvents == 0", "newer ones wait, too"
    outbox.remove(stored.waiting())
    assert staffed.data("POST", f"{run}/recovered", {})["proof"] == "parkedEvents 0"
    assert json.loads(json.dumps(kinds(staffed, incident)))[-1] == "runbook_recovered"
