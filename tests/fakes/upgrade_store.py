"""An execution store in one SQLite file: the rules of the real one (optimistic versions, all or nothing), and it
survives its process, so that crash tests can go on with what a killed worker left."""

import pickle
import sqlite3
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from enghub.core.claims import Claim
from enghub.core.commits import Kept
from enghub.upgrade.executions.errors import ExecutionChanged, ExecutionNotFound
from enghub.upgrade.executions.lock import SiteLock
from enghub.upgrade.executions.model import Execution
from enghub.upgrade.executions.repository import ExecutionCommit, LogEntry, LogPage, StepCommit
from enghub.upgrade.executions.step import StepRecord


class FileExecutions:
    def __init__(self, path: Path) -> None:
        self._path = path
        with closing(self._open()) as connection, connection:
            connection.execute("CREATE TABLE IF NOT EXISTS item (key TEXT PRIMARY KEY, value BLOB NOT NULL)")

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=10, isolation_level="IMMEDIATE")
        connection.execute("PRAGMA synchronous = OFF")  # survives a killed process, and that is all it must
        return connection

    def _read(self, key: str) -> Any:
        with closing(self._open()) as connection:
            row = connection.execute("SELECT value FROM item WHERE key = ?", (key,)).fetchone()
        return None if row is None else pickle.loads(row[0])

    def _all(self, prefix: str) -> list[Any]:
        with closing(self._open()) as connection:
            rows = connection.execute(
                "SELECT value FROM item WHERE key >= ? AND key < ? ORDER BY key", (prefix, prefix + "~")
            )
            return [pickle.loads(row[0]) for row in rows]

    def _write(self, *items: tuple[str, Any, int | None]) -> None:
        """Store all or nothing; an item with a revision must be stored with exactly that one."""
        with closing(self._open()) as connection, connection:
            connection.execute("BEGIN IMMEDIATE")
            for key, value, seen in items:
                row = connection.execute("SELECT value FROM item WHERE key = ?", (key,)).fetchone()
                if seen is not None and (0 if row is None else pickle.loads(row[0]).revision) != seen:
                    raise ExecutionChanged(execution_id=key)
                connection.execute("INSERT OR REPLACE INTO item VALUES (?, ?)", (key, pickle.dumps(value)))

    def get(self, tenant_id: str, execution_id: str) -> Execution:
        return self.kept(tenant_id, execution_id).value

    def kept(self, tenant_id: str, execution_id: str) -> Kept[Execution]:
        found: Kept[Execution] | None = self._read(f"{tenant_id}/{execution_id}")
        if found is None:
            raise ExecutionNotFound(execution_id=execution_id)
        return found

    def look(self, claim: Claim) -> None:
        pass

    def steps(self, tenant_id: str, execution_id: str) -> tuple[StepRecord, ...]:
        return self.rollback_steps(tenant_id, execution_id, 0)

    def rollback_steps(self, tenant_id: str, execution_id: str, rollback: int) -> tuple[StepRecord, ...]:
        return tuple(kept.value for kept in self.kept_steps(tenant_id, execution_id, rollback))

    def kept_steps(self, tenant_id: str, execution_id: str, rollback: int = 0) -> tuple[Kept[StepRecord], ...]:
        return tuple(self._all(f"{tenant_id}/{execution_id}/{f'undo/{rollback:04d}' if rollback else 'step'}/"))

    def plan_steps(self, tenant_id: str, steps: Sequence[StepRecord]) -> None:
        for step in steps:
            with suppress(ExecutionChanged):
                self.save_step(tenant_id, StepCommit(Kept(step, 0), step))

    def create(self, steps: Sequence[StepRecord], commit: ExecutionCommit) -> None:
        self.plan_steps(commit.origin.tenant_id, steps)
        self.save(commit)

    def save(self, commit: ExecutionCommit) -> tuple[Kept[Execution], Kept[StepRecord] | None]:
        tenant, after = commit.origin.tenant_id, commit.after
        seen = 0 if commit.before is None else commit.before.revision
        kept = Kept(after, seen + 1)
        items: list[tuple[str, Any, int | None]] = [(f"{tenant}/{after.execution_id}", kept, seen)]
        step = None
        if commit.step is not None:
            step = Kept(commit.step.after, commit.step.before.revision + 1)
            items.append((self._step_key(tenant, step.value), step, commit.step.before.revision))
        if commit.lock is not None:
            items.append((f"{tenant}/lock/{commit.lock.site_id}", commit.lock, None))
        self._write(*items)
        return kept, step

    def save_step(self, tenant_id: str, step: StepCommit) -> Kept[StepRecord]:
        kept = Kept(step.after, step.before.revision + 1)
        self._write((self._step_key(tenant_id, step.after), kept, step.before.revision))
        return kept

    def _step_key(self, tenant: str, step: StepRecord) -> str:
        if step.rollback:
            return f"{tenant}/{step.execution_id}/undo/{step.rollback:04d}/{step.sequence:04d}"
        return f"{tenant}/{step.execution_id}/step/{step.sequence:04d}"

    def publish_progress(self, tenant_id: str, step: Kept[StepRecord], progress: dict[str, Any]) -> None:
        key = self._step_key(tenant_id, step.value)
        stored = self._read(key)
        self._write((key, replace(stored, value=replace(stored.value, progress=progress)), None))

    def lock(self, tenant_id: str, site_id: str) -> SiteLock:
        return self._read(f"{tenant_id}/lock/{site_id}") or SiteLock(site_id)

    def extend_lock(self, tenant_id: str, lock: SiteLock) -> None:
        self._write((f"{tenant_id}/lock/{lock.site_id}", lock, None))

    def log(self, tenant_id: str, execution_id: str, entries: Sequence[LogEntry]) -> None:
        for number, entry in enumerate(entries):
            self._write((f"{tenant_id}/{execution_id}/log/{entry.at.isoformat()}/{number:04d}", entry, None))

    def read_log(self, tenant_id: str, execution_id: str, limit: int, cursor: str | None) -> LogPage:
        entries = self.log_of(tenant_id, execution_id)
        start = int(cursor or 0)
        following = str(start + limit) if start + limit < len(entries) else None
        return LogPage(tuple(entries[start : start + limit]), following)

    def last_lines(self, tenant_id: str, execution_id: str, step: str, limit: int) -> tuple[LogEntry, ...]:
        return tuple([entry for entry in self.log_of(tenant_id, execution_id) if entry.step == step][-limit:])

    def find(self, tenant_id: str, limit: int, cursor: str | None) -> tuple[tuple[Execution, ...], str | None]:
        kept = [item.value for item in self._all(f"{tenant_id}/") if isinstance(item, Kept)]
        found = [value for value in kept if isinstance(value, Execution)]
        newest = sorted(found, key=lambda execution: execution.created_at, reverse=True)
        return tuple(newest[:limit]), None

    def keep_gate(self, tenant_id: str, execution_id: str, sequence: int, run: int, token: str) -> None:
        self._write((f"{tenant_id}/{execution_id}/gate/{sequence:04d}", token, None))

    def gate(self, tenant_id: str, execution_id: str, sequence: int) -> str | None:
        token: str | None = self._read(f"{tenant_id}/{execution_id}/gate/{sequence:04d}")
        return token

    def log_of(self, tenant_id: str, execution_id: str) -> list[LogEntry]:
        return self._all(f"{tenant_id}/{execution_id}/log/")
