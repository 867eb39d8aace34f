"""Plans and runs of cut-overs on the wire: what is asked (OPS-04, OPS-05)."""

from collections.abc import Callable
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path
from pydantic import Field

from enghub.core import wire
from enghub.core.setup.api import UserId, Version
from enghub.golive.cutover.errors import TaskNotFound
from enghub.golive.cutover.plans import GATES, MOST_TASKS, CutoverPlan, OnFailure, Rollback, Task, TaskKind, template
from enghub.golive.forms import BASE, GO_LIVES, GoLiveId, Hash, Id, Reason
from enghub.golive.ramps.api import RampPart
from enghub.golive.ramps.model import UNSTARTED, Ramp
from enghub.golive.readiness.model import GoLive
from enghub.golive.smoke.api import ScenarioPart
from enghub.kit.approvals.model import Verdict

__all__ = ["BASE", "GO_LIVES", "GoLiveId", "RunId", "TaskId"]

RUNS = f"{BASE}/cutover-runs"
RunId = Annotated[Id, Path()]
TaskId = Annotated[Id, Path()]
Minutes = Annotated[wire.Count, Field(le=20_160)]
Said = Annotated[str, Field(max_length=500)]


class RollbackPart(wire.Request):
    """How a task is taken back."""

    en: wire.ShortText
    zh: wire.ShortText
    minutes: Minutes
    action: ScenarioPart | None = None

    def to_rollback(self) -> Rollback:
        """Return the way back."""
        return Rollback(self.en, self.zh, self.minutes, None if self.action is None else self.action.to_scenario())


class TaskPart(wire.Request):
    """One task; ``start`` are minutes after the plan's beginning."""

    task_id: Id
    stage: Id
    en: wire.ShortText
    zh: wire.ShortText
    kind: TaskKind
    start: Minutes
    minutes: Minutes
    owner: UserId
    after: Annotated[tuple[Id, ...], Field(max_length=50)] = ()
    action: ScenarioPart | None = None
    ramp: RampPart | None = None
    rollback: RollbackPart | None = None
    on_failure: OnFailure | None = None
    expects: Annotated[wire.Count, Field(le=100)] | None = None

    def to_task(self) -> Task:
        """Return the task; a failed gate rolls back unless it says otherwise."""
        default = OnFailure.ROLL_BACK if self.kind in GATES else OnFailure.HOLD
        return Task(
            task_id=self.task_id,
            stage=self.stage,
            en=self.en,
            zh=self.zh,
            kind=self.kind,
            start=self.start,
            minutes=self.minutes,
            owner=self.owner,
            after=self.after,
            action=None if self.action is None else self.action.to_scenario(),
            ramp=None if self.ramp is None else _described(self.ramp),
            rollback=None if self.rollback is None else self.rollback.to_rollback(),
            on_failure=self.on_failure or default,
            expects=self.expects,
        )


def _described(ramp: RampPart) -> Ramp:
    return ramp.to_ramp("", "", "", UNSTARTED)


class PutPlanRequest(wire.Request):
    """A plan: tasks of one's own, or none for the document's plan with ``actions`` and ``ramps`` for some of them."""

    begins_at: wire.Instant | None = None
    """The go-live's time when left out."""
    tasks: Annotated[tuple[TaskPart, ...], Field(max_length=MOST_TASKS)] = ()
    actions: Annotated[dict[Id, ScenarioPart], Field(max_length=47, default_factory=dict)]
    ramps: Annotated[dict[Id, RampPart], Field(max_length=4, default_factory=dict)]
    deciders: Annotated[tuple[UserId, ...], Field(max_length=10)] = ()
    """Who may decide to roll back; the commanders when left out."""
    no_return: Annotated[str, Field(max_length=64)] = ""
    old_system_days: Annotated[wire.Count, Field(ge=1, le=365)] = 7
    approval_minutes: Annotated[wire.Count, Field(ge=1, le=1440)] = 30
    version: Version | None = None

    def maker(self) -> Callable[[GoLive], CutoverPlan]:
        """Return what makes the plan of a go-live."""
        return self._plan

    def _plan(self, go_live: GoLive) -> CutoverPlan:
        actions = {name: one.to_scenario() for name, one in self.actions.items()}
        built_in = template(go_live, actions, {name: _described(one) for name, one in self.ramps.items()})
        for name in (*self.actions, *self.ramps):
            task = built_in.task(name)
            if task is None or self.tasks or (name in self.ramps and task.kind is not TaskKind.RAMP):
                raise TaskNotFound(task_id=name)
        return CutoverPlan(
            tenant_id=go_live.tenant_id,
            go_live_id=go_live.go_live_id,
            begins_at=self.begins_at or go_live.live_at,
            tasks=tuple(one.to_task() for one in self.tasks) or built_in.tasks,
            deciders=self.deciders or built_in.deciders,
            no_return=self.no_return or ("" if self.tasks else built_in.no_return),
            old_system_days=self.old_system_days,
            approval_minutes=self.approval_minutes,
        )


class StartRunRequest(wire.Request):
    """Begin: the real cut-over, or a rehearsal that measures; ``byClock`` waits for planned times."""

    rehearsal: wire.Flag = False
    by_clock: wire.Flag = True


class EndTaskRequest(wire.Request):
    """What became of a task."""

    passed: wire.Flag
    result: Said = ""


class VoteRequest(wire.Request):
    """Yes or no to what a gate shows; ``seen`` is the hash of its evidence."""

    verdict: Verdict
    seen: Hash
    comment: Said = ""


class SkipRequest(wire.Request):
    """Why it goes on without."""

    reason: Reason


class ProgressRequest(wire.Request):
    """How far the migration is."""

    percent: Annotated[wire.Count, Field(le=100)]


class SmokeTestRequest(wire.Request):
    """Which smoke tasks of the plan to try now; all that have an action when left out."""

    task_ids: Annotated[tuple[Id, ...], Field(max_length=50)] = ()
