"""What people do with upgrades: start, stop, resume, confirm, look (UPG-07, UPG-08, UPG-12)."""

from dataclasses import replace
from datetime import timedelta

from enghub.core import ids
from enghub.core.claims import Claim
from enghub.core.clock import to_text
from enghub.core.commits import Command, Kept
from enghub.core.identity import Origin
from enghub.upgrade.drift.service import Drifts
from enghub.upgrade.executions.errors import ConfirmationOver, ExecutionChanged, NothingToConfirm, SiteBusy
from enghub.upgrade.executions.model import (
    ABORTED,
    SKIP,
    Execution,
    ResumeUpgrade,
    StartUpgrade,
    Status,
    launch_command,
    released,
)
from enghub.upgrade.executions.reading import ExecutionDetail, look
from enghub.upgrade.executions.repository import ExecutionCommit, Executions, LogPage, StepCommit
from enghub.upgrade.executions.revising import exchanged, refuse_revision, revised
from enghub.upgrade.executions.rollback import DECLARED, declared_records
from enghub.upgrade.executions.step import StepRecord, StepStatus
from enghub.upgrade.executions.workflow import HELD, is_between, rollback_commit
from enghub.upgrade.planning.service import Planned, Planner
from enghub.upgrade.promotion.model import Waiver, is_production, promoted
from enghub.upgrade.promotion.repository import Proofs
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

    def __init__(self, executions: Executions, planner: Planner, queue: Queue, proofs: Proofs, drifts: Drifts) -> None:
        self._executions = executions
        self._drifts = drifts
        self._proofs = proofs
        self._queue = queue
        self._planner = planner

    def execute(self, asked: StartUpgrade, origin: Origin, claim: Claim | None = None) -> Execution:
        """Accept an upgrade: plan it, pin it, lock the site; the outbox starts the workflow.

        Raises:
            NotAVersion, SiteNotFound, UpgradeRefused (NotProven and Drifted are), SiteBusy
        """
        planned = self._planner.plan(
            origin.tenant_id, asked.source_version, asked.target_version, asked.site_id, asked.environment
        )
        planned.refuse_other_source(asked.source_version)
        planned.needs.demand(asked.site_id)
        waiver = self._promoted(asked, planned, origin)
        drift = self._drifts.accepted(planned.site, asked.drift_acceptance, origin.user_id)
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
            checksums=planned.checksums,
            waiver=waiver,
            drift=drift,
            reference_tables=planned.reference_tables,
        )
        records = [*_records(execution_id, planned), *_declared(execution_id, planned)]
        for _ in range(QUEUE_ATTEMPTS):
            commit = self._accepted(execution, asked.when_busy, origin, claim)
            try:
                self._executions.create(records, commit)
            except QueueChanged:
                records = []  # stored by the first attempt
                continue
            return commit.after
        raise QueueChanged

    def _promoted(self, asked: StartUpgrade, planned: Planned, origin: Origin) -> Waiver | None:
        if not is_production(asked.environment):
            return None
        checksums = planned.checksums
        proven = self._proofs.proven(origin.tenant_id, checksums.values())
        return promoted(asked.environment, checksums, proven, asked.promotion_waiver, origin.user_id)

    def _accepted(self, execution: Execution, when_busy: str, origin: Origin, claim: Claim | None) -> ExecutionCommit:
        """Decide: it begins, waits, or is refused because the site is busy."""
        line = self._queue.line(origin.tenant_id)
        held = self._executions.lock(origin.tenant_id, execution.site_id)
        first = line.waiting_for(execution.site_id)
        between = is_between(self._executions, origin.tenant_id, held, execution.execution_id)
        busy = held.is_held(origin.at) or first is not None or between
        if busy and when_busy == "refuse":
            if claim is not None:
                self._executions.look(claim)  # the one that holds the site may be this very request
            held.take(execution.execution_id, START_LEASE, origin.at)
            raise SiteBusy(site_id=execution.site_id, owner=first.execution_id if first else held.owner, until="?")
        if busy or not line.may_begin(execution.execution_id):
            slots, ticket = line.slots.ticket(execution.execution_id, execution.site_id, origin.at)
            return ExecutionCommit(
                origin,
                execution.queued(ticket.number),
                event="UpgradeRequested",
                action="requested",
                command=Command(ADMIT, {}),
                claim=claim,
                queue=line.move(slots, joins=ticket),
            )
        lock = held.take(execution.execution_id, START_LEASE, origin.at)
        slots = line.slots.without(held.owner).taken_by(execution.execution_id)
        begun = execution.with_token(lock)
        return ExecutionCommit(
            origin,
            begun,
            lock=lock,
            event="UpgradeRequested",
            action="requested",
            command=launch_command(begun),
            claim=claim,
            queue=line.move(slots),
        )

    def resume(self, execution_id: str, asked: ResumeUpgrade, origin: Origin, claim: Claim | None = None) -> Execution:
        """Go on from the breakpoint, as a new workflow with a new fencing token.

        Raises:
            ExecutionNotFound, CannotResume, SiteBusy
            CannotRevise, UpgradeRefused, NotProven: the manifests in force cannot take the place of the pinned ones.
        """
        if asked.with_active:
            self._revise(execution_id, asked, origin, claim)
        for _ in range(QUEUE_ATTEMPTS):
            commit = self._resumed(execution_id, asked, origin, claim)
            try:
                return self._executions.save(commit)[0].value
            except QueueChanged:
                continue
        raise QueueChanged

    def _revise(self, execution_id: str, asked: ResumeUpgrade, origin: Origin, claim: Claim | None) -> None:
        """Exchange the manifests of what stopped. Interrupted, it is repeated: until then nothing else goes on."""
        kept = self._executions.kept(origin.tenant_id, execution_id)
        before = kept.value
        if claim is not None and before.status.is_live:
            self._executions.look(claim)  # whoever made it go on may be this very request
        wanted = StartUpgrade(
            before.source_version,
            before.target_version,
            before.site_id,
            before.environment,
            promotion_waiver=asked.promotion_waiver,
        )
        refuse_revision(before)
        planned = self._planner.plan(
            origin.tenant_id, wanted.source_version, wanted.target_version, wanted.site_id, wanted.environment
        )
        planned.refuse_other_source(wanted.source_version)
        planned.needs.demand(wanted.site_id)
        after = replace(revised(before, planned), waiver=self._promoted(wanted, planned, origin))
        steps = self._executions.kept_steps(origin.tenant_id, execution_id)
        back = self._executions.kept_steps(origin.tenant_id, execution_id, DECLARED)
        changes = [*exchanged(steps, planned.plan.steps, planned), *exchanged(back, planned.plan.rollback, planned)]
        if after != before:  # else the exchange was interrupted behind this
            self._executions.save(ExecutionCommit(origin, after, kept, action="revised"))
        for change in changes:
            self._executions.save_step(origin.tenant_id, change)

    def _resumed(self, execution_id: str, asked: ResumeUpgrade, origin: Origin, claim: Claim | None) -> ExecutionCommit:
        """Decide: it goes on with its slot or a free one, or waits for one; the way back waits for nobody."""
        kept = self._executions.kept(origin.tenant_id, execution_id)
        before = replace(kept.value, is_revising=False) if asked.with_active else kept.value
        held = self._executions.lock(origin.tenant_id, before.site_id)
        resumed = before.resume(held, asked.decision, origin.at)
        lock = held.take(execution_id, START_LEASE, origin.at)
        if is_between(self._executions, origin.tenant_id, held, execution_id):
            raise SiteBusy(site_id=before.site_id, owner=held.owner, until="?")
        line = self._queue.line(origin.tenant_id)
        goes_back = resumed.rollback is not None
        if not goes_back and not line.may_begin(execution_id):
            slots, ticket = line.slots.ticket(execution_id, before.site_id, origin.at)
            return ExecutionCommit(
                origin,
                resumed.queued(ticket.number),
                kept,
                event="UpgradeResumed",
                action="resumed",
                lock=released(held, before),
                command=Command(ADMIT, {}),
                claim=claim,
                queue=line.move(slots, joins=ticket),
            )
        after = resumed.with_token(lock)
        slots = line.slots.without(held.owner).taken_by(execution_id)
        return ExecutionCommit(
            origin,
            after,
            kept,
            self._skipped(resumed, origin),
            lock=lock,
            event="UpgradeResumed",
            action="resumed",
            command=launch_command(after),
            claim=claim,
            queue=None if goes_back else line.move(slots),
        )

    def roll_back(self, execution_id: str, origin: Origin, claim: Claim | None = None) -> Execution:
        """Begin the way back of what stopped, whatever its policy says.

        Raises:
            ExecutionNotFound, CannotRollBack, SiteMovedOn, NotUndoable, SiteBusy
        """
        stopped = self._executions.kept(origin.tenant_id, execution_id)
        held = self._executions.lock(origin.tenant_id, stopped.value.site_id)
        commit = rollback_commit(self._executions, stopped, held, origin)
        return self._executions.save(replace(commit, claim=claim))[0].value

    def _skipped(self, resumed: Execution, origin: Origin) -> StepCommit | None:
        """The rollback's step that an operator has undone by hand."""
        if resumed.decision != SKIP or resumed.rollback is None:
            return None
        kept = self._kept_at(resumed)
        if kept is None:
            return None
        return StepCommit(kept, replace(kept.value, status=StepStatus.SKIPPED, ended_at=origin.at))

    def abort(self, execution_id: str, origin: Origin, claim: Claim | None = None) -> Execution:
        """Stop at the end of the running slice; at once when it waits for a person or its worker is gone.

        Raises:
            ExecutionNotFound, CannotAbort
        """
        for _ in range(ATTEMPTS):
            kept = self._executions.kept(origin.tenant_id, execution_id)
            ticket = kept.value.ticket
            if ticket is not None:
                commit = self._withdrawn(kept, ticket, origin, claim)
            else:
                commit = self._aborted(kept, origin, claim)
            try:
                return self._executions.save(commit)[0].value
            except ExecutionChanged:
                continue
            except QueueChanged:
                if ticket is None:
                    raise
        raise ExecutionChanged(execution_id=execution_id)

    def _aborted(self, kept: Kept[Execution], origin: Origin, claim: Claim | None) -> ExecutionCommit:
        """Ask the worker to stop; end it here when none is at work."""
        before = kept.value
        after = before.request_abort()
        held = self._executions.lock(origin.tenant_id, before.site_id)
        step = self._standing_at(before)
        command = None
        lock = None
        if before.status is Status.WAITING and step is not None:
            command = Command(ANSWER, {"executionId": before.execution_id, "sequence": step.sequence})
        elif not held.is_held(origin.at):
            after, lock = before.abort(ABORTED, step, origin.at), released(held, before)
        if after.status is Status.ROLLBACK_FAILED:
            lock = held.take(before.execution_id, HELD, origin.at)
            after = after.with_token(lock)
        events = {Status.ABORTED: "UpgradeAborted", Status.ROLLBACK_FAILED: "UpgradeRollbackFailed"}
        event = events.get(after.status)
        return ExecutionCommit(
            origin, after, kept, action="aborted", event=event, command=command, lock=lock, claim=claim
        )

    def _withdrawn(self, kept: Kept[Execution], ticket: int, origin: Origin, claim: Claim | None) -> ExecutionCommit:
        """Leave the queue at once: nothing runs yet."""
        before = kept.value
        line = self._queue.line(origin.tenant_id)
        aborted = replace(before.abort(ABORTED, self._standing_at(before), origin.at), ticket=None)
        queue = line.move(leaves=ticket)
        return ExecutionCommit(
            origin, aborted, kept, action="aborted", event="UpgradeAborted", queue=queue, claim=claim
        )

    def confirm(self, execution_id: str, step_key: str | None, origin: Origin, claim: Claim | None = None) -> Execution:
        """Let the workflow go on past the step that waits.

        Raises:
            ExecutionNotFound, NothingToConfirm, ConfirmationOver
        """
        kept = self._executions.kept(origin.tenant_id, execution_id)
        before = kept.value
        if before.asks_to_roll_back(origin.at):
            return self.roll_back(execution_id, origin, claim)
        if before.confirm_rollback_until is not None:
            raise ConfirmationOver(execution_id=execution_id, until=to_text(before.confirm_rollback_until))
        waiting = self._kept_at(before)
        step = None if waiting is None else waiting.value
        names = () if step is None else (None, step.key, step.definition.id)
        if waiting is None or step is None or before.status is not Status.WAITING or step_key not in names:
            raise NothingToConfirm(execution_id=execution_id, step=step_key or "-")
        confirmed = StepCommit(waiting, step.confirm(origin.user_id))
        command = Command(ANSWER, {"executionId": execution_id, "sequence": step.sequence})
        after = before.at_step(confirmed.after)
        commit = ExecutionCommit(origin, after, kept, confirmed, action="confirmed", command=command, claim=claim)
        return self._executions.save(commit)[0].value

    def look(self, tenant_id: str, execution_id: str) -> ExecutionDetail:
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
        kept = self._kept_at(execution)
        return None if kept is None else kept.value

    def _kept_at(self, execution: Execution) -> Kept[StepRecord] | None:
        """Return the step it stands at, of its rollback while that runs."""
        back = 0 if execution.rollback is None else execution.rollback.run
        steps = self._executions.kept_steps(execution.tenant_id, execution.execution_id, back)
        return next((kept for kept in steps if not kept.value.status.is_finished), None)


def _records(execution_id: str, planned: Planned) -> list[StepRecord]:
    return [
        StepRecord(
            execution_id,
            sequence,
            step.key,
            step.stage,
            step.version,
            step.definition,
            planned.scripts_of(step),
            variables=dict(step.variables),
        )
        for sequence, step in enumerate(planned.plan.steps, 1)
    ]


def _declared(execution_id: str, planned: Planned) -> tuple[StepRecord, ...]:
    return declared_records(execution_id, ((step, planned.scripts_of(step)) for step in planned.plan.rollback))
