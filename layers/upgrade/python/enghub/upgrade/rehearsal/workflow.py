"""What the state machine rehearse_upgrade does: one task, called again and again (UPG-09).

The engine and the steps are those of the upgrade. Its database is the scratch database; the site has no hooks and no
stores here, and the steps that use some are left out when the rehearsal is accepted.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from enghub.core.commits import Commit, Kept
from enghub.core.identity import Origin
from enghub.kit.databases.errors import DatabaseBusy
from enghub.kit.databases.session import DatabaseSessions
from enghub.kit.runs.history import FULL
from enghub.kit.work.errors import WorkFailed
from enghub.kit.work.slices import Budget
from enghub.upgrade.executions.engine import Engine
from enghub.upgrade.executions.errors import ExecutionNotFound, NotUndoable
from enghub.upgrade.executions.in_progress import Answer
from enghub.upgrade.executions.model import Execution, Status
from enghub.upgrade.executions.repository import ExecutionCommit, Executions
from enghub.upgrade.executions.rollback import plan_rollback
from enghub.upgrade.executions.step import ROLLBACK, Problem, StepRecord, StepStatus, first_unfinished
from enghub.upgrade.gateways.databases import copying
from enghub.upgrade.gateways.databases.kinds import databases_of
from enghub.upgrade.gateways.databases.scratch import Scratch
from enghub.upgrade.rehearsal.model import NotCopied, Part, Rehearsal, launch_command, times
from enghub.upgrade.rehearsal.repository import RehearsalStore
from enghub.upgrade.rehearsal.service import steps_of
from enghub.upgrade.stepping.hooks import Hooks
from enghub.upgrade.stepping.ports import BACKUPS, Ports

BUSY_WAIT_SECONDS: Final = 10
_TOKENS: Final = {Part.UP: 1, Part.DOWN: 2, Part.AGAIN: 3}


@dataclass(frozen=True, slots=True)
class _Site:
    """The scratch database in the place of the site, which has nothing else but an artifact store for its backups."""

    scratch: Scratch
    ports: Ports

    def databases(self, token: int) -> DatabaseSessions:
        return databases_of(self.scratch.address, token)

    @property
    def hooks(self) -> Hooks:
        return Hooks({})


@dataclass(slots=True)
class Rehearsing:
    """Advances rehearsals.

    `scratch` finds the databases of one, `ports` its artifact store; `script` returns a script by tenant and SHA-256.
    """

    store: RehearsalStore
    executions: Executions
    scratch: Callable[[Rehearsal], Scratch]
    ports: Callable[[Rehearsal], Ports]
    script: Callable[[str, str], str]

    def advance(self, rehearsal_id: str, run: int, events: int, budget: Budget, origin: Origin) -> Answer:
        """Do what is next, for one slice; safe to repeat.

        Raises:
            RehearsalNotFound, Unavailable
            DatabaseUnreachable: a fault, tried again by the workflow.
        """
        kept = self.store.kept(origin.tenant_id, rehearsal_id)
        rehearsal = kept.value
        if rehearsal.run != run or not rehearsal.is_running:
            return Answer("superseded", rehearsal.part)
        if events >= FULL:
            after = rehearsal.go_on()
            self.store.save(Commit(origin, "", after, kept, commands=(launch_command(after),)))
            return Answer("superseded", rehearsal.part)
        self.store.alive(rehearsal.lease(origin.at))
        scratch = None
        try:
            scratch = self.scratch(rehearsal)
            return self._work(kept, scratch, budget, origin)
        except DatabaseBusy:
            return Answer("more", rehearsal.part, BUSY_WAIT_SECONDS)
        except WorkFailed as refused:
            return self._end(kept, scratch, Problem(refused.text.en, refused.text.zh), budget, origin)

    def record_fault(self, rehearsal_id: str, run: int, fault: str, origin: Origin) -> Answer:
        """End a rehearsal whose workflow broke."""
        kept = self.store.kept(origin.tenant_id, rehearsal_id)
        rehearsal = kept.value
        if rehearsal.run == run and rehearsal.is_running:
            problem = Problem(f"The workflow broke: {fault}", f"工作流异常：{fault}", "fault")
            steps = times(steps_of(self.executions, rehearsal), {})
            self._clear_away(rehearsal)
            self.store.save(Commit(origin, "ended", rehearsal.ended(steps, problem, origin.at), kept))
        return Answer("rest", rehearsal.part)

    def _work(self, kept: Kept[Rehearsal], scratch: Scratch, budget: Budget, origin: Origin) -> Answer:
        rehearsal = kept.value
        if rehearsal.part in _TOKENS:
            return self._run(kept, scratch, budget, origin)
        following = _around(rehearsal, scratch, budget)
        return Answer("more", rehearsal.part) if following is None else self._saved(kept, following, origin)

    def _saved(self, kept: Kept[Rehearsal], following: Rehearsal, origin: Origin) -> Answer:
        self.store.save(Commit(origin, "", following, kept))
        return Answer("more", following.part)

    def _run(self, kept: Kept[Rehearsal], scratch: Scratch, budget: Budget, origin: Origin) -> Answer:
        """Go on with a way up, or with the way back."""
        rehearsal = kept.value
        with scratch.hold(budget):
            pass  # it is still ours
        back = rehearsal.part is Part.DOWN
        try:
            execution = self._way_back(rehearsal, origin) if back else self._way_up(rehearsal, origin)
        except NotUndoable as refused:
            values = refused.details
            problem = Problem(refused.text.render("en", **values), refused.text.render("zh", **values), "rollback")
            return self._end(kept, scratch, problem, budget, origin)
        answer = self._slices(rehearsal, execution, scratch, budget)
        if answer.outcome == "more":
            return answer
        if answer.outcome != "done":
            return self._end(kept, scratch, self._problem(execution, answer), budget, origin)
        if rehearsal.part is Part.AGAIN:
            return self._end(kept, scratch, None, budget, origin)
        return self._saved(kept, rehearsal.next(), origin)

    def _slices(self, rehearsal: Rehearsal, execution: Execution, scratch: Scratch, budget: Budget) -> Answer:
        """Run what is left of a way, as far as the budget goes."""

        def watch(point: str) -> None:
            if point == "step recorded" and rehearsal.part is not Part.AGAIN:
                self._keep_shape(rehearsal, scratch, budget)

        site = _Site(scratch, self.ports(rehearsal))
        engine = Engine(self.executions, lambda _, __: site, self.script, scratch.check_script, point=watch)
        while (step := first_unfinished(self._steps(execution))) is not None:
            stage = step.stage.value if execution.rollback is None else ROLLBACK
            answer = engine.run_slice(execution.tenant_id, execution.execution_id, execution.run, stage, budget)
            if answer.outcome != "done":
                return answer
            if budget.spent:
                return Answer("more", stage)
        return Answer("done", rehearsal.part)

    def _steps(self, execution: Execution) -> tuple[StepRecord, ...]:
        tenant_id, execution_id = execution.tenant_id, execution.execution_id
        if execution.rollback is None:
            return self.executions.steps(tenant_id, execution_id)
        return self.executions.rollback_steps(tenant_id, execution_id, execution.rollback.run)

    def _keep_shape(self, rehearsal: Rehearsal, scratch: Scratch, budget: Budget) -> None:
        """Note the structure after the step that was finished last, so that its undoing can be judged."""
        ways = steps_of(self.executions, rehearsal)
        steps = ways.down if rehearsal.part is Part.DOWN else ways.up
        last = max((step for step in steps if step.ended_at is not None), key=_ended, default=None)
        if last is None or last.status is not StepStatus.SUCCEEDED:
            return
        number = last.undoes if rehearsal.part is Part.DOWN else last.sequence
        if number is not None:
            scratch.keep_shape(f"{rehearsal.part} {number}", budget)

    def _way_up(self, rehearsal: Rehearsal, origin: Origin) -> Execution:
        first = rehearsal.part is Part.UP
        execution_id = rehearsal.up_id if first else rehearsal.again_id
        try:
            return self.executions.get(rehearsal.tenant_id, execution_id)
        except ExecutionNotFound:
            planned = self.executions.steps(rehearsal.tenant_id, rehearsal.up_id)
        steps = () if first else tuple(_fresh(step, execution_id) for step in planned)
        execution = Execution(
            tenant_id=rehearsal.tenant_id,
            execution_id=execution_id,
            site_id=rehearsal.site_id,
            environment=rehearsal.environment,
            source_version=rehearsal.source_version,
            target_version=rehearsal.target_version,
            status=Status.PENDING,
            revisions={},
            total_steps=len(planned),
            created_by=rehearsal.created_by,
            created_at=rehearsal.created_at,
            fencing_token=_TOKENS[rehearsal.part],
            factory_id=rehearsal.factory_id,
        )
        self.executions.create(steps, ExecutionCommit(origin, execution))
        return self.executions.get(rehearsal.tenant_id, execution_id)

    def _way_back(self, rehearsal: Rehearsal, origin: Origin) -> Execution:
        """Return the first way up as it is undone.

        Raises:
            NotUndoable: a step that succeeded has no inverse.
        """
        kept = self.executions.kept(rehearsal.tenant_id, rehearsal.up_id)
        execution = kept.value
        if execution.rollback is not None:
            return execution
        ways = steps_of(self.executions, rehearsal)
        rollback, records = plan_rollback(execution, ways.up, ways.declared, origin)
        self.executions.plan_steps(rehearsal.tenant_id, records)
        back = replace(
            execution,
            status=Status.ROLLING_BACK,
            run=rollback.run,
            rollback=rollback,
            fencing_token=_TOKENS[Part.DOWN],
        )
        return self.executions.save(ExecutionCommit(origin, back, kept))[0].value

    def _problem(self, execution: Execution, answer: Answer) -> Problem:
        steps = self._steps(execution)
        known = next((step.problem for step in steps if step.sequence == answer.sequence), None)
        if known is None:
            return Problem(f"The run ended as {answer.outcome}", f"运行结束状态为 {answer.outcome}", "fault")
        return Problem(f"{answer.step}: {known.en}", f"{answer.step}：{known.zh}", known.kind)

    def _end(
        self,
        kept: Kept[Rehearsal],
        scratch: Scratch | None,
        problem: Problem | None,
        budget: Budget,
        origin: Origin,
    ) -> Answer:
        rehearsal = kept.value
        shapes = {}
        if scratch is not None and rehearsal.part is not Part.CLAIM:
            with suppress(WorkFailed):  # another rehearsal has it, which is why this one ends
                shapes = scratch.shapes(budget)
                scratch.release(budget)
        steps = times(steps_of(self.executions, rehearsal), shapes)
        self._clear_away(rehearsal)
        self.store.save(Commit(origin, "ended", rehearsal.ended(steps, problem, origin.at), kept))
        return Answer("rest", rehearsal.part)

    def _clear_away(self, rehearsal: Rehearsal) -> None:
        """Remove what its backups have stored; what cannot be removed now does no harm."""
        with suppress(WorkFailed):
            store = self.ports(rehearsal).artifacts
            for info in list(store.list(BACKUPS)):
                store.delete(info.path)


def _around(rehearsal: Rehearsal, scratch: Scratch, budget: Budget) -> Rehearsal | None:
    """Do what comes before, between and after the ways; None: there is more to do in this part."""
    match rehearsal.part:
        case Part.CLAIM:
            scratch.claim()
        case Part.COPY:
            if not copying.copy(scratch, rehearsal.row_limit, budget):
                return None
            rows, left = scratch.report(budget)
            return rehearsal.copied(rows, [NotCopied(one.what, one.why) for one in left])
        case Part.BEFORE:
            if not scratch.measure("before", budget):
                return None
            scratch.keep_shape("up 0", budget)
        case _:
            if not scratch.measure("after", budget):
                return None
            return rehearsal.compared(scratch.differences("before", "after", budget))
    return rehearsal.next()


def _ended(step: StepRecord) -> float:
    return 0.0 if step.ended_at is None else step.ended_at.timestamp()


def _fresh(step: StepRecord, execution_id: str) -> StepRecord:
    """A step as it was planned, for another way up."""
    return StepRecord(
        execution_id,
        step.sequence,
        step.key,
        step.stage,
        step.version,
        step.definition,
        step.scripts,
        confirmed_by=step.confirmed_by,
    )
