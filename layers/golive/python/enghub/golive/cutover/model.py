"""A run of a cut-over: what each task became, what comes next, when to go back (OPS-05). No I/O.

The run is the state; whoever executes it only asks ``advance`` what is next. A task that the hub does is begun once:
its attempt is stored before anything is sent, and one that ended without a word is UNCERTAIN, for people to judge.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from enghub.core.claims import fingerprint
from enghub.golive.cutover.plans import CutoverPlan, OnFailure, Task, TaskKind
from enghub.kit.approvals.model import Approval, Policy, Stage, Status, ask

SYSTEM = "system:cutover"
LEAST_WAIT, LONGEST_WAIT = timedelta(seconds=1), timedelta(seconds=60)
LONGEST_ATTEMPT = timedelta(minutes=16)
"""No function works longer: an attempt that is older has nobody at work on it."""


class RunState(StrEnum):
    """Where a run stands."""

    RUNNING = "RUNNING"
    HELD = "HELD"
    """A task failed, or nobody knows whether it did: people say what to do."""
    ROLLING_BACK = "ROLLING_BACK"
    ROLLED_BACK = "ROLLED_BACK"
    DONE = "DONE"


ENDED = frozenset({RunState.ROLLED_BACK, RunState.DONE})


class TaskState(StrEnum):
    """Where a task stands."""

    PENDING = "PENDING"
    READY = "READY"
    """Waits for its owner, or for voices."""
    RUNNING = "RUNNING"
    DONE = "DONE"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"
    UNCERTAIN = "UNCERTAIN"
    """Begun, and whoever did it is gone."""


PASSED = frozenset({TaskState.DONE, TaskState.SKIPPED})


@dataclass(frozen=True, slots=True)
class Progress:
    """What became of one task, or of its way back."""

    state: TaskState = TaskState.PENDING
    attempt: int = 0
    started_at: datetime | None = None
    sent_at: datetime | None = None
    """When the hub set out to do it; from then on nobody else does this attempt."""
    ended_at: datetime | None = None
    by: str = ""
    result: str = ""
    approval: Approval | None = None

    @property
    def seconds(self) -> int | None:
        """How long it took."""
        if self.started_at is None or self.ended_at is None:
            return None
        return int((self.ended_at - self.started_at).total_seconds())


UNTOUCHED = Progress()


@dataclass(frozen=True, slots=True)
class Moved:
    """How far the migration is, as it was told last."""

    percent: int
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a plan: the real one, or a rehearsal."""

    tenant_id: str
    run_id: str
    go_live_id: str
    rehearsal: bool
    started_at: datetime
    started_by: str
    by_clock: bool
    """Whether tasks wait for their planned time; otherwise each begins when it can."""
    state: RunState = RunState.RUNNING
    tasks: Mapping[str, Progress] | None = None
    back: Mapping[str, Progress] | None = None
    """What was taken back."""
    reason: str = ""
    """Why it is held or rolls back."""
    moved: Moved | None = None
    behind: tuple[str, ...] = ()
    """Checks of progress that were behind, and told."""
    late: tuple[str, ...] = ()
    """Tasks that took longer than planned, and told."""
    turn: int = 1
    ended_at: datetime | None = None

    def of(self, task_id: str) -> Progress:
        """Return what became of a task."""
        return (self.tasks or {}).get(task_id, UNTOUCHED)

    def back_of(self, task_id: str) -> Progress:
        """Return what became of a task's way back."""
        return (self.back or {}).get(task_id, UNTOUCHED)

    def with_task(self, task_id: str, progress: Progress, *, back: bool = False) -> "Run":
        """Return it with another state of one task, or of its way back."""
        if back:
            return replace(self, back={**(self.back or {}), task_id: progress})
        return replace(self, tasks={**(self.tasks or {}), task_id: progress})

    def planned(self, plan: CutoverPlan, task: Task) -> datetime:
        """Return when a task should begin; a rehearsal moves the plan to its own beginning."""
        begins = self.started_at if self.rehearsal else plan.begins_at
        return begins + timedelta(minutes=task.start)

    @property
    def is_over(self) -> bool:
        """Nothing happens any more."""
        return self.state in ENDED


@dataclass(frozen=True, slots=True)
class Work:
    """One thing that the hub has to do: a task, or its way back; ``attempt`` names it for good."""

    task_id: str
    attempt: int
    back: bool = False


def advance(plan: CutoverPlan, run: Run, now: datetime) -> Run:
    """Return the run after everything that time, finished tasks and voices make of it."""
    while True:
        found = _step(plan, run, now)
        if found == run:
            return found
        run = found


