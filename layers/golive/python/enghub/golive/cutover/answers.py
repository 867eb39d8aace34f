"""Plans and runs of cut-overs on the wire: what is answered."""

from datetime import datetime, timedelta

from enghub.core import wire
from enghub.core.commits import Kept
from enghub.golive.cutover.hands import measured
from enghub.golive.cutover.model import Moved, Progress, Run, RunState, TaskState, Work
from enghub.golive.cutover.plans import CutoverPlan, OnFailure, Path, Task, TaskKind, critical_path
from enghub.golive.cutover.ramping import ramp_id
from enghub.golive.cutover.repository import Found, RunPage
from enghub.golive.smoke.api import ReportResponse
from enghub.kit.approvals.model import Approval, Status


class RollbackResponse(wire.Response):
    """How a task is taken back."""

    text: dict[str, str]
    minutes: int
    is_automatic: bool


class TaskResponse(wire.Response):
    """One task of a plan."""

    task_id: str
    stage: str
    text: dict[str, str]
    line: int | None
    kind: TaskKind
    start: int
    minutes: int
    owner: str
    after: tuple[str, ...]
    is_automatic: bool
    on_failure: OnFailure
    expects: int | None
    rollback: RollbackResponse | None

    @classmethod
    def of(cls, task: Task) -> "TaskResponse":
        """Return the answer for a task."""
        back = task.rollback
        return cls(
            task_id=task.task_id,
            stage=task.stage,
            text={"en": task.en, "zh": task.zh},
            line=task.line or None,
            kind=task.kind,
            start=task.start,
            minutes=task.minutes,
            owner=task.owner,
            after=task.after,
            is_automatic=task.is_automatic,
            on_failure=task.on_failure,
            expects=task.expects,
            rollback=None
            if back is None
            else RollbackResponse(
                text={"en": back.en, "zh": back.zh}, minutes=back.minutes, is_automatic=back.action is not None
            ),
        )


class PathResponse(wire.Response):
    """What is late on it makes everything late; ``slack`` are the minutes that each other task has."""

    tasks: tuple[str, ...]
    minutes: int
    slack: dict[str, int]

    @classmethod
    def of(cls, path: Path) -> "PathResponse":
        """Return the answer for a path."""
        return cls(tasks=path.tasks, minutes=path.minutes, slack=dict(path.slack))


class PlanResponse(wire.Response):
    """A plan with its critical path."""

    go_live_id: str
    begins_at: wire.Instant
    tasks: tuple[TaskResponse, ...]
    deciders: tuple[str, ...]
    no_return: str | None
    old_system_days: int
    approval_minutes: int
    critical_path: PathResponse
    version: int

    @classmethod
    def of(cls, kept: Kept[CutoverPlan]) -> "PlanResponse":
        """Return the answer for a plan."""
        plan = kept.value
        return cls(
            go_live_id=plan.go_live_id,
            begins_at=plan.begins_at,
            tasks=tuple(map(TaskResponse.of, plan.tasks)),
            deciders=plan.deciders,
            no_return=plan.no_return or None,
            old_system_days=plan.old_system_days,
            approval_minutes=plan.approval_minutes,
            critical_path=PathResponse.of(critical_path(plan)),
            version=kept.revision,
        )


class ApprovalResponse(wire.Response):
    """Who is asked, until when, about which evidence."""

    users: tuple[str, ...]
    due: wire.Instant
    seen: str
    status: Status

    @classmethod
    def of(cls, found: Approval, now: datetime) -> "ApprovalResponse":
        """Return the answer for an approval."""
        users = tuple(user for stage in found.policy.stages for user in stage.users)
        return cls(users=users, due=found.due, seen=found.seen, status=found.status(now))


