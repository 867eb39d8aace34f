"""Which classes do the work on which kind of database (UPG-19): the one place that chooses."""

from collections.abc import Callable
from typing import Any

from enghub.upgrade.gateways.databases.rows import RowTask
from enghub.upgrade.gateways.databases.session import Address, SiteDatabases, WriteSession
from enghub.upgrade.sql.dialect import Dialect


def databases_of(address: Address, token: int, on_refused: Callable[[], None] = lambda: None) -> SiteDatabases:
    """Return what opens sessions at an address; `on_refused` is called when the credentials are refused."""
    if address.dialect is Dialect.CLICKHOUSE:
        from enghub.upgrade.gateways.databases.clickhouse import ClickHouseDatabases  # noqa: PLC0415 - its driver

        return ClickHouseDatabases(address, token, on_refused)
    return SiteDatabases(address, token, on_refused)


def row_task(session: WriteSession, *arguments: Any) -> RowTask:
    """Return a row task for a session; the arguments are those of `RowTask`."""
    if session.dialect is Dialect.CLICKHOUSE:
        from enghub.upgrade.gateways.databases.clickhouse import ClickHouseRowTask  # noqa: PLC0415

        return ClickHouseRowTask(session, *arguments)
    return RowTask(session, *arguments)
