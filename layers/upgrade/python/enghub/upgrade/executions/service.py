"""What people do with upgrades: start, stop, resume, confirm, look (UPG-07, UPG-08, UPG-12)."""

from dataclasses import dataclass
from datetime import timedelta

from enghub.core import ids
from enghub.core.idempotency import Once
from enghub.core.identity import Origin
from enghub.upgrade.executions.errors import ExecutionChanged, NothingToConfirm
from enghub.upgrade.executions.model import (
    Execution,
    Problem,
    SiteLock,
    Status,
    StepRecord,
    StepStatus,
    first_unfinished,
)
from enghub.upgrade.executions.repository import Change, Executions, LogPage
from enghub.upgrade.planning.errors import UnknownVersion
from enghub.upgrade.planning.plan import STAGES
from enghub.upgrade.planning.service import Planned, Planner

START_LEASE = timedelta(minutes=5)
"""From accepting until the workflow's first slice extends the lease."""
GATE_LEASE = timedelta(hours=25)
"""Longer than a confirmation may take."""
LAUNCH = "launch_upgrade"
ANSWER = "answer_gate"
ATTEMPTS = 5
ABORTED = Problem("Aborted by an operator", "已被操作员中止", "abort")


@dataclass(frozen=True, slots=True)
class Asked:
    """Which upgrade is wanted."""

    source_version: str
    target_version: str
    site_id: str
    environment: str


@dataclass(frozen=True, slots=True)
class Seen:
    """An execution with its steps."""

    execution: Execution
    steps: tuple[StepRecord, ...]


