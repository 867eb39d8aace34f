"""Fleet roll-outs through the handlers: canaries, waves, the stop rule, people, and crashes (UPG-11)."""

import json
from typing import Any

import boto3
import pytest

from enghub.core.config import CoreConfig, load
from enghub.kit.runs import history
from enghub.upgrade.queue.wiring import queue
from enghub.upgrade.rollouts import workflow
from tests.factories.handlers import sample_event
from tests.factories.http import Context
from tests.factories.upgrade import baseline
from tests.functional.upgrade.fleet import BASE, WORKS, Fleet, broken


def test_the_canary_goes_first_and_the_rest_follows_in_waves(fleet_of: Fleet) -> None:
    names = fleet_of.sites(4)
    fleet_of.start(siteIds=names, canaries=["S03"], waveSize=2)
    begun = []
    for _ in range(3):
        fleet_of.advance()
        begun.append(sorted(name for name, status in fleet_of.statuses().items() if status == "RUNNING"))
        fleet_of.work()
        assert fleet_of.advance() in {"more", "rest"}
    assert begun == [["S03"], ["S01", "S02"], ["S04"]]
    seen = fleet_of.seen
    assert seen["status"] == "SUCCEEDED"
    assert [(wave["canary"], wave["succeeded"]) for wave in seen["progress"]] == [(True, 1), (False, 2), (False, 1)]
    listed = fleet_of.hub.send("read_rollouts", "GET", BASE)[1]["data"]["items"]
    assert [found["rolloutId"] for found in listed] == [fleet_of.rollout_id]


def test_a_failed_canary_stops_and_a_resume_tries_it_again(fleet_of: Fleet) -> None:
    broken(fleet_of.hub)
    fleet_of.start(siteIds=fleet_of.sites(3), canaries=["S01"], maxFailureRate=1)
    fleet_of.advance()
    fleet_of.work()
    fleet_of.advance()
    seen = fleet_of.seen
    assert seen["status"] == "STOPPED"
    assert seen["reason"] == "Wave 1: 1 of 1 sites failed (100%, limit 0%): S01"
    assert fleet_of.statuses() == {"S01": "FAILED", "S02": "PENDING", "S03": "PENDING"}
    fleet_of.sql("CREATE TABLE missing (n INTEGER)")
    fleet_of.say("resume")
    first = seen["siteProgress"][0]["executionId"]
    fleet_of.drive()
    seen = fleet_of.seen
    assert (seen["status"], set(fleet_of.statuses().values())) == ("SUCCEEDED", {"SUCCEEDED"})
    assert (seen["siteProgress"][0]["executionId"], seen["siteProgress"][0]["attempt"]) == (first, 2)


def test_a_rate_within_the_limit_goes_on_and_above_it_stops(fleet_of: Fleet) -> None:
    names = fleet_of.sites(4)
    fleet_of.hub.site("OLD", version="1.0.0")
    fleet_of.start(siteIds=["OLD", *names], waveSize=3, maxFailureRate=0.34)
    fleet_of.advance()
    assert fleet_of.statuses()["OLD"] == "FAILED"
    fleet_of.work()
    fleet_of.advance()
    assert (fleet_of.seen["wave"], fleet_of.seen["progress"][0]["failureRate"]) == (2, pytest.approx(1 / 3))
    fleet_of.start(siteIds=["OLD", names[3]], waveSize=2, maxFailureRate=0.34)
    fleet_of.advance()
    assert fleet_of.seen["reason"] == "Wave 1: 1 of 2 sites failed (50%, limit 34%): OLD"


def test_sites_at_the_target_are_skipped_with_the_reason(fleet_of: Fleet) -> None:
    fleet_of.hub.site("NEW", version="2.17.0", tags={"region": "eu"})
    fleet_of.hub.site("SAME", version="2.16.5", tags={"region": "eu", "ring": "2"})
    fleet_of.hub.site("OTHER", tags={"region": "us"})
    fleet_of.start(tags={"region": "eu"})
    assert fleet_of.advance() == "rest"
    seen = fleet_of.seen
    assert seen["status"] == "SUCCEEDED"
    assert {row["siteId"]: row["reason"] for row in seen["siteProgress"]} == {
        "NEW": "The site runs 2.17.0 already",
        "SAME": "The site runs 2.16.5 already",
    }


