"""Reads the journal back: what of a version did not finish in this database."""

import sqlalchemy as sa

from enghub.upgrade.gateways.databases.journal import CHECKPOINTS, STATEMENTS, State, of_version


def unfinished_statements(connection: sa.Connection, version: str) -> tuple[str, ...]:
    """Return `script:ordinal` of statements of a version that were begun or failed and not run since."""
    table = STATEMENTS.c
    query = sa.select(table.script, table.ordinal).where(
        of_version(STATEMENTS, version),
        table.state.in_([State.INTENT.value, State.FAILED.value]),
    )
    return tuple(f"{row.script}:{row.ordinal}" for row in _rows(connection, STATEMENTS, query))


def unfinished_migrations(connection: sa.Connection, version: str) -> tuple[str, ...]:
    """Return the row tasks of a version that are not complete."""
    table = CHECKPOINTS.c
    query = sa.select(table.task, table.state, table.moved, table.failed, table.total).where(
        of_version(CHECKPOINTS, version), table.state != State.UNDONE.value
    )
    return tuple(
        f"migration {row.task}: {row.moved} moved and {row.failed} failed of {row.total}"
        for row in _rows(connection, CHECKPOINTS, query)
        if row.state != State.DONE.value
    )


def broken_references(connection: sa.Connection) -> list[str]:
    """Return SQLite's broken foreign keys, by table."""
    tables = sorted({str(row[0]) for row in connection.exec_driver_sql("PRAGMA foreign_key_check")})
    return [f"table {name} refers to rows that do not exist" for name in tables]


def _rows(
    connection: sa.Connection, table: sa.Table, query: sa.Select[tuple[object, ...]]
) -> list[sa.Row[tuple[object, ...]]]:
    """No journal yet means nothing ran."""
    return list(connection.execute(query)) if sa.inspect(connection).has_table(table.name) else []
