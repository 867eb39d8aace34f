"""A roll-out always comes to an end, or to a state from which somebody resumes it, whatever is lost (UPG-11)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from enghub.core.errors import Unavailable
from enghub.upgrade.executions import wiring as executions
from enghub.upgrade.executions.admission import Outcome
from enghub.upgrade.queue.wiring import queue
from enghub.upgrade.rollouts.dynamo import DynamoRollouts
from enghub.upgrade.rollouts.model import MOST_LOSSES
from enghub.upgrade.rollouts.recovery import LOST
from tests.factories.handlers import sample_event
from tests.factories.http import Context
from tests.functional.upgrade.fleet import Fleet, broken
from tests.functional.upgrade.test_queue import later
from tests.functional.upgrade.test_sweep import delete, line


@pytest.fixture
def pass_time(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Move the clock of whoever works without a person."""
    passed = [timedelta(0)]
    monkeypatch.setattr("enghub.upgrade.origin.system_clock", lambda: datetime.now(UTC) + passed[0])

    def pass_(**by: int) -> None:
        passed[0] += timedelta(**by)

    return pass_


def sweep(fleet: Fleet) -> Any:
    return fleet.hub.handler("sweep_rollouts")(sample_event("upgrade", "sweep_rollouts"), Context())


def messages(kind: str) -> int:
    table: Any = boto3.resource("dynamodb").Table("enghub-test-upgrade")
    return sum(item.get("message_type") == kind or item.get("queue") == kind for item in table.scan()["Items"])


TAKEN_UP = {"taken_up": 1, "given_up": 0}
NOTHING = {"taken_up": 0, "given_up": 0}


def test_a_lost_workflow_is_replaced_and_the_rollout_goes_on_to_its_end(
    fleet_of: Fleet, pass_time: Callable[..., None]
) -> None:
    fleet_of.start(siteIds=fleet_of.sites(2), waveSize=1)
    fleet_of.advance()
    pass_time(minutes=14)
    assert sweep(fleet_of) == NOTHING
    pass_time(minutes=2)
    assert (sweep(fleet_of), sweep(fleet_of)) == (TAKEN_UP, NOTHING)
    assert fleet_of.seen["run"] == 2
    assert fleet_of.advance(run=1) == "superseded", "the lost workflow comes back: it does nothing"
    fleet_of.drive()
    assert fleet_of.seen["status"] == "SUCCEEDED"
    pass_time(days=1)
    assert sweep(fleet_of) == NOTHING


def test_a_workflow_that_polls_is_not_taken_for_lost(fleet_of: Fleet, pass_time: Callable[..., None]) -> None:
    fleet_of.start(siteIds=fleet_of.sites(1))
    for _ in range(6):
        pass_time(minutes=6)
        fleet_of.advance()
        assert sweep(fleet_of) == NOTHING
    assert fleet_of.seen["run"] == 1


@pytest.mark.parametrize("rests", ["STOPPED", "WAITING", "PAUSED", "ABORTED", "SUCCEEDED"])
def test_a_rollout_at_rest_needs_no_workflow(fleet_of: Fleet, pass_time: Callable[..., None], rests: str) -> None:
    if rests == "STOPPED":
        broken(fleet_of.hub)
    sites = fleet_of.sites(2)
    waits = rests == "WAITING"
    fleet_of.start(siteIds=sites[:1] if rests == "SUCCEEDED" else sites, waveSize=1, requiresConfirmation=waits)
    fleet_of.advance()
    if rests in {"PAUSED", "ABORTED"}:
        fleet_of.say("pause" if rests == "PAUSED" else "abort")
    fleet_of.drive()
    assert fleet_of.seen["status"] == rests
    assert DynamoRollouts().at_work() == ()
    pass_time(days=30)
    assert sweep(fleet_of) == NOTHING


@pytest.mark.parametrize("verb", ["pause", "abort"])
def test_what_was_begun_is_followed_to_its_end_although_the_workflow_is_lost(
    fleet_of: Fleet, pass_time: Callable[..., None], verb: str
) -> None:
    fleet_of.start(siteIds=fleet_of.sites(2), waveSize=1)
    fleet_of.advance()
    fleet_of.say(verb)
    pass_time(minutes=16)
    assert sweep(fleet_of) == TAKEN_UP
    fleet_of.drive()
    assert fleet_of.statuses() == {"S01": "SUCCEEDED", "S02": "PENDING"}


def test_a_rollout_that_loses_its_workflow_again_and_again_stops_and_can_be_resumed(
    fleet_of: Fleet, pass_time: Callable[..., None]
) -> None:
    fleet_of.start(siteIds=fleet_of.sites(1))
    for _ in range(MOST_LOSSES):
        pass_time(minutes=16)
        assert sweep(fleet_of) == TAKEN_UP
    pass_time(minutes=16)
    assert sweep(fleet_of) == {"taken_up": 0, "given_up": 1}
    seen = fleet_of.seen
    assert (seen["status"], seen["reason"], seen["nextAction"][-7:]) == ("STOPPED", LOST.en, "/resume")
    assert messages("RolloutStopped") == 1, "people are told"
    pass_time(days=1)
    assert sweep(fleet_of) == NOTHING
    fleet_of.say("resume")
    fleet_of.drive()
    assert fleet_of.seen["status"] == "SUCCEEDED"


