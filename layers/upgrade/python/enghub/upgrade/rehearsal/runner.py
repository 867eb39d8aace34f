"""Rehearses an upgrade on a scratch copy of a site's database: up, down, up (UPG-09).

The same engine and steps run as in the upgrade; what is left out is whatever touches more than the database: the
business system, hooks, files, caches. The site itself is only read.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from enghub.core.identity import Origin
from enghub.upgrade.executions.engine import Engine
from enghub.upgrade.executions.errors import NotUndoable
from enghub.upgrade.executions.model import Execution, Status
from enghub.upgrade.executions.repository import Change
from enghub.upgrade.executions.rollback import plan_rollback
from enghub.upgrade.executions.step import ROLLBACK, Problem, StepRecord
from enghub.upgrade.gateways.databases import copying
from enghub.upgrade.gateways.databases.session import Address, SiteDatabases
from enghub.upgrade.gateways.hooks import Hooks
from enghub.upgrade.planning.plan import STAGES
from enghub.upgrade.planning.undo import backed_up, way_back
from enghub.upgrade.rehearsal.memory import MemoryExecutions
from enghub.upgrade.steps.base import Budget
from enghub.upgrade.steps.ports import Ports
from enghub.upgrade.steps.registry import step_class

SLICE_SECONDS: Final = 45.0
_DATABASE_STEPS: Final = frozenset({
    "SqlScripts", "RollbackScripts", "RowMigration", "TableRebuild", "AsynchronousMigration",
    "IndexOptimisation", "BusinessCheck", "PreBusinessCheckStep", "StartupPreProcessStep",
})  # fmt: skip
"""By class: what needs nothing but the site's database."""


@dataclass(frozen=True, slots=True)
class StepTimes:
    """Seconds of work of one step in the three runs; None where it did not run."""

    step: str
    up: float | None
    down: float | None
    again: float | None
    no_inverse: Problem | None = None
    """Why it cannot be undone by itself."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What happened. `problem` None and no `differences`: the upgrade can go up, back, and up again."""

    rows: int
    steps: tuple[StepTimes, ...]
    left_out: tuple[str, ...]
    differences: tuple[str, ...] = ()
    """Tables that the way back did not bring back as they were."""
    stopped: str | None = None
    """`up`, `down` or `again`: the run that did not end."""
    problem: Problem | None = None

    @property
    def succeeded(self) -> bool:
        """Up, down and up again, and between them nothing was lost."""
        return self.stopped is None and not self.differences


@dataclass(frozen=True, slots=True)
class _Scratch:
    address: Address

    def databases(self, token: int) -> SiteDatabases:
        return SiteDatabases(self.address, token)

    @property
    def hooks(self) -> Hooks:
        return Hooks({})

    @property
    def ports(self) -> Ports:
        return Ports()


