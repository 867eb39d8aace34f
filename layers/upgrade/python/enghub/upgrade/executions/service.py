"""What people do with upgrades: start, stop, resume, confirm, look (UPG-07, UPG-08, UPG-12)."""

from dataclasses import dataclass, replace
from datetime import timedelta

from enghub.core import ids
from enghub.core.idempotency import Once
from enghub.core.identity import Origin
from enghub.upgrade.executions.errors import ExecutionChanged, NothingToConfirm
from enghub.upgrade.executions.model import (
    ABORTED,
    SKIP,
    Execution,
    OnFailure,
    Status,
    StepRecord,
    StepStatus,
    first_unfinished,
    launch_command,
    released,
)
from enghub.upgrade.executions.reading import Seen, look
from enghub.upgrade.executions.repository import Change, Executions, LogPage
from enghub.upgrade.executions.rollback import declared_records
from enghub.upgrade.executions.workflow import HELD, rollback_change, standing_at_rollback
from enghub.upgrade.planning.errors import UnknownVersion
from enghub.upgrade.planning.service import Planned, Planner

START_LEASE = timedelta(minutes=5)
"""From accepting until the workflow's first slice extends the lease."""
ANSWER = "answer_gate"
ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Asked:
    """Which upgrade is wanted."""

    source_version: str
    target_version: str
    site_id: str
    environment: str
    on_failure: OnFailure = OnFailure.STOP


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
            on_failure=asked.on_failure,
        )
        self._executions.create(
            [*_records(execution_id, planned), *_declared(execution_id, planned)],
            Change(
                origin, execution, lock=lock, event="UpgradeRequested", action="request",
                command=launch_command(execution), once=once,
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
            origin, after, self._skipped(resumed, origin), lock=lock, event="UpgradeResumed", action="resume",
            before=before, command=launch_command(after), once=once,
        )  # fmt: skip
        return self._executions.save(change)[0]

    def roll_back(self, execution_id: str, origin: Origin, once: Once | None = None) -> Execution:
        """Begin the way back of what stopped, whatever its policy says.

        Raises:
            ExecutionNotFound, CannotRollBack, SiteMovedOn, NotUndoable, SiteBusy
        """
        stopped = self._executions.get(origin.tenant_id, execution_id)
        held = self._executions.lock(origin.tenant_id, stopped.site_id)
        change = rollback_change(self._executions, stopped, held, origin)
        return self._executions.save(replace(change, once=once))[0]

    def _skipped(self, resumed: Execution, origin: Origin) -> StepRecord | None:
        """The rollback's step that an operator has undone by hand."""
        if resumed.decision != SKIP or resumed.rollback is None:
            return None
        step = standing_at_rollback(self._executions, resumed)
        return None if step is None else replace(step, status=StepStatus.SKIPPED, ended_at=origin.at)

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
                asked, lock = before.abort(ABORTED, step, origin.at), released(held, before)
            if asked.status is Status.ROLLBACK_FAILED:
                lock = held.take(execution_id, HELD, origin.at)
                asked = asked.with_token(lock)
            events = {Status.ABORTED: "UpgradeAborted", Status.ROLLBACK_FAILED: "UpgradeRollbackFailed"}
            event = events.get(asked.status)
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
        if before.confirm_rollback_until is not None and origin.at <= before.confirm_rollback_until:
            return self.roll_back(execution_id, origin, once)
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
        return look(self._executions, tenant_id, execution_id)

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
        if execution.rollback is not None:
            return standing_at_rollback(self._executions, execution)
        return first_unfinished(self._executions.steps(execution.tenant_id, execution.execution_id))


def _records(execution_id: str, planned: Planned) -> list[StepRecord]:
    return [
        StepRecord(
            execution_id, sequence, step.key, step.stage, step.version, step.definition, planned.scripts_of(step)
        )
        for sequence, step in enumerate(planned.plan.steps, 1)
    ]


def _declared(execution_id: str, planned: Planned) -> tuple[StepRecord, ...]:
    return declared_records(execution_id, ((step, planned.scripts_of(step)) for step in planned.plan.rollback))
