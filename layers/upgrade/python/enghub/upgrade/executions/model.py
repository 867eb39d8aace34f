"""An execution: what may follow what (UPG-07, UPG-08). No I/O."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from enghub.core.commits import Command
from enghub.upgrade.drift.model import Acceptance, AcceptDrift
from enghub.upgrade.executions.errors import (
    CannotAbort,
    CannotResume,
    CannotRollBack,
    HalfRevised,
    SiteMovedOn,
)
from enghub.upgrade.executions.lock import SiteLock
from enghub.upgrade.executions.step import Problem, StepRecord
from enghub.upgrade.promotion.model import Waiver


class Status(StrEnum):
    """Of an execution."""

    QUEUED = "QUEUED"  # accepted, waits for a slot or for its site
    PENDING = "PENDING"  # accepted, its workflow is not running yet
    RUNNING = "RUNNING"
    WAITING = "WAITING"  # for an operator's confirmation
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"  # stopped at its breakpoint; can be resumed
    ABORTED = "ABORTED"  # stopped by an operator; can be resumed
    ROLLING_BACK = "ROLLING_BACK"
    ROLLED_BACK = "ROLLED_BACK"  # the site is as before; the end
    ROLLBACK_FAILED = (
        "ROLLBACK_FAILED"  # stopped at the rollback's own breakpoint; can be resumed, the site stays locked
    )

    @property
    def is_live(self) -> bool:
        """A workflow is, or should be, at work on it."""
        return self in (Status.PENDING, Status.RUNNING, Status.WAITING, Status.ROLLING_BACK)


class OnFailure(StrEnum):
    """What a failed upgrade does by itself (UPG-09)."""

    STOP = "stop"
    ROLLBACK = "rollback"
    CONFIRM = "confirm"
    """Keep the site and ask an operator, until a deadline."""


ABORTED = Problem("Aborted by an operator", "已被操作员中止", "abort")
REPORT_KEPT = timedelta(days=90)
"""How long an execution that ended is kept, with its steps, as its report (source document, 11.3)."""
LAUNCH = "launch_upgrade"
"""The queue whose consumer starts workflows."""
CONFIRM_WITHIN = timedelta(hours=24)
"""How long an operator may think about a rollback (`onFailure: confirm`)."""
SKIP = "skip"
"""Decision about a rollback: what stands at the breakpoint was undone by hand."""


@dataclass(frozen=True, slots=True)
class StartUpgrade:
    """Which upgrade is wanted."""

    source_version: str
    target_version: str
    site_id: str
    environment: str
    on_failure: OnFailure = OnFailure.STOP
    when_busy: str = "refuse"
    """`refuse`, or `queue` behind the upgrade that holds the site."""
    promotion_waiver: str | None = None
    """Why it may run in production though it did not succeed in test."""
    drift_acceptance: AcceptDrift | None = None
    """Which drift of the site somebody accepts, and why."""


@dataclass(frozen=True, slots=True)
class ResumeUpgrade:
    """How what stopped shall go on."""

    decision: str | None = None
    with_active: bool = False
    """With the manifests that are in force now, for all that has not run."""
    promotion_waiver: str | None = None


@dataclass(frozen=True, slots=True)
class Breakpoint:
    """Where an execution stopped, and what is needed to go on."""

    stage: str
    step: str
    sequence: int
    attempts: int
    cursor: Mapping[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class Rollback:
    """The way back of an execution. `run` is its first run, by which its steps are kept."""

    run: int
    requested_by: str
    started_at: datetime
    total_steps: int
    completed_steps: int = 0
    data_touched: bool = True
    """The outage's work had begun; otherwise no data is brought back from backups."""
    ended_at: datetime | None = None
    problem: Problem | None = None
    breakpoint: Breakpoint | None = None


