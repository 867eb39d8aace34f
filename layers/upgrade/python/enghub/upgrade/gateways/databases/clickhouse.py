"""ClickHouse as a site's database: no transactions, no locks, so both are made of what it has (UPG-19).

- One writer: every query of a writer carries a session id of ours. Whoever opens the writer waits while a query of an
  earlier one, or an unfinished mutation of this database, is still at work.
- Fence: the greatest token ever appended. It is looked at before every effect; between the look and the effect a
  stopped worker may wake up, so the engine's lease on the site stays the first line.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.pool import NullPool

from enghub.core.i18n import Text
from enghub.upgrade.gateways.databases import journal
from enghub.upgrade.gateways.databases.journal import Checkpoint, State, TaskJournal
from enghub.upgrade.gateways.databases.keys import read_key, write_key
from enghub.upgrade.gateways.databases.rows import RowTask
from enghub.upgrade.gateways.databases.session import (
    CONNECT_SECONDS,
    Address,
    ReadSession,
    SiteDatabases,
    WriteSession,
    connected,
)
from enghub.upgrade.gateways.databases.storage import storage_of
from enghub.upgrade.sql.dialect import Dialect
from enghub.upgrade.steps.errors import StepFailed, Superseded, TargetBusy
from enghub.upgrade.steps.slices import Budget

SESSION_PREFIX = "enghub-upgrade"
_WRITER_MARK = "/* enghub-upgrade-writer */"
NO_WINDOW = Text(
    "Migration {task}: table {table} does not recognise repeated inserts, so a slice could arrive twice: first run "
    "ALTER TABLE {table} MODIFY SETTING non_replicated_deduplication_window = 1000",
    "迁移 {task}：表 {table} 无法识别重复写入，请先执行 ALTER TABLE {table} MODIFY SETTING "
    "non_replicated_deduplication_window = 1000",
)
NOT_HERE = Text(
    "Migration {task}: ClickHouse has no {what}; {instead}", "迁移 {task}：ClickHouse 不支持 {what}；{instead}"
)
_ROW_CODES = frozenset({6, 26, 27, 38, 41, 53, 69, 70, 72, 131, 153, 321, 349, 407, 469, 675, 676})
"""Values that do not parse, do not fit, are null where they may not be, or break a constraint."""


class ClickHouseWriteSession(WriteSession):
    """Statements take effect one by one; the fence is looked at before each group of them."""

    @contextmanager
    def autocommit(self) -> Iterator[sa.Connection]:
        """Run statements; every statement commits by itself anyway."""
        with self.transaction() as connection:
            yield connection

    def take_fence(self) -> None:
        """Append this session's token.

        Raises:
            Superseded: there is a newer one.
        """
        held = self.connection.execute(sa.select(journal.FENCE.c.token).where(journal.FENCE.c.id == 1)).scalar()
        if held is not None and held > self._token:
            raise Superseded
        if held != self._token:
            key, values = {"id": 1}, {"token": self._token}
            storage_of(self.connection).put(self.connection, journal.FENCE, key, values, {})
        self.connection.commit()


class ClickHouseDatabases(SiteDatabases):
    """Opens sessions on a site's ClickHouse."""

    @contextmanager
    def reader(self, timeout_seconds: int) -> Iterator[ReadSession]:
        """Open a session that the server keeps from writing; see `Databases.reader`."""
        settings = {"readonly": 2, "max_execution_time": timeout_seconds}
        with connected(
            _engine(self._address, timeout_seconds + CONNECT_SECONDS, settings), self._on_refused
        ) as connection:
            yield ReadSession(connection, Dialect.CLICKHOUSE)

    @contextmanager
    def writer(self, budget: Budget) -> Iterator[WriteSession]:
        """Open the writing session; see `Databases.writer`."""
        settings = {
            "mutations_sync": 2, "alter_sync": 2, "lightweight_deletes_sync": 2, "async_insert": 0,
            "session_id": f"{SESSION_PREFIX}-{self._token}-{uuid4().hex}", "session_timeout": 600,
        }  # fmt: skip
        seconds = max(5, int(budget.seconds_to_hard) - 5)
        with connected(_engine(self._address, seconds, settings), self._on_refused) as connection:
            _wait_for_others(connection, wait_seconds=5)
            storage_of(connection).create(connection, journal.METADATA)
            connection.commit()
            session = ClickHouseWriteSession(connection, Dialect.CLICKHOUSE, self._token)
            session.take_fence()
            yield session


