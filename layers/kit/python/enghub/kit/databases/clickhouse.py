"""ClickHouse: no transactions, no locks, so both are made of what it has (UPG-19).

- One writer: every query of a writer carries a session id of ours. Whoever opens the writer waits while a query of an
  earlier one, or an unfinished mutation of this database, is still at work.
- Fence: the greatest token ever appended. It is looked at before every effect; between the look and the effect a
  stopped worker may wake up, so a lease of the worker's own stays the first line.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from enghub.kit.databases.errors import DatabaseBusy
from enghub.kit.databases.session import (
    CONNECT_SECONDS,
    Address,
    DatabaseSessions,
    ReadSession,
    WriteSession,
    connected,
)
from enghub.kit.sql.dialect import Dialect
from enghub.kit.work.slices import Budget

SESSION_PREFIX = "enghub-upgrade"
_WRITER_MARK = "/* enghub-upgrade-writer */"
_WAITING_FOR_EFFECT = {"mutations_sync": 2, "alter_sync": 2, "lightweight_deletes_sync": 2, "async_insert": 0}
"""A statement answers when its effect is there on every replica."""


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
        self._fence.take(self.connection)
        self.connection.commit()


class ClickHouseSessions(DatabaseSessions):
    """Opens sessions on a ClickHouse."""

    @contextmanager
    def reader(self, timeout_seconds: int) -> Iterator[ReadSession]:
        """Open a session that the server keeps from writing; see `DatabaseSessions.reader`."""
        settings = {"readonly": 2, "max_execution_time": timeout_seconds}
        with connected(
            _engine(self._address, timeout_seconds + CONNECT_SECONDS, settings), self._on_refused
        ) as connection:
            yield ReadSession(connection, Dialect.CLICKHOUSE)

    @contextmanager
    def writer(self, budget: Budget) -> Iterator[WriteSession]:
        """Open the writing session; see `DatabaseSessions.writer`."""
        settings = {
            **_WAITING_FOR_EFFECT,
            "session_id": f"{SESSION_PREFIX}-{self._fence.token}-{uuid4().hex}",
            "session_timeout": 600,
        }
        seconds = max(5, int(budget.seconds_to_hard) - 5)
        with connected(_engine(self._address, seconds, settings), self._on_refused) as connection:
            _wait_for_others(connection, wait_seconds=5)
            self._fence.create(connection)
            session = ClickHouseWriteSession(connection, Dialect.CLICKHOUSE, self._fence)
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
    """Raises `DatabaseBusy` while a query of an earlier writer or a mutation is still at work."""
    end = time.monotonic() + wait_seconds
    while connection.exec_driver_sql(_BUSY).scalar():
        if time.monotonic() >= end:
            raise DatabaseBusy
        time.sleep(0.2)