@dataclass(frozen=True, slots=True)
class Execution:
    """One upgrade of one site. `run` counts its workflows; the fencing token grows with every one of them."""

    tenant_id: str
    execution_id: str
    site_id: str
    environment: str
    source_version: str
    target_version: str
    status: Status
    revisions: Mapping[str, int]
    """Pinned manifest revision of every version on the path."""
    total_steps: int
    created_by: str
    created_at: datetime
    fencing_token: int
    completed_steps: int = 0
    run: int = 1
    current_step: str | None = None
    breakpoint: Breakpoint | None = None
    problem: Problem | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    abort_requested: bool = False
    decision: str | None = None
    factory_id: str = ""
    ticket: int | None = None
    """Its number in the queue while it waits."""
    on_failure: OnFailure = OnFailure.STOP
    rollback: Rollback | None = None
    rollback_note: Problem | None = None
    """Why the policy did not roll back."""
    confirm_rollback_until: datetime | None = None
    checksums: Mapping[str, str] = field(default_factory=dict)
    """Of the pinned manifests, by version."""
    waiver: Waiver | None = None
    """Who let it pass into production without proof from test."""
    is_revising: bool = False
    """It names corrected manifests that not all of its steps have yet."""
    drift: Acceptance | None = None
    """Who let it begin on a site that was not as the last upgrade left it."""
    reference_tables: tuple[str, ...] = ()
    """Whose rows its manifests declare to be reference data."""

    @property
    def shown_problem(self) -> Problem | None:
        """The newest problem: the rollback's, else the upgrade's."""
        return self.problem if self.rollback is None or self.rollback.problem is None else self.rollback.problem

    def asks_to_roll_back(self, now: datetime) -> bool:
        """It failed, and an operator may still say that it shall roll back."""
        return self.confirm_rollback_until is not None and now <= self.confirm_rollback_until

    @property
    def expires_at(self) -> datetime | None:
        """When it is forgotten; None while it is alive."""
        return None if self.status.is_live or self.ended_at is None else self.ended_at + REPORT_KEPT

    def begin(self, run: int, at: datetime) -> "Execution":
        """The workflow of `run` is at work."""
        del run
        started = self.started_at or at
        return replace(self, status=Status.RUNNING, started_at=started, ended_at=None, problem=None)

    def at_step(self, step: StepRecord) -> "Execution":
        """A step begins."""
        status = Status.ROLLING_BACK if self.status is Status.ROLLING_BACK else Status.RUNNING
        return replace(self, status=status, current_step=step.key)

    def wait_for(self, step: StepRecord) -> "Execution":
        """An operator must confirm `step`."""
        return replace(self, status=Status.WAITING, current_step=step.key)

    def hindered(self, problem: Problem | None) -> "Execution":
        """Say what it waits for; None when that is over."""
        if self.status is Status.ROLLING_BACK and self.rollback is not None:
            return replace(self, rollback=replace(self.rollback, problem=problem))
        return replace(self, problem=problem)

    @property
    def hindrance(self) -> Problem | None:
        """What a running execution waits for."""
        return self.rollback.problem if self.rollback is not None else self.problem

    def completed(self) -> "Execution":
        """One more step is finished; of the rollback while that runs."""
        if self.status is Status.ROLLING_BACK and self.rollback is not None:
            return replace(self, rollback=replace(self.rollback, completed_steps=self.rollback.completed_steps + 1))
        return replace(self, completed_steps=self.completed_steps + 1)

    def fail(self, problem: Problem, step: StepRecord | None, at: datetime) -> "Execution":
        """Stop at the breakpoint."""
        return replace(
            self,
            status=Status.FAILED,
            problem=problem,
            ended_at=at,
            breakpoint=_breakpoint(step, at),
            abort_requested=False,
        )

    def abort(self, problem: Problem, step: StepRecord | None, at: datetime) -> "Execution":
        """Stop because an operator said so."""
        if self.status is Status.ROLLING_BACK:
            return self.rollback_failed(problem, step, at)
        return replace(
            self,
            status=Status.ABORTED,
            problem=problem,
            ended_at=at,
            breakpoint=_breakpoint(step, at),
            abort_requested=False,
        )

    def succeed(self, at: datetime) -> "Execution":
        """Every step is finished."""
        return replace(
            self,
            status=Status.SUCCEEDED,
            ended_at=at,
            current_step=None,
            breakpoint=None,
            problem=None,
            abort_requested=False,
        )

    def roll_back(self, rollback: Rollback, lock: "SiteLock") -> "Execution":
        """Begin the way back, as a new run; `lock` is the site's lock before it is taken.

        Raises:
            CannotRollBack: it did not stop.
            SiteMovedOn: another execution has worked on the site since.
        """
        if self.status not in (Status.FAILED, Status.ABORTED):
            raise CannotRollBack(execution_id=self.execution_id, status=self.status)
        if lock.token != self.fencing_token:
            raise SiteMovedOn(execution_id=self.execution_id, site_id=self.site_id)
        return replace(
            self,
            status=Status.ROLLING_BACK,
            run=rollback.run,
            rollback=rollback,
            ended_at=None,
            current_step=None,
            abort_requested=False,
            decision=None,
            confirm_rollback_until=None,
            rollback_note=None,
        )

    def rolled_back(self, at: datetime) -> "Execution":
        """Everything is undone."""
        ended = None if self.rollback is None else replace(self.rollback, ended_at=at, problem=None, breakpoint=None)
        return replace(
            self, status=Status.ROLLED_BACK, ended_at=at, current_step=None, rollback=ended, abort_requested=False
        )

    def rollback_failed(self, problem: Problem, step: StepRecord | None, at: datetime) -> "Execution":
        """Stop at the rollback's breakpoint."""
        stopped = (
            None
            if self.rollback is None
            else replace(self.rollback, ended_at=at, problem=problem, breakpoint=_breakpoint(step, at))
        )
        return replace(
            self, status=Status.ROLLBACK_FAILED, ended_at=at, rollback=stopped, abort_requested=False, decision=None
        )

    def request_abort(self) -> "Execution":
        """Ask the worker to stop at the next slice.

        Raises:
            CannotAbort: it has ended.
        """
        if not self.status.is_live:
            raise CannotAbort(execution_id=self.execution_id, status=self.status)
        return replace(self, abort_requested=True)

    def resume(self, lock: "SiteLock", decision: str | None, now: datetime) -> "Execution":
        """Go on from the breakpoint as a new run.

        Raises:
            CannotResume: it succeeded, or its worker is alive.
            HalfRevised: an exchange of its manifests has to be ended first.
        """
        gone = self.status.is_live and not lock.is_held(now)
        stopped = self.status in (Status.FAILED, Status.ABORTED, Status.ROLLBACK_FAILED)
        if not stopped and not gone:
            raise CannotResume(execution_id=self.execution_id, status=self.status)
        if self.rollback is not None:  # on the way back there is no way forward any more
            again = replace(self.rollback, ended_at=None, problem=None, breakpoint=None)
            return replace(
                self,
                status=Status.ROLLING_BACK,
                run=self.run + 1,
                ended_at=None,
                rollback=again,
                abort_requested=False,
                decision=decision,
            )
        if self.is_revising:
            raise HalfRevised(execution_id=self.execution_id)
        return replace(
            self,
            status=Status.PENDING,
            run=self.run + 1,
            ended_at=None,
            problem=None,
            abort_requested=False,
            decision=decision,
            confirm_rollback_until=None,
            rollback_note=None,
        )

    def queued(self, ticket: int) -> "Execution":
        """Wait for a slot, or for the site."""
        return replace(self, status=Status.QUEUED, ticket=ticket)

    def admitted(self, lock: "SiteLock") -> "Execution":
        """Leave the queue with a slot and the site."""
        return replace(self, status=Status.PENDING, ticket=None, fencing_token=lock.token)

    def outdated(self, site_version: str | None) -> Problem | None:
        """Return why it may not begin: the site came to another version while it waited."""
        if self.started_at is not None or site_version in (None, self.source_version):
            return None
        return Problem(
            f"The site runs {site_version} now, not {self.source_version}: start a new upgrade from there",
            f"局点当前版本已为 {site_version}，而非 {self.source_version}，请从该版本重新发起升级",
        )

    def continued(self) -> "Execution":
        """Go on in a fresh workflow, because the old one's history is long."""
        return replace(self, run=self.run + 1)

    def with_token(self, lock: "SiteLock") -> "Execution":
        """Carry the lock's token."""
        return replace(self, fencing_token=lock.token)


def _breakpoint(step: StepRecord | None, at: datetime) -> Breakpoint | None:
    if step is None:
        return None
    return Breakpoint(step.stage, step.key, step.sequence, step.attempts, step.cursor, at)


def released(lock: SiteLock, execution: Execution) -> SiteLock | None:
    """Return the lock to store when an execution ends; None when somebody else holds it."""
    return lock.release() if lock.owner == execution.execution_id else None


def launch_command(execution: Execution) -> Command:
    """Return the command that starts the workflow of an execution's present run."""
    payload = {"executionId": execution.execution_id, "run": execution.run}
    back = execution.status is Status.ROLLING_BACK
    return Command(LAUNCH, {**payload, "rollback": True} if back else payload)