class Upgrades:
    """The use cases."""

    def __init__(self, executions: Executions, planner: Planner) -> None:
        self._executions = executions
        self._planner = planner

    def execute(self, asked: Asked, origin: Origin, once: Once | None = None) -> Execution:
        """Accept an upgrade: plan it, pin it, lock the site; the outbox starts the workflow.

        Raises:
            NotAVersion, SiteNotFound, UpgradeRefused, SiteBusy
        """
        planned = self._planner.plan(origin.tenant_id, asked.source_version, asked.target_version, asked.site_id)
        if planned.site.version is not None and planned.site.version != asked.source_version:
            known = f"for the site, which runs {planned.site.version} / 局点当前版本为 {planned.site.version}"
            raise UnknownVersion(version=asked.source_version, needed=known)
        execution_id = ids.new_id(origin.at)
        lock = self._executions.lock(origin.tenant_id, asked.site_id).take(execution_id, START_LEASE, origin.at)
        execution = Execution(
            tenant_id=origin.tenant_id,
            execution_id=execution_id,
            site_id=asked.site_id,
            environment=asked.environment,
            source_version=asked.source_version,
            target_version=asked.target_version,
            status=Status.PENDING,
            revisions={version: revision.number for version, revision in planned.revisions.items()},
            total_steps=len(planned.plan.steps),
            created_by=origin.user_id,
            created_at=origin.at,
            fencing_token=lock.token,
            factory_id=origin.factory_id,
        )
        self._executions.create(
            _records(execution_id, planned),
            Change(
                origin, execution, lock=lock, event="UpgradeRequested", action="request", command=_launch(execution),
                once=once,
            ),
        )  # fmt: skip
        return execution

    def resume(self, execution_id: str, decision: str | None, origin: Origin, once: Once | None = None) -> Execution:
        """Go on from the breakpoint, as a new workflow with a new fencing token.

        Raises:
            ExecutionNotFound, CannotResume, SiteBusy
        """
        before = self._executions.get(origin.tenant_id, execution_id)
        held = self._executions.lock(origin.tenant_id, before.site_id)
        resumed = before.resume(held, decision, origin.at)
        lock = held.take(execution_id, START_LEASE, origin.at)
        after = resumed.with_token(lock)
        change = Change(
            origin, after, lock=lock, event="UpgradeResumed", action="resume", before=before, command=_launch(after),
            once=once,
        )  # fmt: skip
        return self._executions.save(change)[0]

    def abort(self, execution_id: str, origin: Origin, once: Once | None = None) -> Execution:
        """Stop at the end of the running slice; at once when it waits for a person or its worker is gone.

        Raises:
            ExecutionNotFound, CannotAbort
        """
        for _ in range(ATTEMPTS):
            before = self._executions.get(origin.tenant_id, execution_id)
            asked = before.request_abort()
            held = self._executions.lock(origin.tenant_id, before.site_id)
            step = self._standing_at(before)
            command = None
            lock = None
            if before.status is Status.WAITING and step is not None:
                command = (ANSWER, {"executionId": execution_id, "sequence": step.sequence})
            elif not held.is_held(origin.at):
                asked, lock = before.abort(ABORTED, step, origin.at), _released(held, before)
            event = "UpgradeAborted" if asked.status is Status.ABORTED else None
            change = Change(
                origin, asked, lock=lock, event=event, action="abort", before=before, command=command, once=once
            )
            try:
                return self._executions.save(change)[0]
            except ExecutionChanged:
                continue
        raise ExecutionChanged(execution_id=execution_id)

    def confirm(self, execution_id: str, step_key: str | None, origin: Origin, once: Once | None = None) -> Execution:
        """Let the workflow go on past the step that waits.

        Raises:
            ExecutionNotFound, NothingToConfirm
        """
        before = self._executions.get(origin.tenant_id, execution_id)
        step = self._standing_at(before)
        if step is None or before.status is not Status.WAITING or step_key not in (None, step.key, step.definition.id):
            raise NothingToConfirm(execution_id=execution_id, step=step_key or "-")
        confirmed = step.confirm(origin.user_id)
        command = (ANSWER, {"executionId": execution_id, "sequence": step.sequence})
        change = Change(
            origin, before.at_step(confirmed), confirmed, action="confirm", before=before, command=command, once=once
        )
        return self._executions.save(change)[0]

    def look(self, tenant_id: str, execution_id: str) -> Seen:
        """Return an execution with its steps.

        Raises:
            ExecutionNotFound: there is none.
        """
        execution = self._executions.get(tenant_id, execution_id)
        return Seen(execution, self._executions.steps(tenant_id, execution_id))

    def find(self, tenant_id: str, limit: int, cursor: str | None) -> tuple[tuple[Execution, ...], str | None]:
        """Return one page of executions, newest first."""
        return self._executions.find(tenant_id, limit, cursor)

    def read_log(self, tenant_id: str, execution_id: str, limit: int, cursor: str | None) -> LogPage:
        """Return one page of the detailed log.

        Raises:
            ExecutionNotFound: there is no such execution.
        """
        self._executions.get(tenant_id, execution_id)
        return self._executions.read_log(tenant_id, execution_id, limit, cursor)

    def _standing_at(self, execution: Execution) -> StepRecord | None:
        return first_unfinished(self._executions.steps(execution.tenant_id, execution.execution_id))


def _records(execution_id: str, planned: Planned) -> list[StepRecord]:
    return [
        StepRecord(
            execution_id, sequence, step.key, step.stage, step.version, step.definition, planned.scripts_of(step)
        )
        for sequence, step in enumerate(planned.plan.steps, 1)
    ]


def _launch(execution: Execution) -> tuple[str, dict[str, object]]:
    stages = [stage.value for stage in STAGES]
    return LAUNCH, {"executionId": execution.execution_id, "run": execution.run, "stages": stages}


def _released(lock: SiteLock, execution: Execution) -> SiteLock | None:
    return lock.release() if lock.owner == execution.execution_id else None


