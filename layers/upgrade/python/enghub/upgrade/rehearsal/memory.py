"""Keeps the records of a rehearsal in memory: it lasts as long as its process, and nobody else sees it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from enghub.core.claims import Claim
from enghub.core.commits import Commit, Kept
from enghub.kit.runs.leases import Lease
from enghub.upgrade.executions.errors import ExecutionNotFound
from enghub.upgrade.executions.lock import SiteLock
from enghub.upgrade.executions.model import Execution
from enghub.upgrade.executions.repository import ExecutionCommit, LogEntry, LogPage, StepCommit
from enghub.upgrade.executions.step import StepRecord
from enghub.upgrade.rehearsal.errors import RehearsalNotFound
from enghub.upgrade.rehearsal.model import Rehearsal


class MemoryRehearsals:
    """See `RehearsalStore`."""

    def __init__(self) -> None:
        self._rehearsals: dict[str, Kept[Rehearsal]] = {}

    def get(self, tenant_id: str, rehearsal_id: str) -> Rehearsal:
        """See `RehearsalStore.get`."""
        return self.kept(tenant_id, rehearsal_id).value

    def kept(self, tenant_id: str, rehearsal_id: str) -> Kept[Rehearsal]:
        """See `RehearsalStore.kept`."""
        del tenant_id
        if rehearsal_id not in self._rehearsals:
            raise RehearsalNotFound(rehearsal_id=rehearsal_id)
        return self._rehearsals[rehearsal_id]

    def save(self, commit: Commit[Rehearsal]) -> Kept[Rehearsal]:
        """See `RehearsalStore.save`."""
        kept = Kept(commit.after, 1 if commit.before is None else commit.before.revision + 1)
        self._rehearsals[commit.after.rehearsal_id] = kept
        return kept

    def last(self, tenant_id: str, site_id: str, source_version: str, target_version: str) -> Rehearsal | None:
        """Return none: it lasts as long as its process."""
        del tenant_id, site_id, source_version, target_version
        return None

    def alive(self, lease: Lease) -> None:
        """Nobody misses a rehearsal that runs where it is typed."""

    def lost(self, now: datetime) -> tuple[Lease, ...]:
        """None is ever lost."""
        del now
        return ()

    def forget(self, lease: Lease) -> None:
        """There is none."""


class MemoryExecutions:
    """See `Executions`."""

    def __init__(self) -> None:
        self._executions: dict[str, Kept[Execution]] = {}
        self._steps: dict[tuple[str, int, int], Kept[StepRecord]] = {}
        self.lines: list[LogEntry] = []

    def get(self, tenant_id: str, execution_id: str) -> Execution:
        """See `Executions.get`."""
        return self.kept(tenant_id, execution_id).value

    def kept(self, tenant_id: str, execution_id: str) -> Kept[Execution]:
        """See `Executions.kept`."""
        del tenant_id
        if execution_id not in self._executions:
            raise ExecutionNotFound(execution_id=execution_id)
        return self._executions[execution_id]

    def look(self, claim: Claim) -> None:
        """Let every request pass: none has a key."""

    def steps(self, tenant_id: str, execution_id: str) -> tuple[StepRecord, ...]:
        """See `Executions.steps`."""
        return self.rollback_steps(tenant_id, execution_id, 0)

    def rollback_steps(self, tenant_id: str, execution_id: str, rollback: int) -> tuple[StepRecord, ...]:
        """See `Executions.rollback_steps`."""
        return tuple(kept.value for kept in self.kept_steps(tenant_id, execution_id, rollback))

    def kept_steps(self, tenant_id: str, execution_id: str, rollback: int = 0) -> tuple[Kept[StepRecord], ...]:
        """See `Executions.kept_steps`."""
        del tenant_id
        return tuple(self._steps[key] for key in sorted(self._steps) if key[:2] == (execution_id, rollback))

    def plan_steps(self, tenant_id: str, steps: Sequence[StepRecord]) -> None:
        """See `Executions.plan_steps`."""
        for step in steps:
            self.save_step(tenant_id, StepCommit(Kept(step, 0), step))

    def create(self, steps: Sequence[StepRecord], commit: ExecutionCommit) -> None:
        """See `Executions.create`."""
        self.plan_steps(commit.origin.tenant_id, steps)
        self.save(commit)

    def save(self, commit: ExecutionCommit) -> tuple[Kept[Execution], Kept[StepRecord] | None]:
        """See `Executions.save`."""
        kept = Kept(commit.after, 1 if commit.before is None else commit.before.revision + 1)
        self._executions[commit.after.execution_id] = kept
        return kept, None if commit.step is None else self.save_step(commit.origin.tenant_id, commit.step)

    def save_step(self, tenant_id: str, step: StepCommit) -> Kept[StepRecord]:
        """See `Executions.save_step`."""
        del tenant_id
        kept = Kept(step.after, step.before.revision + 1)
        self._steps[step.after.execution_id, step.after.rollback, step.after.sequence] = kept
        return kept

    def publish_progress(self, tenant_id: str, step: Kept[StepRecord], progress: dict[str, Any]) -> None:
        """Show nothing: nobody looks."""

    def lock(self, tenant_id: str, site_id: str) -> SiteLock:
        """Return a free lock: a scratch database has one user."""
        del tenant_id
        return SiteLock(site_id)

    def extend_lock(self, tenant_id: str, lock: SiteLock) -> None:
        """Do nothing."""

    def log(self, tenant_id: str, execution_id: str, entries: Sequence[LogEntry]) -> None:
        """See `Executions.log`."""
        del tenant_id, execution_id
        self.lines += entries

    def read_log(self, tenant_id: str, execution_id: str, limit: int, cursor: str | None) -> LogPage:
        """See `Executions.read_log`."""
        del tenant_id, execution_id, cursor
        return LogPage(tuple(self.lines[:limit]), None)

    def last_lines(self, tenant_id: str, execution_id: str, step: str, limit: int) -> tuple[LogEntry, ...]:
        """See `Executions.last_lines`."""
        del tenant_id, execution_id
        return tuple([line for line in self.lines if line.step == step][-limit:])

    def find(self, tenant_id: str, limit: int, cursor: str | None) -> tuple[tuple[Execution, ...], str | None]:
        """See `Executions.find`."""
        del tenant_id, cursor
        return tuple(kept.value for kept in self._executions.values())[:limit], None

    def keep_gate(self, tenant_id: str, execution_id: str, sequence: int, run: int, token: str) -> None:
        """Do nothing: a rehearsal asks nobody."""

    def gate(self, tenant_id: str, execution_id: str, sequence: int) -> str | None:
        """Return none."""
        del tenant_id, execution_id, sequence
        return None
