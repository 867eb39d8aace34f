"""What the services need of storage."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from enghub.core.claims import Claim
from enghub.core.commits import Command, Kept
from enghub.core.i18n import Text
from enghub.core.identity import Origin
from enghub.upgrade.executions.lock import SiteLock
from enghub.upgrade.executions.model import Execution
from enghub.upgrade.executions.step import StepRecord
from enghub.upgrade.queue.model import ADMIT, QueueMove


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One line of an execution's detailed log."""

    at: datetime
    level: str
    step: str
    message: str
    metadata: Mapping[str, Any] = field(default_factory=dict)
    """What a program may want to know besides: the step's phase, version and attempt, and the execution's run."""


@dataclass(frozen=True, slots=True)
class StepCommit:
    """The next state of a step beside the one that was seen."""

    before: Kept[StepRecord]
    after: StepRecord


@dataclass(frozen=True, slots=True)
class ExecutionCommit:
    """What one transaction stores together: the new states, the events, the audit entry, the commands.

    `action` is the verb in the past for the audit, empty for none; `before` is None for a new execution.
    """

    origin: Origin
    after: Execution
    before: Kept[Execution] | None = None
    step: StepCommit | None = None
    action: str = ""
    event: str | None = None
    also: tuple[str, ...] = ()
    """Further events of the same moment."""
    note: Text | None = None
    """What its events say besides the state."""
    command: Command | None = None
    lock: SiteLock | None = None
    queue: QueueMove | None = None
    """What it does to slots and queue."""
    site_version: str | None = None
    """The version the site has from now on."""
    applied: tuple[str, ...] = ()
    """The versions that were run, for the site's record."""
    claim: Claim | None = None

    @property
    def gives_slot_back(self) -> bool:
        """Whoever is at work no more lets go of its slot, also when it keeps its site; a rollback needs none."""
        return not self.after.status.is_live and self.before is not None and self.before.value.status.is_live

    @property
    def commands(self) -> tuple[Command, ...]:
        """What must be sent: its own command, and a look at the queue when a place may have become free."""
        own = () if self.command is None else (self.command,)
        return (*own, Command(ADMIT, {})) if self.gives_slot_back else own


@dataclass(frozen=True, slots=True)
class LogPage:
    """Part of a log; ``cursor`` is where to go on, None at the end."""

    entries: tuple[LogEntry, ...]
    cursor: str | None


class Executions(Protocol):
    """Storage of executions, their steps, logs and the sites' locks. Every save names the revision it saw."""

    def kept(self, tenant_id: str, execution_id: str) -> Kept[Execution]:
        """Return an execution with what guards its next change.

        Raises:
            ExecutionNotFound: there is none.
        """

    def look(self, claim: Claim) -> None:
        """Make sure that a request was not answered before.

        Raises:
            Replayed: it was.
            IdempotencyKeyReused: the key stands for another request.
        """

    def kept_steps(self, tenant_id: str, execution_id: str, rollback: int = 0) -> tuple[Kept[StepRecord], ...]:
        """Return the steps in order, or those of a rollback, with what guards their next change."""

    def get(self, tenant_id: str, execution_id: str) -> Execution:
        """Return an execution.

        Raises:
            ExecutionNotFound: there is none.
        """

    def steps(self, tenant_id: str, execution_id: str) -> tuple[StepRecord, ...]:
        """Return the steps in order."""

    def rollback_steps(self, tenant_id: str, execution_id: str, rollback: int) -> tuple[StepRecord, ...]:
        """Return the steps of the rollback that began as run `rollback`, in order."""

    def plan_steps(self, tenant_id: str, steps: Sequence[StepRecord]) -> None:
        """Store the steps of a rollback that is about to begin; those that are there already stay as they are."""

    def create(self, steps: Sequence[StepRecord], commit: ExecutionCommit) -> None:
        """Store a new execution with its steps."""

    def save(self, commit: ExecutionCommit) -> tuple[Kept[Execution], Kept[StepRecord] | None]:
        """Store a commit; return what is kept then.

        Raises:
            ExecutionChanged: somebody else was faster.
        """

    def save_step(self, tenant_id: str, step: StepCommit) -> Kept[StepRecord]:
        """Store a step alone.

        Raises:
            ExecutionChanged: somebody else was faster.
        """

    def publish_progress(self, tenant_id: str, step: Kept[StepRecord], progress: dict[str, Any]) -> None:
        """Store progress within a slice; a lost one does no harm."""

    def lock(self, tenant_id: str, site_id: str) -> SiteLock:
        """Return a site's lock, free when there never was one."""

    def extend_lock(self, tenant_id: str, lock: SiteLock) -> None:
        """Store a longer lease, if the token is still the lock's."""

    def log(self, tenant_id: str, execution_id: str, entries: Sequence[LogEntry]) -> None:
        """Append to the detailed log (kept 30 days)."""

    def read_log(self, tenant_id: str, execution_id: str, limit: int, cursor: str | None) -> LogPage:
        """Return one page of the log, oldest first."""

    def last_lines(self, tenant_id: str, execution_id: str, step: str, limit: int) -> tuple[LogEntry, ...]:
        """Return a step's newest lines of the log, oldest first."""

    def find(self, tenant_id: str, limit: int, cursor: str | None) -> tuple[tuple[Execution, ...], str | None]:
        """Return one page of a tenant's executions, newest first, and where to go on."""

    def keep_gate(self, tenant_id: str, execution_id: str, sequence: int, run: int, token: str) -> None:
        """Remember which workflow waits for the confirmation of a step."""

    def gate(self, tenant_id: str, execution_id: str, sequence: int) -> str | None:
        """Return the waiting workflow's token, None when none ever waited."""
