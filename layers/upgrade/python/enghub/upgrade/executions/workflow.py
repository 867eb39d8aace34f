"""What the state machine does besides running slices (UPG-05, UPG-07)."""

from dataclasses import replace
from datetime import timedelta

from enghub.core.commits import Kept
from enghub.core.identity import Origin
from enghub.upgrade.executions.errors import (
    ExecutionNotFound,
    NotUndoable,
    NotUndoneAfterSuccess,
    SiteBusy,
    SiteMovedOn,
)
from enghub.upgrade.executions.lock import SiteLock
from enghub.upgrade.executions.model import (
    ABORTED,
    CONFIRM_WITHIN,
    Execution,
    OnFailure,
    Status,
    launch_command,
    released,
)
from enghub.upgrade.executions.repository import ExecutionCommit, Executions
from enghub.upgrade.executions.rollback import DECLARED, plan_rollback
from enghub.upgrade.executions.step import Problem, StepRecord, StepStatus, first_unfinished

GATE_LEASE = timedelta(hours=25)
"""Longer than a confirmation may take."""
START_LEASE = timedelta(minutes=5)
"""From starting a run until its first slice extends the lease."""
HELD = timedelta(days=365)
"""A site that is neither old nor new stays locked until somebody ends the rollback."""


class Workflow:
    """What the state machine does besides running slices: open gates, go on afresh, end."""

    def __init__(self, executions: Executions) -> None:
        self._executions = executions

    def succeed(self, tenant_id: str, execution_id: str, run: int, origin: Origin) -> str:
        """End well: the site has its new version, the lock is free. Safe to repeat."""
        kept = self._executions.kept(tenant_id, execution_id)
        before = kept.value
        if before.run != run or not before.status.is_live:
            return before.status.value
        left = self._standing_at(before)
        if left is not None:
            problem = Problem(f"Step {left.key} did not run", f"步骤 {left.key} 未执行", "fault")
            return self._end(kept, before.fail(problem, left, origin.at), "UpgradeFailed", "failed", origin)
        after = before.succeed(origin.at)
        return self._end(kept, after, "UpgradeSucceeded", "succeeded", origin, site_version=before.target_version)

    def stop(self, tenant_id: str, execution_id: str, run: int, fault: str | None, origin: Origin) -> str:
        """End at the breakpoint: a step said no, something broke, or an operator asked. Safe to repeat."""
        kept = self._executions.kept(tenant_id, execution_id)
        before = kept.value
        if before.run != run or not before.status.is_live:
            return before.status.value
        if before.status is Status.ROLLING_BACK:
            return self._stop_rollback(kept, fault, origin)
        step = self._standing_at(before)
        if before.abort_requested:
            return self._end(kept, before.abort(ABORTED, step, origin.at), "UpgradeAborted", "stopped", origin)
        failed = before.fail(_problem(step, fault), step, origin.at)
        if before.on_failure is OnFailure.ROLLBACK:
            return self._roll_back(kept, failed, origin)
        if before.on_failure is OnFailure.CONFIRM:
            return self._ask(kept, failed, origin)
        return self._end(kept, failed, "UpgradeFailed", "failed", origin)

    def _roll_back(self, kept: Kept[Execution], failed: Execution, origin: Origin) -> str:
        """Fail and begin the way back in one transaction; fail only, saying why, when there is none."""
        held = self._executions.lock(failed.tenant_id, failed.site_id)
        try:
            commit = rollback_commit(self._executions, replace(kept, value=failed), held, origin)
        except (NotUndoable, SiteMovedOn, SiteBusy) as refused:
            values = refused.details
            note = Problem(refused.text.render("en", **values), refused.text.render("zh", **values), "rollback")
            return self._end(kept, replace(failed, rollback_note=note), "UpgradeFailed", "failed", origin)
        policy = replace(commit, before=kept, event="UpgradeFailed", also=("UpgradeRollbackStarted",))
        return self._save(policy)

    def _ask(self, kept: Kept[Execution], failed: Execution, origin: Origin) -> str:
        """Fail, keep the site for its owner and ask; nobody else may touch it until the deadline."""
        before = kept.value
        if self._executions.lock(before.tenant_id, before.site_id).token != before.fencing_token:
            return self._end(kept, failed, "UpgradeFailed", "failed", origin)  # somebody else has the site by now
        until = origin.at + CONFIRM_WITHIN
        self._hold(before, CONFIRM_WITHIN, origin)
        return self._save(
            ExecutionCommit(
                origin,
                replace(failed, confirm_rollback_until=until),
                kept,
                action="failed",
                event="UpgradeFailed",
                also=("UpgradeRollbackConfirmationRequested",),
            )
        )

    def finish_rollback(self, tenant_id: str, execution_id: str, run: int, origin: Origin) -> str:
        """End a rollback well: the site is as before, the lock is free. Safe to repeat."""
        kept = self._executions.kept(tenant_id, execution_id)
        before = kept.value
        if before.run != run or before.status is not Status.ROLLING_BACK:
            return before.status.value
        left = self._standing_at_rollback(before)
        if left is not None:
            return self._stop_rollback(kept, f"step {left.key} was not undone", origin)
        return self._end(kept, before.rolled_back(origin.at), "UpgradeRolledBack", "rolled_back", origin)

    def _stop_rollback(self, kept: Kept[Execution], fault: str | None, origin: Origin) -> str:
        before = kept.value
        step = self._standing_at_rollback(before)
        problem = ABORTED if before.abort_requested else _problem(step, fault)
        self._hold(before, HELD, origin)
        after = before.rollback_failed(problem, step, origin.at)
        return self._save(ExecutionCommit(origin, after, kept, action="rollback_failed", event="UpgradeRollbackFailed"))

    def _save(self, commit: ExecutionCommit) -> str:
        return self._executions.save(commit)[0].value.status.value

    def _hold(self, execution: Execution, lease: timedelta, origin: Origin) -> None:
        """Extend the lock of who has it; before the change that needs it, so that a crash leaves it held."""
        lock = self._executions.lock(execution.tenant_id, execution.site_id)
        if lock.token == execution.fencing_token and lock.owner == execution.execution_id:
            self._executions.extend_lock(execution.tenant_id, replace(lock, until=origin.at + lease))

    def _standing_at_rollback(self, execution: Execution) -> StepRecord | None:
        return standing_at_rollback(self._executions, execution)

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
        kept = self._executions.kept(tenant_id, execution_id)
        before = kept.value
        if before.run != run or not before.status.is_live:
            return before.run
        held = self._executions.lock(tenant_id, before.site_id)
        lock = held.take(execution_id, START_LEASE, origin.at)
        after = before.continued().with_token(lock)
        self._executions.save(ExecutionCommit(origin, after, kept, lock=lock, command=launch_command(after)))
        return after.run

    def _end(
        self,
        kept: Kept[Execution],
        after: Execution,
        event: str,
        action: str,
        origin: Origin,
        *,
        site_version: str | None = None,
    ) -> str:
        before = kept.value
        held = self._executions.lock(before.tenant_id, before.site_id)
        return self._save(
            ExecutionCommit(
                origin,
                after,
                kept,
                action=action,
                event=event,
                lock=released(held, before),
                site_version=site_version,
                applied=(*before.revisions, site_version) if site_version else (),
            )
        )

    def _standing_at(self, execution: Execution) -> StepRecord | None:
        return first_unfinished(self._executions.steps(execution.tenant_id, execution.execution_id))