def test_a_crash_between_starting_and_recording_starts_nothing_twice(
    fleet_of: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet_of.start(siteIds=fleet_of.sites(2))

    fleet_of.dies_before_recording(monkeypatch)
    assert fleet_of.statuses() == {"S01": "PENDING", "S02": "PENDING"}
    started = fleet_of.hub.send("read_upgrades", "GET", "/api/v1/upgrade/executions")[1]["data"]["items"]
    assert [found["siteId"] for found in started] == ["S01"]
    fleet_of.hub.work(started[0]["executionId"])  # it even ends before anybody has recorded it
    fleet_of.advance()
    fleet_of.work()
    fleet_of.advance()
    assert (fleet_of.seen["status"], set(fleet_of.statuses().values())) == ("SUCCEEDED", {"SUCCEEDED"})
    after = fleet_of.hub.send("read_upgrades", "GET", "/api/v1/upgrade/executions")[1]["data"]["items"]
    assert sorted(found["siteId"] for found in after) == ["S01", "S02"]


def test_a_crash_between_resuming_and_recording_resumes_once(fleet_of: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    broken(fleet_of.hub)
    fleet_of.start(siteIds=fleet_of.sites(1))
    fleet_of.drive()
    assert fleet_of.seen["status"] == "STOPPED"
    fleet_of.sql("CREATE TABLE missing (n INTEGER)")
    fleet_of.say("resume")
    fleet_of.dies_before_recording(monkeypatch)
    fleet_of.drive()
    site = fleet_of.seen["siteProgress"][0]
    assert (site["status"], site["attempt"]) == ("SUCCEEDED", 2)
    assert fleet_of.hub.status(site["executionId"])["run"] == 2


def test_a_site_that_was_rolled_back_is_upgraded_anew(fleet_of: Fleet) -> None:
    broken(fleet_of.hub)
    fleet_of.start(siteIds=fleet_of.sites(1), onFailure="rollback")
    fleet_of.advance()
    first = fleet_of.seen["siteProgress"][0]["executionId"]
    fleet_of.work()
    assert fleet_of.advance() == "more"
    assert fleet_of.hub.work_back(first) == "ROLLED_BACK"
    fleet_of.drive()
    assert fleet_of.seen["status"] == "STOPPED"
    fleet_of.hub.upload(baseline(upgrade_steps={"startup_pre_process": [WORKS]}), {"s.sql": "SELECT 1"})
    fleet_of.say("resume")
    fleet_of.drive()
    site = fleet_of.seen["siteProgress"][0]
    assert (site["status"], site["executionId"] != first) == ("SUCCEEDED", True)


def test_a_confirmation_is_awaited_before_the_next_wave(fleet_of: Fleet) -> None:
    fleet_of.start(siteIds=fleet_of.sites(2), waveSize=1, requiresConfirmation=True)
    fleet_of.advance()
    fleet_of.work()
    assert fleet_of.advance() == "rest"
    assert (fleet_of.seen["status"], fleet_of.seen["nextAction"][-8:]) == ("WAITING", "/confirm")
    assert fleet_of.advance() == "rest"
    assert fleet_of.say("resume", 409)["details"]["error"] == "UPGRADE_EXECUTION_ERROR"
    fleet_of.say("confirm")
    assert fleet_of.advance(run=1) == "superseded"
    fleet_of.advance()
    assert fleet_of.statuses()["S02"] == "RUNNING"


def test_the_pause_between_waves_is_kept(fleet_of: Fleet) -> None:
    fleet_of.start(siteIds=fleet_of.sites(2), waveSize=1, pauseSeconds=7200)
    fleet_of.advance()
    fleet_of.work()
    fleet_of.advance()
    task = {"rolloutId": fleet_of.rollout_id, "run": 1, "events": 0}
    assert fleet_of.hub.task("advance_rollout", **task) == {"outcome": "more", "waitSeconds": workflow.LONGEST_WAIT}
    assert fleet_of.statuses()["S02"] == "PENDING"


def test_a_paused_rollout_starts_nothing_until_it_is_resumed(fleet_of: Fleet) -> None:
    fleet_of.start(siteIds=fleet_of.sites(2), waveSize=1)
    fleet_of.advance()
    fleet_of.say("pause")
    assert fleet_of.advance() == "more"
    fleet_of.work()
    assert fleet_of.advance() == "rest"
    assert fleet_of.statuses() == {"S01": "SUCCEEDED", "S02": "PENDING"}
    fleet_of.say("resume")
    fleet_of.advance()
    fleet_of.advance()
    assert fleet_of.statuses()["S02"] == "RUNNING"


def test_an_abort_withdraws_what_is_queued_and_follows_what_runs(fleet_of: Fleet) -> None:
    fleet_of.start(siteIds=fleet_of.sites(7), waveSize=7)
    fleet_of.advance()
    queued = [t.execution_id for t in queue().line("acme").tickets]
    assert (len(queue().line("acme").slots.holders), len(queued)) == (5, 2)
    fleet_of.say("abort")
    assert fleet_of.advance() == "more"
    assert sorted(fleet_of.statuses().values()) == ["RUNNING"] * 5 + ["SKIPPED"] * 2
    assert [fleet_of.hub.status(execution_id)["status"] for execution_id in queued] == ["ABORTED"] * 2
    fleet_of.work()
    assert fleet_of.advance() == "rest"
    assert fleet_of.seen["status"] == "ABORTED"
    assert fleet_of.say("resume", 409)["details"]["error"] == "UPGRADE_EXECUTION_ERROR"


def test_a_long_history_goes_on_in_a_fresh_run_and_a_broken_one_stops(fleet_of: Fleet) -> None:
    fleet_of.start(siteIds=fleet_of.sites(1))
    assert fleet_of.advance(events=history.FULL) == "superseded"
    assert fleet_of.seen["run"] == 2
    assert fleet_of.advance(fault="States.TaskFailed: out of memory") == "rest"
    assert fleet_of.seen["reason"] == "The workflow broke: States.TaskFailed: out of memory"


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ({"siteIds": ["NOWHERE"]}, 404, "CONFIGURATION_NOT_FOUND"),
        ({"siteIds": ["S01"], "canaries": ["S02"]}, 422, "CANARY_OUTSIDE"),
        ({"tags": {"region": "mars"}}, 422, "NO_SITES"),
        ({}, 400, "VALIDATION_ERROR"),
        ({"siteIds": ["S01"], "tags": {"region": "eu"}}, 400, "VALIDATION_ERROR"),
        ({"siteIds": ["S01"], "maxFailureRate": 1.5}, 400, "VALIDATION_ERROR"),
    ],
)
def test_a_rollout_that_makes_no_sense_is_refused(fleet_of: Fleet, body: Any, status: int, error: str) -> None:
    fleet_of.sites(2)
    assert fleet_of.start(status, **body)["details"]["error"] == error