def _step(plan: CutoverPlan, run: Run, now: datetime) -> Run:
    if run.state is RunState.RUNNING:
        return _forward(plan, run, now)
    if run.state is RunState.ROLLING_BACK:
        return _backward(plan, run, now)
    return run


def _forward(plan: CutoverPlan, run: Run, now: datetime) -> Run:
    run = _told(plan, _votes(_voided(plan, _abandoned(plan, run, now)), now), now)
    for task in plan.tasks:
        state = run.of(task.task_id).state
        if state is TaskState.FAILED and task.on_failure is OnFailure.ROLL_BACK and not past_no_return(plan, run):
            return going_back(run, f"{task.task_id}: {run.of(task.task_id).result}"[:500])
        if state in {TaskState.FAILED, TaskState.UNCERTAIN}:
            return replace(run, state=RunState.HELD, reason=f"{task.task_id}: {run.of(task.task_id).result}"[:500])
    if all(run.of(task.task_id).state in PASSED for task in plan.tasks):
        return replace(run, state=RunState.DONE, ended_at=now)
    for task in startable(plan, run, now):
        run = run.with_task(task.task_id, _begun(plan, run, task, now))
    return _settled(plan, run, now)


def startable(plan: CutoverPlan, run: Run, now: datetime) -> Iterator[Task]:
    """Yield the tasks that may begin: all before them passed, and their time has come."""
    for task in plan.tasks:
        ready = run.of(task.task_id).state is TaskState.PENDING
        if ready and all(run.of(one).state in PASSED for one in task.after):
            if run.by_clock and run.planned(plan, task) > now:
                continue
            yield task


def _begun(plan: CutoverPlan, run: Run, task: Task, now: datetime) -> Progress:
    attempt = run.of(task.task_id).attempt + 1
    if task.kind is TaskKind.APPROVAL:
        return Progress(TaskState.READY, attempt, now, approval=_asked(plan, run, task, now))
    state = TaskState.RUNNING if task.is_automatic else TaskState.READY
    return Progress(state, attempt, now)


def evidence(plan: CutoverPlan, run: Run, task: Task) -> str:
    """Return the hash of all that an approval is about: what became of every task before it."""
    parts = []
    for one in before_task(plan, task):
        found = run.of(one)
        parts.append(f"{one}|{found.state}|{found.attempt}|{found.result}")
    return fingerprint(*parts)


def before_task(plan: CutoverPlan, task: Task) -> list[str]:
    """Return every task that must have passed before this one, in the plan's order."""
    after = {one.task_id: one.after for one in plan.tasks}
    found: set[str] = set()
    waiting = list(task.after)
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += after[one]
    return [one.task_id for one in plan.tasks if one.task_id in found]


def _asked(plan: CutoverPlan, run: Run, task: Task, now: datetime) -> Approval:
    users = plan.deciders if task.owner in plan.deciders else (task.owner,)
    policy = Policy((Stage(task.task_id, 1, users=users),), timedelta(minutes=plan.approval_minutes))
    return ask(policy, requester=SYSTEM, at=now, seen=evidence(plan, run, task), reason=task.en)


def _votes(run: Run, now: datetime) -> Run:
    """Let approvals end by their voices, or by their deadline."""
    for task_id, found in (run.tasks or {}).items():
        if found.state is not TaskState.READY or found.approval is None:
            continue
        status = found.approval.status(now)
        if status is Status.PENDING:
            continue
        passed = status is Status.APPROVED
        said = found.approval.decisions[-1] if found.approval.decisions else None
        result = "nobody decided in time" if said is None else said.comment or said.verdict.value.lower()
        state = TaskState.DONE if passed else TaskState.FAILED
        ended = replace(found, state=state, ended_at=now, by=said.user_id if said else SYSTEM, result=result)
        run = run.with_task(task_id, ended)
    return run


def _voided(plan: CutoverPlan, run: Run) -> Run:
    """Ask again for approvals whose evidence is another now: nobody approves what they have not seen."""
    for task in plan.tasks:
        found = run.of(task.task_id)
        if found.approval and found.state is TaskState.READY and found.approval.seen != evidence(plan, run, task):
            run = run.with_task(task.task_id, Progress(attempt=found.attempt))
    return run


def _abandoned(plan: CutoverPlan, run: Run, now: datetime) -> Run:
    """Let attempts that nobody works on any more become uncertain; a ramp looks after itself."""
    for back, found in ((False, run.tasks or {}), (True, run.back or {})):
        for task_id, one in found.items():
            if (task := plan.task(task_id)) is not None and task.ramp is not None:
                continue
            if one.state is TaskState.RUNNING and one.sent_at is not None and now - one.sent_at > LONGEST_ATTEMPT:
                run = lost(run, Work(task_id, one.attempt, back), now)
    return run


