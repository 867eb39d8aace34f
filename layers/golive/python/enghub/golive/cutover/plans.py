"""A cut-over plan: timed tasks in stages, each with owner, prerequisites, action, rollback (OPS-04). No I/O."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from graphlib import CycleError, TopologicalSorter
from typing import Any

from enghub.golive.content.model import content, cutover_tasks
from enghub.golive.cutover.errors import CyclicPlan, NothingToDo, UnknownPrerequisite
from enghub.golive.ramps.model import Ramp
from enghub.golive.readiness.model import GoLive
from enghub.golive.smoke.model import Scenario

MOST_TASKS = 150


class TaskKind(StrEnum):
    """What a task is; an automatic one without an action is done by its owner."""

    MANUAL = "manual"
    AUTOMATIC = "automatic"
    APPROVAL = "approval"
    CHECK = "check"
    """Whether the migration is as far as it should be."""
    SMOKE = "smoke"
    RAMP = "ramp"
    OBSERVE = "observe"
    """So many minutes pass; then its action must hold."""


class OnFailure(StrEnum):
    """What a failed task means."""

    ROLL_BACK = "ROLL_BACK"
    HOLD = "HOLD"
    """Nothing more is begun until people say what to do."""


GATES = frozenset({TaskKind.APPROVAL, TaskKind.SMOKE, TaskKind.RAMP, TaskKind.OBSERVE})
"""Kinds whose failure is a failed gate, unless the task says otherwise."""


@dataclass(frozen=True, slots=True)
class Rollback:
    """How a task is taken back; without an action its owner does it."""

    en: str
    zh: str
    minutes: int
    action: Scenario | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """One task; ``start`` are minutes after the plan's beginning."""

    task_id: str
    stage: str
    en: str
    zh: str
    kind: TaskKind
    start: int
    minutes: int
    owner: str = ""
    role: str = ""
    after: tuple[str, ...] = ()
    action: Scenario | None = None
    ramp: Ramp | None = None
    """Traffic that is moved by a ramp, which is its own way back, too."""
    rollback: Rollback | None = None
    on_failure: OnFailure = OnFailure.HOLD
    expects: int | None = None
    """Percent of the migration that should be done by its time."""
    line: int = 0

    @property
    def is_automatic(self) -> bool:
        """The hub does it."""
        return self.action is not None or self.ramp is not None or self.kind in {TaskKind.CHECK, TaskKind.OBSERVE}

    @property
    def end(self) -> int:
        """Minutes after the plan's beginning."""
        return self.start + self.minutes


@dataclass(frozen=True, slots=True)
class CutoverPlan:
    """The plan of one go-live; every change is a new version."""

    tenant_id: str
    go_live_id: str
    begins_at: datetime
    tasks: tuple[Task, ...]
    deciders: tuple[str, ...]
    """Who may decide to roll back."""
    no_return: str = ""
    """Once this task is done nothing is rolled back any more."""
    old_system_days: int = 7
    approval_minutes: int = 30
    """How long an approval waits; then it is refused."""

    def task(self, task_id: str) -> Task | None:
        """Return a task."""
        return next((one for one in self.tasks if one.task_id == task_id), None)

    def due(self, minutes: int) -> datetime:
        """Return the instant so long after the plan's beginning."""
        return self.begins_at + timedelta(minutes=minutes)


def checked(plan: CutoverPlan, go_live: GoLive) -> CutoverPlan:
    """Return a plan in which every name is known and nothing waits for itself.

    Raises:
        UnknownPrerequisite, UnknownMember, NothingToDo, CyclicPlan
    """
    known: set[str] = set()
    for place, task in enumerate(plan.tasks):
        if task.task_id in known:
            raise UnknownPrerequisite(field=f"tasks.{place}.taskId", task_id=task.task_id)
        known.add(task.task_id)
    for place, task in enumerate(plan.tasks):
        for number, name in enumerate(task.after):
            if name not in known or name == task.task_id:
                raise UnknownPrerequisite(field=f"tasks.{place}.after.{number}", task_id=name)
        go_live.member(task.owner, f"tasks.{place}.owner")
        if task.kind in {TaskKind.SMOKE, TaskKind.RAMP} and not (task.action or task.ramp or task.line):
            raise NothingToDo(field=f"tasks.{place}.action", kind=task.kind.value)
    for place, user in enumerate(plan.deciders):
        go_live.member(user, f"deciders.{place}")
    if plan.no_return and plan.no_return not in known:
        raise UnknownPrerequisite(field="noReturn", task_id=plan.no_return)
    ordered(plan.tasks)
    return plan


