"""Which classes do the work on which kind of database (UPG-19): the one place that chooses."""

from collections.abc import Callable
from typing import Any

from enghub.kit.databases.fence import Fence
from enghub.kit.databases.session import Address, DatabaseSessions, WriteSession
from enghub.kit.sql.dialect import Dialect
from enghub.upgrade.gateways.databases.journal import FENCE
from enghub.upgrade.gateways.databases.rows import RowTask


def databases_of(address: Address, token: int, on_refused: Callable[[], None] = lambda: None) -> DatabaseSessions:
    """Return what opens sessions at an address.

    Args:
        address: of the database.
        token: of this run; of two writers the greater one wins.
        on_refused: called when the credentials are refused.
    """
    if address.dialect is Dialect.CLICKHOUSE:
        from enghub.kit.databases.clickhouse import ClickHouseSessions  # noqa: PLC0415 - its driver

        return ClickHouseSessions(address, Fence(FENCE, token), on_refused)
    return DatabaseSessions(address, Fence(FENCE, token), on_refused)


def row_task(session: WriteSession, *arguments: Any) -> RowTask:
    """Return a row task for a session; the arguments are those of `RowTask`."""
    if session.dialect is Dialect.CLICKHOUSE:
        from enghub.upgrade.gateways.databases.clickhouse_rows import ClickHouseRowTask  # noqa: PLC0415

        return ClickHouseRowTask(session, *arguments)
    return RowTask(session, *arguments)
