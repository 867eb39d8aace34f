"""The journal inside the target database: what ran is written where, and when, it took effect (UPG-08).

Rows are keyed by step (`version/step id`), not by execution: whoever upgrades this database next, from whatever
execution, sees what it already has.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from enghub.kit.databases.storage import at as row_at
from enghub.kit.databases.storage import storage_of

ROLLBACK_SCOPE = "#rollback"
"""Ends the journal's scope of rollback scripts."""
METADATA = sa.MetaData()
_MYSQL: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
    "mariadb_engine": "InnoDB",
    "mariadb_charset": "utf8mb4",
    "mariadb_collate": "utf8mb4_bin",
}

FENCE = sa.Table(
    "enghub_upgrade_fence",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("token", sa.BigInteger, nullable=False),
    **_MYSQL,
)
STATEMENTS = sa.Table(
    "enghub_upgrade_statement",
    METADATA,
    sa.Column("scope", sa.String(180), primary_key=True),
    sa.Column("script", sa.String(300), primary_key=True),
    sa.Column("ordinal", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("digest", sa.String(80), nullable=False),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("catalog_before", sa.String(80)),
    sa.Column("evidence", sa.String(20)),
    sa.Column("rows_affected", sa.BigInteger),
    sa.Column("error", sa.Text),
    sa.Column("execution_id", sa.String(40), nullable=False),
    sa.Column("started_at", sa.String(32), nullable=False),
    sa.Column("finished_at", sa.String(32)),
    **_MYSQL,
)
CHECKPOINTS = sa.Table(
    "enghub_upgrade_checkpoint",
    METADATA,
    sa.Column("scope", sa.String(180), primary_key=True),
    sa.Column("task", sa.String(120), primary_key=True),
    sa.Column("digest", sa.String(80), nullable=False),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("position", sa.Text),
    sa.Column("total", sa.BigInteger),
    sa.Column("moved", sa.BigInteger, nullable=False),
    sa.Column("failed", sa.BigInteger, nullable=False),
    sa.Column("batch", sa.Integer, nullable=False),
    sa.Column("busy_milliseconds", sa.BigInteger, nullable=False),
    sa.Column("execution_id", sa.String(40), nullable=False),
    **_MYSQL,
)
FAILED_ROWS = sa.Table(
    "enghub_upgrade_failed_row",
    METADATA,
    sa.Column("scope", sa.String(180), primary_key=True),
    sa.Column("task", sa.String(120), primary_key=True),
    sa.Column("row_key", sa.String(300), primary_key=True),
    sa.Column("error", sa.Text, nullable=False),
    sa.Column("execution_id", sa.String(40), nullable=False),
    **_MYSQL,
)
SESSIONS = sa.Table(
    "enghub_upgrade_session",
    METADATA,
    sa.Column("scope", sa.String(180), primary_key=True),
    sa.Column("script", sa.String(300), primary_key=True),
    sa.Column("state", sa.Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb"), nullable=False),
    sa.Column("execution_id", sa.String(40), nullable=False),
    **_MYSQL,
)
"""What a script has set on its connection, for the connection that goes on with it."""
OWN_TABLES = frozenset(METADATA.tables)


class State(StrEnum):
    """Of a journalled statement or task."""

    INTENT = "intent"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True)
class Entry:
    """What the journal knows of one statement."""

    ordinal: int
    digest: str
    state: State
    catalog_before: str | None
    execution_id: str
    evidence: str | None
    rows: int
    """That it changed, as the server said."""


@dataclass(frozen=True, slots=True)
class ScriptJournal:
    """The journal of one script of one step."""

    scope: str
    script: str
    execution_id: str

    def entries(self, connection: sa.Connection) -> dict[int, Entry]:
        """Return what is known, by ordinal."""
        table = STATEMENTS.c
        rows = connection.execute(
            sa.select(
                table.ordinal,
                table.digest,
                table.state,
                table.catalog_before,
                table.execution_id,
                table.evidence,
                table.rows_affected,
            ).where(table.scope == self.scope, table.script == self.script)
        )
        return {
            row.ordinal: Entry(
                row.ordinal, row.digest, State(row.state), row[3], row.execution_id, row.evidence, row[6] or 0
            )
            for row in rows
        }

    def write(
        self, connection: sa.Connection, ordinal: int, digest: str, state: State, at: datetime, **values: Any
    ) -> None:
        """Set a statement's row, whatever it was before; part of the caller's transaction."""
        finished = None if state is State.INTENT else at.isoformat()
        facts: dict[str, Any] = {
            "digest": digest,
            "state": state.value,
            "execution_id": self.execution_id,
            "catalog_before": None,
            "evidence": None,
            "rows_affected": None,
            "error": None,
            "finished_at": finished,
            **values,
        }
        key = {"scope": self.scope, "script": self.script, "ordinal": ordinal}
        storage_of(connection).put(connection, STATEMENTS, key, facts, {"started_at": at.isoformat()})

    def session(self, connection: sa.Connection) -> str | None:
        """Return the state of the session as it was written down last, None when it never was."""
        found = connection.execute(sa.select(SESSIONS.c.state).where(row_at(SESSIONS, self._key))).scalar()
        return None if found is None else str(found)

    def keep_session(self, connection: sa.Connection, state: str) -> None:
        """Write the state of the session down; part of the caller's transaction."""
        storage_of(connection).put(
            connection, SESSIONS, self._key, {"state": state, "execution_id": self.execution_id}, {}
        )

    @property
    def _key(self) -> dict[str, str]:
        return {"scope": self.scope, "script": self.script}

    def mark_undone(self, connection: sa.Connection) -> None:
        """After a rollback: the script may run again."""
        storage_of(connection).remove(connection, SESSIONS, row_at(SESSIONS, self._key))
        place = row_at(STATEMENTS, self._key)
        storage_of(connection).change(connection, STATEMENTS, place, {"state": State.UNDONE.value})


def of_version(table: sa.Table, version: str) -> sa.ColumnElement[bool]:
    """Return the condition that a row belongs to a version; without LIKE, whose escapes differ."""
    return sa.func.substr(table.c.scope, 1, len(version) + 1) == f"{version}/"


def mark_version_undone(connection: sa.Connection, version: str, *, rollback: bool) -> None:
    """Let a version's scripts run again: its rollback scripts when it is upgraded anew, the others after a rollback."""
    scope = STATEMENTS.c.scope
    kind = scope.endswith(ROLLBACK_SCOPE) if rollback else sa.not_(scope.endswith(ROLLBACK_SCOPE))
    place = sa.and_(of_version(STATEMENTS, version), kind, STATEMENTS.c.state != State.UNDONE.value)
    storage_of(connection).change(connection, STATEMENTS, place, {"state": State.UNDONE.value})
    ended = SESSIONS.c.scope.endswith(ROLLBACK_SCOPE)
    gone = sa.and_(of_version(SESSIONS, version), ended if rollback else sa.not_(ended))
    storage_of(connection).remove(connection, SESSIONS, gone)


def has_run(connection: sa.Connection, version: str) -> bool:
    """Tell whether a statement of a version's upgrade has, or may have, taken effect."""
    table = STATEMENTS.c
    forward = sa.and_(
        table.scope.startswith(f"{version}/", autoescape=True), sa.not_(table.scope.endswith(ROLLBACK_SCOPE))
    )
    there = forward & table.state.not_in([State.UNDONE.value, State.FAILED.value])
    return connection.execute(sa.select(table.ordinal).where(there).limit(1)).first() is not None


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Where a row task stands; stored in the transaction of the rows it counts."""

    digest: str
    state: State
    position: str | None
    total: int | None
    moved: int
    failed: int
    batch: int
    busy_milliseconds: int


@dataclass(frozen=True, slots=True)
class TaskJournal:
    """The checkpoint and the failed rows of one row task of one step."""

    scope: str
    task: str
    execution_id: str

    def read(self, connection: sa.Connection) -> Checkpoint | None:
        """Return the checkpoint, None before the first batch or after a rollback."""
        row = connection.execute(sa.select(CHECKPOINTS).where(self._place(CHECKPOINTS))).mappings().first()
        if row is None or row["state"] == State.UNDONE.value:
            return None
        names = ("digest", "position", "total", "moved", "failed", "batch", "busy_milliseconds")
        return Checkpoint(state=State(row["state"]), **{name: row[name] for name in names})

    def write(self, connection: sa.Connection, checkpoint: Checkpoint) -> None:
        """Store the checkpoint; part of the caller's transaction."""
        values = {
            "digest": checkpoint.digest,
            "state": checkpoint.state.value,
            "position": checkpoint.position,
            "total": checkpoint.total,
            "moved": checkpoint.moved,
            "failed": checkpoint.failed,
            "batch": checkpoint.batch,
            "busy_milliseconds": checkpoint.busy_milliseconds,
            "execution_id": self.execution_id,
        }
        storage_of(connection).put(connection, CHECKPOINTS, {"scope": self.scope, "task": self.task}, values, {})

    def keep_failed_row(self, connection: sa.Connection, row_key: str, error: str) -> None:
        """Remember a row that could not be moved, by its key; the row itself stays where it is."""
        key = {"scope": self.scope, "task": self.task, "row_key": row_key}
        values = {"error": error[:2000], "execution_id": self.execution_id}
        storage_of(connection).put(connection, FAILED_ROWS, key, values, {})

    def forget_failed_row(self, connection: sa.Connection, row_key: str) -> None:
        """A row that could not be moved was corrected, and moved."""
        key = {"scope": self.scope, "task": self.task, "row_key": row_key}
        storage_of(connection).remove(connection, FAILED_ROWS, row_at(FAILED_ROWS, key))

    def forget(self, connection: sa.Connection) -> None:
        """After a rollback: the task may run again from the start."""
        for table in (CHECKPOINTS, FAILED_ROWS):
            storage_of(connection).remove(connection, table, self._place(table))

    def _place(self, table: sa.Table) -> sa.ColumnElement[bool]:
        return row_at(table, {"scope": self.scope, "task": self.task})
