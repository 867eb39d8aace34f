"""What may follow what: executions, steps and the site's lock (UPG-07, UPG-08, UPG-10)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enghub.upgrade.executions.errors import CannotAbort, CannotResume, NothingToConfirm, SiteBusy
from enghub.upgrade.executions.lock import SiteLock
from enghub.upgrade.executions.model import Status
from enghub.upgrade.executions.report import report_of
from enghub.upgrade.executions.step import Problem, StepRecord, StepStatus, first_unfinished
from enghub.upgrade.phases import Stage
from tests.factories.upgrade import NOW, execution, records, step

LEASE = timedelta(minutes=5)
WHY = Problem("why", "原因")


def record(**keys: Any) -> StepRecord:
    return records({Stage.POST_UPGRADE: [step("enghub.SqlScripts", **keys)]}, {"a.sql": "hash"})[0]


def test_only_what_stopped_can_be_resumed() -> None:
    free = SiteLock("EU")
    held = free.take("01EXECUTION", LEASE, NOW)
    stopped = execution(1).fail(WHY, record(), NOW)
    assert (stopped.resume(free, None, NOW).run, stopped.resume(free, None, NOW).status) == (2, Status.PENDING)
    with pytest.raises(CannotResume):
        execution(1, status=Status.RUNNING).resume(held, None, NOW)
    with pytest.raises(CannotResume):
        execution(1).succeed(NOW).resume(free, None, NOW)


def test_an_execution_whose_worker_is_gone_can_be_resumed() -> None:
    held = SiteLock("EU").take("01EXECUTION", LEASE, NOW)
    assert execution(1, status=Status.RUNNING).resume(held, None, NOW + 2 * LEASE).run == 2


def test_what_ended_cannot_be_aborted() -> None:
    assert execution(1, status=Status.RUNNING).request_abort().abort_requested
    with pytest.raises(CannotAbort):
        execution(1).succeed(NOW).request_abort()


def test_the_breakpoint_holds_what_is_needed_to_go_on() -> None:
    begun = record().begin(1, NOW).slice_ended({"part": 2}, None, 10)
    found = execution(1).fail(WHY, begun, NOW).breakpoint
    assert found is not None
    assert (found.step, found.attempts, found.cursor) == ("2.16.5/step", 1, {"part": 2})


def test_a_retryable_failure_is_tried_again_as_often_as_declared() -> None:
    current = record(retry_count=2)
    outcomes = []
    for _ in range(3):
        current = current.begin(1, NOW).failed(WHY, {}, 5, NOW, retryable=True)
        outcomes.append(current.status)
    assert outcomes == [StepStatus.PENDING, StepStatus.PENDING, StepStatus.FAILED]


def test_a_new_run_begins_to_count_again_and_keeps_its_cursor() -> None:
    failed = record().begin(1, NOW).slice_ended({"part": 1}, None, 900).failed(WHY, {}, 5, NOW, retryable=False)
    again = failed.begin(2, NOW)
    assert (again.attempts, again.active_milliseconds, again.cursor) == (1, 0, {"part": 1})


def test_slices_of_one_attempt_are_no_new_attempts() -> None:
    current = record().begin(1, NOW)
    for _ in range(5):
        current = current.slice_ended({"n": 1}, None, 10).begin(1, NOW)
    assert (current.attempts, current.active_milliseconds) == (1, 50)


def test_a_step_that_is_not_required_is_passed_over() -> None:
    current = record(required=False).begin(1, NOW).failed(WHY, {}, 5, NOW, retryable=False)
    assert current.status is StepStatus.SKIPPED
    assert first_unfinished([current]) is None


def test_only_a_waiting_step_can_be_confirmed() -> None:
    waiting = record(requires_confirmation=True).await_confirmation()
    assert not waiting.confirm("ada").needs_confirmation
    with pytest.raises(NothingToConfirm):
        record().confirm("ada")


moves = st.lists(st.tuples(st.sampled_from(["a", "b"]), st.integers(0, 20), st.booleans()), max_size=30)


@given(moves)
def test_the_lock_has_one_owner_and_a_token_that_only_grows(wanted: list[tuple[str, int, bool]]) -> None:
    lock, now, tokens = SiteLock("EU"), NOW, [0]
    for who, minutes, release in wanted:
        now += timedelta(minutes=minutes)
        busy = lock.is_held(now) and lock.owner != who
        if release:
            lock = lock.release()
            continue
        try:
            lock = lock.take(who, LEASE, now)
        except SiteBusy:
            assert busy
            continue
        assert not busy
        assert lock.owner == who
        tokens.append(lock.token)
    assert tokens == sorted(set(tokens))


def test_the_report_is_computed_from_the_records() -> None:
    result = {"checks": {"outcome": "pass", "checks": [{"id": "a", "outcome": "pass"}]}}
    done = record().begin(1, NOW).succeed(result, None, 1500, NOW + timedelta(seconds=2))
    ended = replace(execution(1).begin(1, NOW).succeed(NOW + timedelta(seconds=3)), completed_steps=1)
    report = report_of(ended, [done])
    assert (report.duration_seconds, report.active_seconds, report.succeeded) == (3.0, 1.5, 1)
    assert [(phase.stage, phase.steps, phase.succeeded) for phase in report.phases] == [("post_upgrade", 1, 1)]
    assert report.checks == ({"id": "a", "outcome": "pass"},)
