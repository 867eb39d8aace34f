"""Tasks in stages: what a table task has reached, kept in the target database's journal (UPG-08)."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from enghub.upgrade.gateways.databases.journal import Checkpoint, State, TaskJournal


@dataclass(frozen=True, slots=True)
class TaskState:
    """Where a task stands: its stage, what that stage needs, and counts for the report."""

    stage: str
    digest: str
    data: Mapping[str, Any]
    done: int = 0
    total: int | None = None

    @property
    def is_done(self) -> bool:
        """Nothing is left."""
        return self.stage == DONE


DONE = "done"


@dataclass(frozen=True, slots=True)
class StagedTask:
    """One task of one step. Every write is part of the caller's transaction."""

    scope: str
    name: str
    execution_id: str

    @property
    def _journal(self) -> TaskJournal:
        return TaskJournal(self.scope, self.name, self.execution_id)

    def read(self, connection: sa.Connection) -> TaskState | None:
        """Return what was reached, None before the first stage and after a rollback."""
        found = self._journal.read(connection)
        if found is None:
            return None
        position = json.loads(found.position or "{}")
        return TaskState(position["stage"], found.digest, position["data"], found.moved, found.total)

    def write(self, connection: sa.Connection, reached: TaskState) -> None:
        """Store what was reached."""
        position = json.dumps({"stage": reached.stage, "data": dict(reached.data)}, ensure_ascii=False)
        state = State.DONE if reached.is_done else State.RUNNING
        checkpoint = Checkpoint(reached.digest, state, position, reached.total, reached.done, 0, 0, 0)
        self._journal.write(connection, checkpoint)

    def forget(self, connection: sa.Connection) -> None:
        """Start from the beginning next time."""
        self._journal.forget(connection)


def digest_of(rules: Any) -> str:
    """Return a hash of JSON data."""
    return hashlib.sha256(json.dumps(rules, sort_keys=True, default=str).encode()).hexdigest()


def scratch_name(table: str, purpose: str, scope: str) -> str:
    """Return the name of a table beside another, the same in every run and short enough for every database."""
    schema, dot, plain = table.rpartition(".")
    mark = hashlib.sha256(f"{scope}/{table}".encode()).hexdigest()[:8]
    return f"{schema}{dot}{plain[:40]}_{purpose}_{mark}"
