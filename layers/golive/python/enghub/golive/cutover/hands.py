"""What people do with a run of a cut-over: end a task, do it again, skip it, go back (OPS-05). No I/O."""

from dataclasses import replace
from datetime import datetime

from enghub.golive.cutover.errors import PastNoReturn, WrongRunState, WrongTaskState
from enghub.golive.cutover.model import (
    PASSED,
    Progress,
    Run,
    RunState,
    TaskState,
    before_task,
    ended,
    going_back,
    past_no_return,
)
from enghub.golive.cutover.plans import CutoverPlan


def roll_back(plan: CutoverPlan, run: Run, reason: str) -> Run:
    """Return a run that goes back, because somebody decided so.

    Raises:
        PastNoReturn, WrongRunState
    """
    if past_no_return(plan, run):
        raise PastNoReturn(task_id=plan.no_return)
    if run.state not in {RunState.RUNNING, RunState.HELD}:
        raise WrongRunState(state=run.state.value)
    return going_back(run, reason)


def done_by_hand(run: Run, task_id: str, by: str, now: datetime, *, passed: bool, result: str) -> Run:
    """Return the run after somebody said what became of a task that waits for them, or of its way back.

    Raises:
        WrongTaskState: nothing of this task waits for a person.
    """
    back = run.state is RunState.ROLLING_BACK
    found = run.back_of(task_id) if back else run.of(task_id)
    if (found.state, found.by, found.result) == (TaskState.DONE if passed else TaskState.FAILED, by, result[:500]):
        return run  # the same word again
    waits = found.state is TaskState.READY and found.approval is None
    if run.is_over or not (waits or found.state is TaskState.UNCERTAIN or (back and found.state is TaskState.FAILED)):
        raise WrongTaskState(task_id=task_id, state=found.state.value)
    after = run.with_task(task_id, ended(found, now, passed=passed, result=result, by=by), back=back)
    return _released(after)


def again(run: Run, task_id: str) -> Run:
    """Return the run that tries a failed or uncertain task again.

    Raises:
        WrongTaskState
    """
    back = run.state is RunState.ROLLING_BACK
    found = run.back_of(task_id) if back else run.of(task_id)
    if run.is_over or found.state not in {TaskState.FAILED, TaskState.UNCERTAIN}:
        raise WrongTaskState(task_id=task_id, state=found.state.value)
    return _released(run.with_task(task_id, Progress(attempt=found.attempt), back=back))


def redone(plan: CutoverPlan, run: Run, task_id: str) -> Run:
    """Return the run that does a task again whose followers have not passed; approvals that saw it are void.

    Raises:
        WrongTaskState
    """
    found = run.of(task_id)
    followers = [task for task in plan.tasks if task_id in before_task(plan, task)]
    stopped = any(run.of(one.task_id).state not in {TaskState.PENDING, TaskState.READY} for one in followers)
    if run.state not in {RunState.RUNNING, RunState.HELD} or found.state is not TaskState.DONE or stopped:
        raise WrongTaskState(task_id=task_id, state=found.state.value)
    for one in followers:
        run = run.with_task(one.task_id, Progress(attempt=run.of(one.task_id).attempt))
    return run.with_task(task_id, Progress(attempt=found.attempt))


def skipped(run: Run, task_id: str, by: str, now: datetime, reason: str) -> Run:
    """Return the run that goes on without a task.

    Raises:
        WrongTaskState
    """
    back = run.state is RunState.ROLLING_BACK
    found = run.back_of(task_id) if back else run.of(task_id)
    if run.is_over or found.state in {*PASSED, TaskState.RUNNING}:
        raise WrongTaskState(task_id=task_id, state=found.state.value)
    left = replace(found, state=TaskState.SKIPPED, by=by, ended_at=now, result=reason[:500], approval=None)
    return _released(run.with_task(task_id, left, back=back))


def _released(run: Run) -> Run:
    return replace(run, state=RunState.RUNNING, reason="") if run.state is RunState.HELD else run


def measured(run: Run) -> dict[str, int]:
    """Return the minutes that tasks took, rounded up, for a critical path."""
    found = {task_id: one.seconds for task_id, one in (run.tasks or {}).items()}
    return {task_id: -(-seconds // 60) for task_id, seconds in found.items() if seconds is not None}