def _engine(address: Address, seconds: int, settings: dict[str, Any]) -> sa.Engine:
    arguments = {"connect_timeout": CONNECT_SECONDS, "send_receive_timeout": seconds, **settings}
    engine = sa.create_engine(address.url, poolclass=NullPool, connect_args=arguments)
    if "session_id" in settings:

        @sa.event.listens_for(engine, "before_cursor_execute", retval=True)
        def mark(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> tuple[str, Any]:
            return f"{_WRITER_MARK} {statement}", parameters

    return engine


_BUSY = (
    "SELECT (SELECT count() FROM system.processes WHERE startsWith(query, '/* enghub-upgrade-writer */') "
    "AND query_id != queryID() AND current_database = currentDatabase()) "
    "+ (SELECT count() FROM system.mutations WHERE database = currentDatabase() AND NOT is_done AND NOT is_killed)"
)


def _wait_for_others(connection: sa.Connection, wait_seconds: int) -> None:
    """Raises `TargetBusy` while a query of an earlier writer or a mutation is still at work."""
    end = time.monotonic() + wait_seconds
    while connection.exec_driver_sql(_BUSY).scalar():
        if time.monotonic() >= end:
            raise TargetBusy
        time.sleep(0.2)


@dataclass(slots=True)
class ClickHouseRowTask(RowTask):
    """Moves rows in slices that the server recognises when they arrive again.

    A slice's bounds are written down before it is sent, with a token made of them; the target drops a block whose
    token it has seen. One slice is one block, so a slice that fails leaves nothing.
    """

    def _prepare(self, connection: sa.Connection) -> None:
        RowTask._prepare(self, connection)
        rules = self.migration
        if rules.in_place:
            instead = "write ALTER TABLE ... UPDATE into sql_scripts"
            raise StepFailed(NOT_HERE, task=rules.name, what="in-place migration", instead=instead)
        if rules.on_conflict != "fail":
            raise StepFailed(
                NOT_HERE, task=rules.name, what=f"on_conflict {rules.on_conflict}", instead="use a ReplacingMergeTree"
            )
        if not _deduplicates(connection, rules.target):
            raise StepFailed(NO_WINDOW, task=rules.name, table=rules.target)

    def _key_columns(self, connection: sa.Connection) -> tuple[str, ...]:
        if self.migration.key:
            return self.migration.key
        sql = "SELECT sorting_key FROM system.tables WHERE database = {database} AND name = :name"
        schema, _, name = self.migration.source.rpartition(".")
        database = ":schema" if schema else "currentDatabase()"
        values = {"name": name, **({"schema": schema} if schema else {})}
        found = connection.execute(sa.text(sql.format(database=database)), values).scalar() or ""
        return tuple(part.strip(" `") for part in str(found).split(",") if part.strip())

    def _upper(self, connection: sa.Connection, checkpoint: Checkpoint) -> tuple[Any, ...] | None:
        """Return the slice's last key: as planned before, when this slice was begun already."""
        notes = TaskJournal(self.scope, f"{self.migration.name}#slice", self.execution_id)
        begun = notes.read(connection)
        if begun is not None and (begun.digest, begun.batch) == (checkpoint.position or "", checkpoint.batch):
            return read_key(begun.position)
        upper = RowTask._upper(self, connection, checkpoint)
        planned = None if upper is None else write_key(upper)
        notes.write(
            connection,
            replace(checkpoint, digest=checkpoint.position or "", state=State.DONE, position=planned),
        )
        self.point("slice planned")
        return upper

    def _insert(self, connection: sa.Connection, insert: Any, checkpoint: Checkpoint, upper: Any, count: Any) -> int:
        last = "" if upper is None else write_key(upper)
        rows = connection.execute(count).scalar_one()
        settings = {
            "insert_deduplication_token": f"{self.scope}/{self.migration.digest}/{checkpoint.position}/{last}",
            "insert_deduplicate": 1, "max_threads": 1, "max_insert_threads": 1, "min_insert_block_size_bytes": 0,
            "min_insert_block_size_rows": max(int(rows), 1), "max_insert_block_size": max(int(rows), 1),
        }  # fmt: skip
        connection.execute(insert, execution_options={"settings": settings})
        return int(rows)

    def _is_row_error(self, error: exc.DBAPIError) -> bool:
        return getattr(error.orig, "code", None) in _ROW_CODES


def _deduplicates(connection: sa.Connection, table: str) -> bool:
    schema, _, name = table.rpartition(".")
    where = "database = :schema" if schema else "database = currentDatabase()"
    values = {"name": name, **({"schema": schema} if schema else {})}
    sql = f"SELECT engine_full FROM system.tables WHERE {where} AND name = :name"  # noqa: S608 - two fixed texts
    engine = str(connection.execute(sa.text(sql), values).scalar() or "")
    if engine.startswith(("Replicated", "Shared")):
        return "replicated_deduplication_window = 0" not in engine
    _, _, window = engine.partition("non_replicated_deduplication_window = ")
    return window[:1].isdigit() and window[:1] != "0"