class Workflow:
    """What the state machine does besides running slices: open gates, go on afresh, end."""

    def __init__(self, executions: Executions) -> None:
        self._executions = executions

    def succeed(self, tenant_id: str, execution_id: str, run: int, origin: Origin) -> str:
        """End well: the site has its new version, the lock is free. Safe to repeat."""
        before = self._executions.get(tenant_id, execution_id)
        if before.run != run or not before.status.is_live:
            return before.status.value
        left = self._standing_at(before)
        if left is not None:
            problem = Problem(f"Step {left.key} did not run", f"步骤 {left.key} 未执行", "fault")
            return self._end(before, before.fail(problem, left, origin.at), "UpgradeFailed", "fail", origin)
        after = before.succeed(origin.at)
        return self._end(before, after, "UpgradeSucceeded", "succeed", origin, site_version=before.target_version)

    def stop(self, tenant_id: str, execution_id: str, run: int, fault: str | None, origin: Origin) -> str:
        """End at the breakpoint: a step said no, something broke, or an operator asked. Safe to repeat."""
        before = self._executions.get(tenant_id, execution_id)
        if before.run != run or not before.status.is_live:
            return before.status.value
        step = self._standing_at(before)
        if before.abort_requested:
            return self._end(before, before.abort(ABORTED, step, origin.at), "UpgradeAborted", "stop", origin)
        after = before.fail(_problem(step, fault), step, origin.at)
        return self._end(before, after, "UpgradeFailed", "fail", origin)

    def open_gate(self, tenant_id: str, execution_id: str, run: int, gate: tuple[int, str], origin: Origin) -> bool:
        """Keep a gate (sequence of the step, task token); True when its answer is there already."""
        sequence, token = gate
        execution = self._executions.get(tenant_id, execution_id)
        self._executions.keep_gate(tenant_id, execution_id, sequence, run, token)
        lock = self._executions.lock(tenant_id, execution.site_id)
        if lock.token == execution.fencing_token:
            longer = SiteLock(lock.site_id, lock.owner, lock.token, origin.at + GATE_LEASE)
            self._executions.extend_lock(tenant_id, longer)
        return self.is_answered(tenant_id, execution_id, sequence) or execution.run != run

    def is_answered(self, tenant_id: str, execution_id: str, sequence: int) -> bool:
        """Tell whether the workflow may go on: confirmed, or asked to abort."""
        execution = self._executions.get(tenant_id, execution_id)
        step = next((s for s in self._executions.steps(tenant_id, execution_id) if s.sequence == sequence), None)
        return execution.abort_requested or (step is not None and step.status is not StepStatus.WAITING)

    def gate_token(self, tenant_id: str, execution_id: str, sequence: int) -> str | None:
        """Return the token to answer, None when no workflow waits yet (it will find the answer itself)."""
        return self._executions.gate(tenant_id, execution_id, sequence)

    def go_on(self, tenant_id: str, execution_id: str, run: int, origin: Origin) -> int:
        """Continue in a fresh workflow; return its run. Safe to repeat."""
        before = self._executions.get(tenant_id, execution_id)
        if before.run != run:
            return before.run
        held = self._executions.lock(tenant_id, before.site_id)
        lock = held.take(execution_id, START_LEASE, origin.at)
        after = before.continued().with_token(lock)
        self._executions.save(Change(origin, after, lock=lock, command=_launch(after)))
        return after.run

    def _end(
        self, before: Execution, after: Execution, event: str, action: str, origin: Origin, *,
        site_version: str | None = None,
    ) -> str:  # fmt: skip
        held = self._executions.lock(before.tenant_id, before.site_id)
        applied = tuple(before.revisions) if site_version else ()
        change = Change(
            origin, after, lock=_released(held, before), event=event, action=action, before=before,
            site_version=site_version, applied=applied,
        )  # fmt: skip
        return self._executions.save(change)[0].status.value

    def _standing_at(self, execution: Execution) -> StepRecord | None:
        return first_unfinished(self._executions.steps(execution.tenant_id, execution.execution_id))


def _problem(step: StepRecord | None, fault: str | None) -> Problem:
    if step is not None and step.status is StepStatus.FAILED and step.problem is not None:
        return step.problem
    cause = (fault or "unknown").strip()[:500]
    return Problem(
        f"The worker broke off ({cause}); look at the log, then resume",
        f"执行过程异常中断（{cause}），请查看日志后继续",
        "fault",
    )