def ordered(tasks: Iterable[Task]) -> tuple[str, ...]:
    """Return the tasks so that each comes after those it waits for.

    Raises:
        CyclicPlan: naming the circle.
    """
    try:
        return tuple(TopologicalSorter({task.task_id: task.after for task in tasks}).static_order())
    except CycleError as error:
        raise CyclicPlan(field="tasks", cycle=" → ".join(error.args[1])) from error


def template(
    go_live: GoLive, actions: Mapping[str, Scenario] | None = None, ramps: Mapping[str, Ramp] | None = None
) -> CutoverPlan:
    """Return the plan of the document, 00:00 to 08:00: each task after the one before it, owned by who has its role.

    The plan begins when the go-live does. ``actions`` and ``ramps`` are done by the hub.
    """
    first = go_live.team[0].user_id
    tasks: list[Task] = []
    for stage, entry in cutover_tasks():
        kind = TaskKind(entry["kind"])
        tasks.append(
            Task(
                task_id=entry["id"],
                stage=stage["id"],
                en=entry["en"],
                zh=entry["zh"],
                kind=kind,
                start=_minutes(entry["at"]),
                minutes=entry["minutes"],
                owner=_owner(go_live, entry["role"], first),
                role=entry["role"],
                after=_before(tasks, stage["id"]),
                action=(actions or {}).get(entry["id"]),
                ramp=(ramps or {}).get(entry["id"]),
                rollback=_rollback(entry),
                on_failure=OnFailure.ROLL_BACK if kind in GATES or "verification" in entry else OnFailure.HOLD,
                expects=entry.get("progress"),
                line=entry["line"],
            )
        )
    found = content("cutover")
    deciders = tuple(one.user_id for one in go_live.team if set(one.roles) & set(found["rollbackDecidedBy"]))
    return CutoverPlan(
        tenant_id=go_live.tenant_id,
        go_live_id=go_live.go_live_id,
        begins_at=go_live.live_at,
        tasks=tuple(tasks),
        deciders=deciders or (first,),
        no_return=found["pointOfNoReturn"],
        old_system_days=found["oldSystemDays"],
    )


def _before(tasks: list[Task], stage: str) -> tuple[str, ...]:
    """Return what the next task waits for: the one before it; who watches on (08:00) waits for the success alone."""
    if not tasks:
        return ()
    if stage == "watch":
        return (next(task.task_id for task in reversed(tasks) if task.stage != "watch"),)
    return (tasks[-1].task_id,)


def _owner(go_live: GoLive, role: str, otherwise: str) -> str:
    return next((one.user_id for one in go_live.team if role in one.roles), otherwise)


def _rollback(entry: Mapping[str, Any]) -> Rollback | None:
    found = entry.get("rollback")
    return None if found is None else Rollback(found["en"], found["zh"], found["minutes"])


def _minutes(clock: str) -> int:
    hours, _, minutes = clock.partition(":")
    return int(hours) * 60 + int(minutes)


@dataclass(frozen=True, slots=True)
class Path:
    """The longest way through a plan: what is late on it makes everything late."""

    tasks: tuple[str, ...]
    minutes: int
    slack: Mapping[str, int] = field(default_factory=dict)
    """By task: the minutes that it may be late without making the end late."""


def critical_path(plan: CutoverPlan, measured: Mapping[str, int] | None = None) -> Path:
    """Return the critical path by measured minutes, where there are any, else by planned ones (CPM).

    Raises:
        CyclicPlan
    """
    minutes = {task.task_id: (measured or {}).get(task.task_id, task.minutes) for task in plan.tasks}
    after = {task.task_id: task.after for task in plan.tasks}
    order = ordered(plan.tasks)
    early: dict[str, int] = {}
    for name in order:
        early[name] = max((early[one] + minutes[one] for one in after[name]), default=0)
    length = max((early[name] + minutes[name] for name in order), default=0)
    late = dict.fromkeys(order, length)
    for name in reversed(order):
        begins = late[name] - minutes[name]
        for one in after[name]:
            late[one] = min(late[one], begins)
    slack = {name: late[name] - minutes[name] - early[name] for name in order}
    path: list[str] = []
    at = 0
    for name in order:
        if slack[name] == 0 and early[name] == at and (not path or path[-1] in after[name]):
            path.append(name)
            at += minutes[name]
    return Path(tuple(path), length, slack)