class ProgressResponse(wire.Response):
    """Plan against actual of one task; ``delayMinutes`` is how much later than planned it ended."""

    task_id: str
    text: dict[str, str]
    kind: TaskKind
    owner: str
    state: TaskState
    attempt: int
    planned_start: wire.Instant
    planned_end: wire.Instant
    started_at: wire.Instant | None
    ended_at: wire.Instant | None
    delay_minutes: int | None
    by: str | None
    result: str | None
    approval: ApprovalResponse | None
    ramp_id: str | None
    taken_back: TaskState | None

    @classmethod
    def of(cls, found: Found, task: Task, now: datetime) -> "ProgressResponse":
        """Return the answer for a task of a run."""
        run = found.run.value
        one: Progress = run.of(task.task_id)
        due = run.planned(found.plan, task)
        ends = due + timedelta(minutes=task.minutes)
        back = run.back_of(task.task_id)
        return cls(
            task_id=task.task_id,
            text={"en": task.en, "zh": task.zh},
            kind=task.kind,
            owner=task.owner,
            state=one.state,
            attempt=one.attempt,
            planned_start=due,
            planned_end=ends,
            started_at=one.started_at,
            ended_at=one.ended_at,
            delay_minutes=None if one.ended_at is None else int((one.ended_at - ends).total_seconds() // 60),
            by=one.by or None,
            result=one.result or None,
            approval=None if one.approval is None else ApprovalResponse.of(one.approval, now),
            ramp_id=ramp_id(run, Work(task.task_id, one.attempt)) if task.ramp and one.attempt else None,
            taken_back=back.state if back.attempt else None,
        )


class MovedResponse(wire.Response):
    """How far the migration is."""

    percent: int
    at: wire.Instant
    by: str

    @classmethod
    def of(cls, moved: Moved) -> "MovedResponse":
        """Return the answer for a progress."""
        return cls(percent=moved.percent, at=moved.at, by=moved.by)


class RunResponse(wire.Response):
    """A run of a plan."""

    run_id: str
    go_live_id: str
    rehearsal: bool
    by_clock: bool
    state: RunState
    reason: str | None
    started_at: wire.Instant
    started_by: str
    ended_at: wire.Instant | None
    moved: MovedResponse | None
    behind: tuple[str, ...]
    late: tuple[str, ...]
    turn: int
    version: int

    @classmethod
    def of(cls, kept: Kept[Run]) -> "RunResponse":
        """Return the answer for a run."""
        run = kept.value
        return cls(
            run_id=run.run_id,
            go_live_id=run.go_live_id,
            rehearsal=run.rehearsal,
            by_clock=run.by_clock,
            state=run.state,
            reason=run.reason or None,
            started_at=run.started_at,
            started_by=run.started_by,
            ended_at=run.ended_at,
            moved=None if run.moved is None else MovedResponse.of(run.moved),
            behind=run.behind,
            late=run.late,
            turn=run.turn,
            version=kept.revision,
        )

    @classmethod
    def of_new(cls, run: Run) -> "RunResponse":
        """Return the answer for a new run."""
        return cls.of(Kept(run))


class RunDetail(RunResponse):
    """A run with its tasks, and the critical path by the minutes that were measured so far."""

    tasks: tuple[ProgressResponse, ...]
    critical_path: PathResponse

    @classmethod
    def whole(cls, found: Found, now: datetime) -> "RunDetail":
        """Return the answer for a run with its plan."""
        path = PathResponse.of(critical_path(found.plan, measured(found.run.value)))
        tasks = tuple(ProgressResponse.of(found, task, now) for task in found.plan.tasks)
        return cls(**dict(RunResponse.of(found.run)), tasks=tasks, critical_path=path)


class RunsResponse(wire.Response):
    """Part of a go-live's runs, the latest first."""

    items: tuple[RunResponse, ...]
    cursor: str | None

    @classmethod
    def of(cls, page: RunPage) -> "RunsResponse":
        """Return the answer for a page."""
        return cls(items=tuple(map(RunResponse.of, page.items)), cursor=page.cursor)


class SmokeTestsResponse(wire.Response):
    """What became of smoke tests that were tried now; no run knows of them."""

    passed: bool
    reports: dict[str, ReportResponse]