def _settled(plan: CutoverPlan, run: Run, now: datetime) -> Run:
    """End what needs only time: watching that has nothing to call, checks of progress."""
    for task in plan.tasks:
        found = run.of(task.task_id)
        if found.state is not TaskState.RUNNING or task.action is not None or found.started_at is None:
            continue
        if task.kind is TaskKind.OBSERVE and now >= observed_at(run, task, found):
            run = run.with_task(task.task_id, ended(found, now, passed=True, result="", by=SYSTEM))
        if task.kind is TaskKind.CHECK:
            run = _checked(run, task, found, now)
    return run


def observed_at(run: Run, task: Task, found: Progress) -> datetime:
    """Return when a stretch of watching ends; a rehearsal does not wait."""
    began = found.started_at or run.started_at
    return began if run.rehearsal else began + timedelta(minutes=task.minutes)


def _checked(run: Run, task: Task, found: Progress, now: datetime) -> Run:
    """Pass a check when the migration is as far as expected; a last one waits until all is moved."""
    percent = run.moved.percent if run.moved else 0
    wanted = task.expects or 100
    if percent < wanted and (wanted == 100 or run.moved is None):
        return run  # everything must be moved before what follows; so must something have been told at all
    said = f"{percent} % moved, {wanted} % expected"
    return run.with_task(task.task_id, ended(found, now, passed=True, result=said, by=SYSTEM))


def _told(plan: CutoverPlan, run: Run, now: datetime) -> Run:
    """Note which checks are behind and which tasks are late; each is told once."""
    behind, late = list(run.behind), list(run.late)
    for task in plan.tasks:
        found = run.of(task.task_id)
        due = run.planned(plan, task)
        if task.expects is not None and now >= due and task.task_id not in behind:
            percent = run.moved.percent if run.moved else 0
            if percent < task.expects and found.state not in PASSED:
                behind.append(task.task_id)
        ends = due + timedelta(minutes=task.minutes)
        if run.by_clock and now > ends and found.state not in PASSED and task.task_id not in late:
            late.append(task.task_id)
    return replace(run, behind=tuple(behind), late=tuple(late))


def ended(found: Progress, now: datetime, *, passed: bool, result: str, by: str) -> Progress:
    """Return a task that was done, or failed."""
    state = TaskState.DONE if passed else TaskState.FAILED
    return replace(found, state=state, ended_at=now, result=result[:500], by=by)


# --- the way back ----------------------------------------------------------------------------------------------------


def past_no_return(plan: CutoverPlan, run: Run) -> bool:
    """Tell whether what is done cannot be taken back by the plan any more."""
    return bool(plan.no_return) and run.of(plan.no_return).state in PASSED


def going_back(run: Run, reason: str) -> Run:
    """Return the run on its way back."""
    return replace(run, state=RunState.ROLLING_BACK, reason=reason)


def to_take_back(plan: CutoverPlan, run: Run) -> list[Task]:
    """Return the tasks whose way back has to be gone, the last begun first; what was never begun has none."""
    begun = [task for task in plan.tasks if (task.rollback or task.ramp) and run.of(task.task_id).attempt > 0]
    began = {task.task_id: run.of(task.task_id).started_at or run.started_at for task in begun}
    order = {task.task_id: place for place, task in enumerate(plan.tasks)}
    return sorted(begun, key=lambda task: (began[task.task_id], order[task.task_id]), reverse=True)


def _backward(plan: CutoverPlan, run: Run, now: datetime) -> Run:
    """Go back one step after another; what still runs forward is waited for first."""
    run = _abandoned(plan, run, now)
    forward = [run.of(task.task_id) for task in plan.tasks if task.ramp is None]
    if any(found.state is TaskState.RUNNING and found.sent_at for found in forward):
        return run
    for task in to_take_back(plan, run):
        found = run.back_of(task.task_id)
        if found.state in PASSED:
            continue
        if found.state is TaskState.PENDING:
            by_itself = task.ramp is not None or (task.rollback is not None and task.rollback.action is not None)
            state = TaskState.RUNNING if by_itself else TaskState.READY
            return run.with_task(task.task_id, Progress(state, found.attempt + 1, now), back=True)
        return run
    return replace(run, state=RunState.ROLLED_BACK, ended_at=now)


def lost(run: Run, work: Work, now: datetime) -> Run:
    """Return the run in which nobody knows what became of an attempt."""
    found = run.back_of(work.task_id) if work.back else run.of(work.task_id)
    unsure = replace(found, state=TaskState.UNCERTAIN, result="whoever did it is gone: look, then say what it became")
    return run.with_task(work.task_id, replace(unsure, ended_at=now), back=work.back)