@dataclass(slots=True)
class Rehearsing:
    """One rehearsal of one plan. `script` returns a script's text by tenant and SHA-256, as for the engine."""

    site: Address
    scratch: Address
    script: Callable[[str, str], str]
    origin: Origin
    pause: Callable[[float], None] = time.sleep
    _store: MemoryExecutions = field(default_factory=MemoryExecutions)

    def run(self, execution: Execution, steps: Sequence[StepRecord], declared: Sequence[StepRecord] = ()) -> Rehearsal:
        """Copy, go up, come back, compare, go up again.

        Args:
            execution: as it would be accepted; never stored.
            steps: the plan's.
            declared: the manifests' own rollback steps.

        Raises:
            StepFailed: the scratch database is refused.
            DatabaseUnreachable: one of the two does not answer.
        """
        copying.claim(self.site, self.scratch)
        rows = sum(copying.copy(self.site, self.scratch).values())
        own = [step for step in steps if is_rehearsed(step)]
        left_out = tuple(step.key for step in steps if not is_rehearsed(step))
        back = [step for step in declared if is_rehearsed(step)]
        before = copying.state(self.scratch)
        first = replace(execution, execution_id=f"{execution.execution_id}-1", fencing_token=1)
        problem = self._up(first, own)
        down: tuple[StepRecord, ...] = ()
        again: tuple[StepRecord, ...] = ()
        stopped, differences = ("up" if problem else None), ()  # type: tuple[str | None, tuple[str, ...]]
        if stopped is None:
            down, problem = self._down(first.execution_id, back)
            stopped = "down" if problem else None
        if stopped is None:
            differences = _different(before, copying.state(self.scratch))
            second = replace(execution, execution_id=f"{execution.execution_id}-2", fencing_token=3)
            problem = self._up(second, own)
            stopped = "again" if problem else None
            again = self._store.steps(execution.tenant_id, second.execution_id)
        up = self._store.steps(execution.tenant_id, first.execution_id)
        return Rehearsal(rows, _times(up, down, again, back), left_out, differences, stopped, problem)

    def _up(self, execution: Execution, steps: Sequence[StepRecord]) -> Problem | None:
        fresh = replace(execution, status=Status.PENDING, total_steps=len(steps))
        records = [
            replace(step, execution_id=execution.execution_id, confirmed_by=self.origin.user_id, record_version=0)
            for step in steps
        ]
        self._store.create(records, Change(self.origin, fresh))
        return self._work(fresh, [stage.value for stage in STAGES])

    def _down(self, execution_id: str, declared: Sequence[StepRecord]) -> tuple[tuple[StepRecord, ...], Problem | None]:
        tenant_id = self.origin.tenant_id
        execution = self._store.get(tenant_id, execution_id)
        try:
            rollback, records = plan_rollback(
                execution, self._store.steps(tenant_id, execution_id), declared, self.origin
            )
        except NotUndoable as refused:
            values = refused.details
            return (), Problem(refused.text.render("en", **values), refused.text.render("zh", **values), "rollback")
        self._store.plan_steps(tenant_id, records)
        back = replace(execution, status=Status.ROLLING_BACK, run=rollback.run, rollback=rollback, fencing_token=2)
        self._store.save(Change(self.origin, back))
        problem = self._work(back, [ROLLBACK])
        return self._store.rollback_steps(tenant_id, execution_id, rollback.run), problem

    def _work(self, execution: Execution, stages: Sequence[str]) -> Problem | None:
        """Run stages to their end; return why one stopped."""
        engine = Engine(self._store, lambda _, __: _Scratch(self.scratch), self.script)
        tenant_id, execution_id = execution.tenant_id, execution.execution_id
        for stage in stages:
            outcome = "more"
            while outcome == "more":
                budget = Budget.of(SLICE_SECONDS, 2 * SLICE_SECONDS)
                answer = engine.run_slice(tenant_id, execution_id, execution.run, stage, budget)
                outcome = answer.outcome
                if outcome == "more" and answer.wait_seconds:
                    self.pause(answer.wait_seconds)
            if outcome != "done":
                rollback = 0 if execution.rollback is None else execution.rollback.run
                found = self._store.rollback_steps(tenant_id, execution_id, rollback)
                return next((step.problem for step in found if step.key == answer.step), None) or Problem(
                    f"The run ended as {outcome}", f"运行结束状态为 {outcome}", "fault"
                )
        return None


def is_rehearsed(step: StepRecord) -> bool:
    """A step that needs nothing but the database."""
    return step_class(step.definition.class_name).__name__ in _DATABASE_STEPS


def _different(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name)))


def _times(
    up: Sequence[StepRecord], down: Sequence[StepRecord], again: Sequence[StepRecord], declared: Sequence[StepRecord]
) -> tuple[StepTimes, ...]:
    copies = backed_up(up)
    versions = {step.version for step in declared}

    def seconds(steps: Sequence[StepRecord], sequence: int, *, undoing: bool) -> float | None:
        found = next((s for s in steps if (s.undoes if undoing else s.sequence) == sequence), None)
        return None if found is None or not found.attempts else found.active_milliseconds / 1000

    times = []
    for step in up:
        possible, why = way_back(step.definition, copies, declared=step.version in versions)
        times.append(
            StepTimes(
                step.key,
                seconds(up, step.sequence, undoing=False),
                seconds(down, step.sequence, undoing=True),
                seconds(again, step.sequence, undoing=False),
                None if possible else Problem(why.en, why.zh),
            )
        )
    return tuple(times)
