"""What the hub does in a run of a cut-over: what is due, each attempt sent out once, how long to wait. No I/O."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from enghub.golive.cutover.errors import WrongTaskState
from enghub.golive.cutover.model import (
    LEAST_WAIT,
    LONGEST_WAIT,
    SYSTEM,
    Progress,
    Run,
    RunState,
    TaskState,
    Work,
    ended,
    observed_at,
)
from enghub.golive.cutover.plans import CutoverPlan, Task, TaskKind

RAMP_WAIT = timedelta(seconds=10)
"""How often a run looks at its ramps."""


def to_do(plan: CutoverPlan, run: Run, now: datetime) -> tuple[Work, ...]:
    """Return what has to be sent out now: automatic tasks that were begun and that nobody has set out to do."""
    if run.state is RunState.ROLLING_BACK:
        return tuple(
            Work(task_id, found.attempt, back=True)
            for task_id, found in (run.back or {}).items()
            if found.state is TaskState.RUNNING and found.sent_at is None
        )
    if run.state is not RunState.RUNNING:
        return ()
    return tuple(
        Work(task.task_id, run.of(task.task_id).attempt)
        for task in plan.tasks
        if (task.action is not None or task.ramp is not None) and _is_due(run, task, run.of(task.task_id), now)
    )


def _is_due(run: Run, task: Task, found: Progress, now: datetime) -> bool:
    if found.state is not TaskState.RUNNING or found.sent_at is not None:
        return False
    return task.kind is not TaskKind.OBSERVE or now >= observed_at(run, task, found)


def sent(run: Run, work: Work, now: datetime, *, repeatable: bool) -> Run | None:
    """Return the run in which this attempt is under way; None where somebody has set out before.

    What may be repeated is sent out again. What may not, and came to no end, is UNCERTAIN (see ``lost``).

    Raises:
        WrongTaskState: the attempt is over, or another one is due.
    """
    found = run.back_of(work.task_id) if work.back else run.of(work.task_id)
    if found.state is not TaskState.RUNNING or found.attempt != work.attempt:
        raise WrongTaskState(task_id=work.task_id, state=found.state.value)
    if found.sent_at is not None:
        return run if repeatable else None
    return run.with_task(work.task_id, replace(found, sent_at=now), back=work.back)


def finished(run: Run, work: Work, now: datetime, *, passed: bool, result: str) -> Run:
    """Return the run after an attempt; one that is over already stays as it is."""
    found = run.back_of(work.task_id) if work.back else run.of(work.task_id)
    if found.attempt != work.attempt or found.state not in {TaskState.RUNNING, TaskState.UNCERTAIN}:
        return run
    return run.with_task(work.task_id, ended(found, now, passed=passed, result=result, by=SYSTEM), back=work.back)


def wait(plan: CutoverPlan, run: Run, now: datetime) -> timedelta:
    """Return how long nothing happens by itself, a minute at most."""
    moments = [now + LONGEST_WAIT]
    if any(ramping(plan, run)):
        moments.append(now + RAMP_WAIT)
    if run.state is RunState.RUNNING:
        for task in plan.tasks:
            found = run.of(task.task_id)
            if run.by_clock and found.state is TaskState.PENDING:
                moments.append(run.planned(plan, task))
            if found.state is TaskState.RUNNING and task.kind is TaskKind.OBSERVE:
                moments.append(observed_at(run, task, found))
            if found.approval is not None and found.state is TaskState.READY:
                moments.append(found.approval.due)
    ahead = [moment for moment in moments if moment > now]
    return max(min(ahead) - now, LEAST_WAIT)


def ramping(plan: CutoverPlan, run: Run) -> Iterator[tuple[Work, Progress]]:
    """Yield what ramps are doing for a run, forward or back."""
    for task in plan.tasks if not run.is_over else ():
        for back in (False, True):
            found = run.back_of(task.task_id) if back else run.of(task.task_id)
            if task.ramp is not None and found.state is TaskState.RUNNING and found.sent_at is not None:
                yield Work(task.task_id, found.attempt, back), found
