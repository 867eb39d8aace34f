"""The database's one lock for writers, on the connection that writes: it dies with the server's side of it (UPG-10)."""

import hashlib
import time

import sqlalchemy as sa

from enghub.kit.databases.errors import DatabaseBusy
from enghub.kit.sql.dialect import Dialect

_PG_LOCK = 7_305_808_867_225_637  # any number, the same for every version of this software


def lock(connection: sa.Connection, dialect: Dialect, wait_seconds: int) -> None:
    """Take the database's one lock for writers, on this connection.

    Raises:
        DatabaseBusy: another connection has it, maybe that of a dead worker whose statement still runs.
    """
    if dialect.is_mysql:
        name = connection.exec_driver_sql("SELECT DATABASE()").scalar() or ""
        digest = hashlib.sha256(str(name).encode()).hexdigest()[:40]
        got = connection.exec_driver_sql(f"SELECT GET_LOCK('enghub-upgrade-{digest}', {wait_seconds})").scalar() == 1
        connection.commit()
    elif dialect is Dialect.POSTGRESQL:
        got = _pg_lock(connection, wait_seconds)
    else:
        return  # SQLite's BEGIN IMMEDIATE is the lock, and dies with its process
    if not got:
        raise DatabaseBusy


def _pg_lock(connection: sa.Connection, wait_seconds: int) -> bool:
    end = time.monotonic() + wait_seconds
    while True:
        got = connection.exec_driver_sql(f"SELECT pg_try_advisory_lock({_PG_LOCK})").scalar()
        connection.commit()
        if got or time.monotonic() >= end:
            return bool(got)
        time.sleep(0.2)