def is_between(executions: Executions, tenant_id: str, lock: SiteLock, execution_id: str) -> bool:
    """Tell whether another execution left the site between two versions: even a lapsed lease is not taken over."""
    if lock.owner in (None, execution_id):
        return False
    try:
        owner = executions.get(tenant_id, str(lock.owner))
    except ExecutionNotFound:
        return False
    return owner.status in (Status.ROLLING_BACK, Status.ROLLBACK_FAILED)


def standing_at_rollback(executions: Executions, execution: Execution) -> StepRecord | None:
    """Return the step a rollback stands at, None when all is undone."""
    run = 0 if execution.rollback is None else execution.rollback.run
    return first_unfinished(executions.rollback_steps(execution.tenant_id, execution.execution_id, run))


def rollback_commit(
    executions: Executions, stopped: Kept[Execution], held: SiteLock, origin: Origin
) -> ExecutionCommit:
    """Return the commit that begins a rollback; its steps are stored first, nothing refers to them yet.

    Raises:
        NotUndoneAfterSuccess, CannotRollBack, SiteMovedOn, NotUndoable, SiteBusy
    """
    tenant_id, execution_id = stopped.value.tenant_id, stopped.value.execution_id
    if stopped.value.status is Status.SUCCEEDED:
        raise NotUndoneAfterSuccess(execution_id=execution_id, version=stopped.value.target_version)
    steps = executions.steps(tenant_id, execution_id)
    declared = executions.rollback_steps(tenant_id, execution_id, DECLARED)
    rollback, records = plan_rollback(stopped.value, steps, declared, origin)
    begun = stopped.value.roll_back(rollback, held)
    lock = held.take(execution_id, START_LEASE, origin.at)
    after = begun.with_token(lock)
    executions.plan_steps(tenant_id, records)
    return ExecutionCommit(
        origin,
        after,
        stopped,
        action="rollback_started",
        event="UpgradeRollbackStarted",
        lock=lock,
        command=launch_command(after),
    )


def _problem(step: StepRecord | None, fault: str | None) -> Problem:
    if step is not None and step.status is StepStatus.FAILED and step.problem is not None:
        return step.problem
    cause = (fault or "unknown").strip()[:500]
    return Problem(
        f"The worker broke off ({cause}); look at the log, then resume",
        f"执行过程异常中断（{cause}），请查看日志后继续",
        "fault",
    )
