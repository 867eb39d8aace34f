"""What the state machine does besides running slices (UPG-05, UPG-07)."""

from datetime import timedelta

from enghub.core.identity import Origin
from enghub.upgrade.executions.model import (
    ABORTED,
    Execution,
    Problem,
    SiteLock,
    StepRecord,
    StepStatus,
    first_unfinished,
    launch_command,
    released,
)
from enghub.upgrade.executions.repository import Change, Executions

GATE_LEASE = timedelta(hours=25)
"""Longer than a confirmation may take."""
START_LEASE = timedelta(minutes=5)
"""From starting a run until its first slice extends the lease."""


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
        self._executions.save(Change(origin, after, lock=lock, command=launch_command(after)))
        return after.run

    def _end(
        self, before: Execution, after: Execution, event: str, action: str, origin: Origin, *,
        site_version: str | None = None,
    ) -> str:  # fmt: skip
        held = self._executions.lock(before.tenant_id, before.site_id)
        applied = tuple(before.revisions) if site_version else ()
        change = Change(
            origin, after, lock=released(held, before), event=event, action=action, before=before,
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
