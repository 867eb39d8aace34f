"""What people do with upgrades: start, stop, resume, confirm, look (UPG-07, UPG-08, UPG-12)."""

from dataclasses import replace
from datetime import timedelta

from enghub.core import idempotency, ids
from enghub.core.clock import to_text
from enghub.core.idempotency import Once
from enghub.core.identity import Origin
from enghub.upgrade.executions.errors import ConfirmationOver, ExecutionChanged, NothingToConfirm, SiteBusy
from enghub.upgrade.executions.model import ABORTED, SKIP, Asked, Execution, Status, launch_command, released
from enghub.upgrade.executions.reading import Seen, look
from enghub.upgrade.executions.repository import Change, Executions, LogPage
from enghub.upgrade.executions.rollback import declared_records
from enghub.upgrade.executions.step import StepRecord, StepStatus, first_unfinished
from enghub.upgrade.executions.workflow import HELD, is_between, rollback_change, standing_at_rollback
from enghub.upgrade.planning.service import Planned, Planner
from enghub.upgrade.queue.errors import QueueChanged
from enghub.upgrade.queue.model import ADMIT
from enghub.upgrade.queue.repository import Queue

START_LEASE = timedelta(minutes=5)
"""From accepting until the workflow's first slice extends the lease."""
ANSWER = "answer_gate"
ATTEMPTS = 5
QUEUE_ATTEMPTS = 60
"""Looks at the queue; of those who change it at once one succeeds per look."""


class Upgrades:
    """The use cases."""

    def __init__(self, executions: Executions, planner: Planner, queue: Queue) -> None:
        self._executions = executions
        self._queue = queue
        self._planner = planner

    def execute(self, asked: Asked, origin: Origin, once: Once | None = None) -> Execution:
        """Accept an upgrade: plan it, pin it, lock the site; the outbox starts the workflow.

        Raises:
            NotAVersion, SiteNotFound, UpgradeRefused, SiteBusy
        """
        planned = self._planner.plan(origin.tenant_id, asked.source_version, asked.target_version, asked.site_id)
        planned.refuse_other_source(asked.source_version)
        planned.needs.demand(asked.site_id)
        execution_id = ids.new_id(origin.at)
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
            fencing_token=0,
            factory_id=origin.factory_id,
            on_failure=asked.on_failure,
        )
        records = [*_records(execution_id, planned), *_declared(execution_id, planned)]
        for _ in range(QUEUE_ATTEMPTS):
            change = self._accepted(execution, asked.when_busy, origin, once)
            try:
                self._executions.create(records, change)
            except QueueChanged:
                records = []  # stored by the first attempt
                continue
            return change.execution
        raise QueueChanged

    def _accepted(self, execution: Execution, when_busy: str, origin: Origin, once: Once | None) -> Change:
        """Decide: it begins, waits, or is refused because the site is busy."""
        line = self._queue.line(origin.tenant_id)
        held = self._executions.lock(origin.tenant_id, execution.site_id)
        first = line.waiting_for(execution.site_id)
        between = is_between(self._executions, origin.tenant_id, held, execution.execution_id)
        busy = held.is_held(origin.at) or first is not None or between
        if busy and when_busy == "refuse":
            if once is not None:
                idempotency.look(once)  # the one that holds the site may be this very request
            held.take(execution.execution_id, START_LEASE, origin.at)
            raise SiteBusy(site_id=execution.site_id, owner=first.execution_id if first else held.owner, until="?")
        if busy or not line.may_begin(execution.execution_id):
            slots, ticket = line.slots.ticket(execution.execution_id, execution.site_id, origin.at)
            return Change(
                origin,
                execution.queued(ticket.number),
                event="UpgradeRequested",
                action="request",
                command=(ADMIT, {}),
                once=once,
                queue=line.move(slots, joins=ticket),
            )
        lock = held.take(execution.execution_id, START_LEASE, origin.at)
        slots = line.slots.without(held.owner).taken_by(execution.execution_id)
        begun = execution.with_token(lock)
        return Change(
            origin,
            begun,
            lock=lock,
            event="UpgradeRequested",
            action="request",
            command=launch_command(begun),
            once=once,
            queue=line.move(slots),
        )

    def resume(self, execution_id: str, decision: str | None, origin: Origin, once: Once | None = None) -> Execution:
        """Go on from the breakpoint, as a new workflow with a new fencing token.

        Raises:
            ExecutionNotFound, CannotResume, SiteBusy
        """
        for _ in range(QUEUE_ATTEMPTS):
            change = self._resumed(execution_id, decision, origin, once)
            try:
                return self._executions.save(change)[0]
            except QueueChanged:
                continue
        raise QueueChanged

    def _resumed(self, execution_id: str, decision: str | None, origin: Origin, once: Once | None) -> Change:
        """Decide: it goes on with its slot or a free one, or waits for one; the way back waits for nobody."""
        before = self._executions.get(origin.tenant_id, execution_id)
        held = self._executions.lock(origin.tenant_id, before.site_id)
        resumed = before.resume(held, decision, origin.at)
        lock = held.take(execution_id, START_LEASE, origin.at)
        if is_between(self._executions, origin.tenant_id, held, execution_id):
            raise SiteBusy(site_id=before.site_id, owner=held.owner, until="?")
        line = self._queue.line(origin.tenant_id)
        goes_back = resumed.rollback is not None
        if not goes_back and not line.may_begin(execution_id):
            slots, ticket = line.slots.ticket(execution_id, before.site_id, origin.at)
            return Change(
                origin,
                resumed.queued(ticket.number),
                event="UpgradeResumed",
                action="resume",
                before=before,
                lock=released(held, before),
                command=(ADMIT, {}),
                once=once,
                queue=line.move(slots, joins=ticket),
            )
        after = resumed.with_token(lock)
        slots = line.slots.without(held.owner).taken_by(execution_id)
        return Change(
            origin,
            after,
            self._skipped(resumed, origin),
            lock=lock,
            event="UpgradeResumed",
            action="resume",
            before=before,
            command=launch_command(after),
            once=once,
            queue=None if goes_back else line.move(slots),
        )

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
            if before.ticket is not None:
                change = self._withdrawn(before, before.ticket, origin, once)
                try:
                    return self._executions.save(change)[0]
                except (ExecutionChanged, QueueChanged):
                    continue
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

    def _withdrawn(self, before: Execution, ticket: int, origin: Origin, once: Once | None) -> Change:
        """Leave the queue at once: nothing runs yet."""
        line = self._queue.line(origin.tenant_id)
        aborted = replace(before.abort(ABORTED, self._standing_at(before), origin.at), ticket=None)
        return Change(
            origin,
            aborted,
            event="UpgradeAborted",
            action="abort",
            before=before,
            once=once,
            queue=line.move(leaves=ticket),
        )

    def confirm(self, execution_id: str, step_key: str | None, origin: Origin, once: Once | None = None) -> Execution:
        """Let the workflow go on past the step that waits.

        Raises:
            ExecutionNotFound, NothingToConfirm, ConfirmationOver
        """
        before = self._executions.get(origin.tenant_id, execution_id)
        if before.asks_to_roll_back(origin.at):
            return self.roll_back(execution_id, origin, once)
        if before.confirm_rollback_until is not None:
            raise ConfirmationOver(execution_id=execution_id, until=to_text(before.confirm_rollback_until))
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
        seen = look(self._executions, tenant_id, execution_id)
        if seen.execution.ticket is None:
            return seen
        return replace(seen, position=self._queue.line(tenant_id).position(execution_id))

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
