"""Statements of scripts, sent as they stand."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc

from enghub.kit.databases.session import execute_raw


def run_raw(connection: sa.Connection, sql: str) -> int:
    """Send a statement exactly as written and read everything it answers; return how many rows it changed.

    A procedure answers several results, and may fail after the first of them: only who reads all of them knows.
    """
    result = execute_raw(connection, sql)
    cursor: Any = result.cursor
    count = 0 if result.returns_rows else max(result.rowcount, 0)
    if cursor is None or connection.dialect.name not in ("mysql", "mariadb", "postgresql"):
        return count  # one statement has one result there
    failed = connection.dialect.loaded_dbapi.Error
    try:
        if result.returns_rows:
            cursor.fetchall()
        while getattr(cursor, "nextset", lambda: None)():
            if cursor.description is not None:
                cursor.fetchall()
    except failed as error:
        raise exc.DBAPIError.instance(sql, None, error, failed, dialect=connection.dialect) from error
    finally:
        result.close()
    return count