def test_after_a_fault_what_was_begun_is_still_followed(fleet_of: Fleet, pass_time: Callable[..., None]) -> None:
    fleet_of.start(siteIds=fleet_of.sites(1))
    fleet_of.advance()
    fleet_of.advance(fault="States.Timeout")
    assert (fleet_of.seen["status"], fleet_of.statuses()) == ("STOPPED", {"S01": "RUNNING"})
    pass_time(minutes=16)
    assert sweep(fleet_of) == TAKEN_UP
    fleet_of.drive()
    assert (fleet_of.seen["status"], fleet_of.statuses()) == ("STOPPED", {"S01": "SUCCEEDED"})
    fleet_of.say("resume")
    fleet_of.drive()
    assert fleet_of.seen["status"] == "SUCCEEDED"


def test_a_site_whose_execution_is_gone_has_failed_and_is_upgraded_anew(fleet_of: Fleet) -> None:
    fleet_of.start(siteIds=fleet_of.sites(1))
    fleet_of.advance()
    first = fleet_of.seen["siteProgress"][0]["executionId"]
    delete(first)
    fleet_of.drive()
    seen = fleet_of.seen
    assert (seen["status"], seen["siteProgress"][0]["reason"]) == (
        "STOPPED",
        "The site's execution is not stored any more",
    )
    assert executions.admission().repair(later()) == Outcome(1)
    fleet_of.say("resume")
    fleet_of.advance()
    assert executions.admission().admit(later(minutes=6)) == Outcome(1), "after the lease of the one that is gone"
    fleet_of.drive()
    site = fleet_of.seen["siteProgress"][0]
    assert (site["status"], site["executionId"] != first) == ("SUCCEEDED", True)


def test_an_execution_that_is_gone_before_anybody_recorded_it_is_no_fault(
    fleet_of: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet_of.start(siteIds=fleet_of.sites(1))
    fleet_of.dies_before_recording(monkeypatch)
    (holder,) = line().slots.holders
    delete(holder)
    assert fleet_of.advance() == "more"
    assert (fleet_of.seen["status"], fleet_of.statuses()) == ("STOPPED", {"S01": "FAILED"})


def test_a_site_that_waits_too_long_in_the_queue_is_withdrawn_and_has_failed(
    fleet_of: Fleet, pass_time: Callable[..., None]
) -> None:
    names = fleet_of.sites(2)
    queue().set_limit(line().kept, 1, later())
    fleet_of.start(siteIds=names, waveSize=2, maxQueueSeconds=3600, maxFailureRate=0.5)
    fleet_of.advance()
    waits = next(row for row in fleet_of.seen["siteProgress"] if row["executionId"] not in line().slots.holders)
    pass_time(minutes=59)
    fleet_of.advance()
    assert fleet_of.statuses()[waits["siteId"]] == "RUNNING"
    pass_time(minutes=2)
    fleet_of.advance()
    seen = next(row for row in fleet_of.seen["siteProgress"] if row["siteId"] == waits["siteId"])
    assert seen["status"] == "FAILED"
    assert seen["reason"].startswith("Withdrawn: it waited in the queue for over 3600 s (maxQueueSeconds)")
    assert fleet_of.hub.status(waits["executionId"])["status"] == "ABORTED"
    assert line().tickets == ()
    fleet_of.work()
    fleet_of.drive()
    assert fleet_of.seen["status"] == "SUCCEEDED", "one of two is within the limit"


def test_a_rollout_that_cannot_be_read_keeps_no_other_from_being_taken_up(
    fleet_of: Fleet, pass_time: Callable[..., None]
) -> None:
    names = fleet_of.sites(2)
    fleet_of.start(siteIds=names[:1])
    table: Any = boto3.resource("dynamodb").Table("enghub-test-upgrade")
    keys = {"pk": f"T#acme#ROLLOUT#{fleet_of.rollout_id}", "sk": "ROLLOUT"}
    assert "Item" in table.get_item(Key=keys)
    table.update_item(Key=keys, UpdateExpression="SET body = :b", ExpressionAttributeValues={":b": "{}"})
    fleet_of.start(siteIds=names[1:])
    pass_time(minutes=16)
    with pytest.raises(Unavailable):
        sweep(fleet_of)
    assert fleet_of.seen["run"] == 2


def test_a_rollback_whose_worker_is_gone_ends_and_the_rollout_with_it(fleet_of: Fleet) -> None:
    broken(fleet_of.hub)
    fleet_of.start(siteIds=fleet_of.sites(1))
    fleet_of.advance()
    execution_id = fleet_of.seen["siteProgress"][0]["executionId"]
    fleet_of.work()
    fleet_of.hub.roll_back(execution_id)
    fleet_of.advance()
    assert fleet_of.statuses() == {"S01": "RUNNING"}
    assert line().slots.holders == frozenset(), "a rollback needs no slot, so nobody would look at it"
    assert executions.admission().repair(later(minutes=8), [execution_id]) == Outcome(1)
    fleet_of.drive()
    assert fleet_of.hub.status(execution_id)["status"] == "ROLLBACK_FAILED"
    assert (fleet_of.seen["status"], fleet_of.statuses()) == ("STOPPED", {"S01": "FAILED"})