def test_what_happens_is_published_and_audited(fleet_of: Fleet) -> None:
    fleet_of.start(siteIds=fleet_of.sites(1))
    fleet_of.advance()
    fleet_of.work()
    fleet_of.advance()
    items = boto3.client("dynamodb").scan(TableName=load(CoreConfig).table_name)["Items"]
    text = str(items)
    for event in ("RolloutStarted", "RolloutWaveCompleted", "RolloutSucceeded"):
        assert event in text
    for action in ("rollout.start", "rollout.succeed"):
        assert action in text


def test_the_functions_take_their_samples(fleet_of: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = fleet_of.hub
    hub.site("EU")
    answer = hub.handler("change_rollout")(sample_event("upgrade", "change_rollout"), Context())
    assert answer["statusCode"] == 202, answer
    again = hub.handler("change_rollout")(sample_event("upgrade", "change_rollout"), Context())
    assert json.loads(again["body"])["data"] == json.loads(answer["body"])["data"]
    read = hub.handler("read_rollouts")(sample_event("upgrade", "read_rollouts"), Context())
    assert read["statusCode"] == 404
    machine = boto3.client("stepfunctions").create_state_machine(
        name="fleet",
        definition='{"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}',
        roleArn="arn:aws:iam::123456789012:role/x",
    )["stateMachineArn"]
    monkeypatch.setenv("STATE_MACHINE_ARN_ROLL_OUT_FLEET", machine)
    for _ in range(2):
        taken = hub.handler("launch_rollout")(sample_event("upgrade", "launch_rollout"), Context())
        assert taken == {"batchItemFailures": []}
    assert len(boto3.client("stepfunctions").list_executions(stateMachineArn=machine)["executions"]) == 1
