"""Copies of tables beside the originals, listed in a table of their own with row count and time.

A copy is made by one statement from one snapshot (InnoDB and PostgreSQL do not block writers for it; SQLite has one
writer anyway). Only a listed copy counts: the listing is written after the copy was counted.
"""

import hashlib
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from enghub.core.clock import system_clock, to_text
from enghub.core.i18n import Text
from enghub.upgrade.gateways.databases import catalog
from enghub.upgrade.gateways.databases.journal import BACKUPS
from enghub.upgrade.gateways.databases.session import WriteSession
from enghub.upgrade.steps.base import StepFailed

NO_TABLE = Text("Backup: table {table} does not exist", "备份：表 {table} 不存在")
LACKS = Text(
    "Restore of {table}: it lost the columns {columns} since the backup", "恢复 {table}：备份后缺少列 {columns}"
)
DIFFERS = Text(
    "Restore of {table}: {found} rows arrived, the backup holds {rows}", "恢复 {table}：{found} 行，备份为 {rows} 行"
)


def back_up(
    session: WriteSession, execution_id: str, table: str, point: Callable[[str], None]
) -> tuple[dict[str, Any], bool]:
    """Copy a table, unless this execution has a complete copy of it; return its facts and whether it was copied now.

    Raises:
        StepFailed: there is no such table.
    """
    with session.transaction() as connection:
        listed = connection.execute(sa.select(BACKUPS).where(_place(execution_id, table))).mappings().first()
        if listed is not None:
            return {"table": table, "copy": listed["copy"], "rows": listed["rows"]}, False
        source = catalog.table(connection, table)
        if source is None:
            raise StepFailed(NO_TABLE, table=table)
    copy = _copy_name(execution_id, table)
    quoted_copy, quoted = _quoted(session, copy), _quoted(session, source)
    with session.autocommit() as connection:  # what an interrupted attempt left is incomplete
        connection.exec_driver_sql(f"DROP TABLE IF EXISTS {quoted_copy}")
        point("backup begun")
        connection.exec_driver_sql(f"CREATE TABLE {quoted_copy} AS SELECT * FROM {quoted}")  # noqa: S608 - quoted names
    point("backup made")
    with session.transaction() as connection:
        rows = connection.exec_driver_sql(f"SELECT COUNT(*) FROM {quoted_copy}").scalar_one()  # noqa: S608
        made = {"execution_id": execution_id, "table_name": table, "copy": copy, "rows": rows}
        connection.execute(BACKUPS.insert().values(**made, made_at=to_text(system_clock())))
    point("backup listed")
    return {"table": table, "copy": copy, "rows": rows}, True


def of_execution(session: WriteSession, execution_id: str) -> dict[str, str]:
    """Return this execution's complete copies: table to copy."""
    with session.transaction() as connection:
        rows = connection.execute(
            sa.select(BACKUPS.c.table_name, BACKUPS.c.copy).where(BACKUPS.c.execution_id == execution_id)
        )
        return {row.table_name: row.copy for row in rows}


def restore(session: WriteSession, execution_id: str, table: str) -> int:
    """Replace a table's rows by its copy's, in one transaction; return how many.

    Raises:
        StepFailed: the table lost columns since, or the rows do not arrive completely.
    """
    with session.transaction() as connection:
        listed = connection.execute(sa.select(BACKUPS).where(_place(execution_id, table))).mappings().one()
        source, target = catalog.table(connection, listed["copy"]), catalog.table(connection, table)
        if source is None or target is None:
            raise StepFailed(NO_TABLE, table=table)
        generated = {column.name for column in target.columns if column.computed is not None}
        names = [column.name for column in source.columns if column.name not in generated]
        missing = [name for name in names if name not in target.columns]
        if missing:
            raise StepFailed(LACKS, table=table, columns=", ".join(missing))
        connection.execute(sa.delete(target))
        connection.execute(sa.insert(target).from_select(names, sa.select(*(source.columns[name] for name in names))))
        found = connection.execute(sa.select(sa.func.count()).select_from(target)).scalar_one()
        if found != listed["rows"]:
            raise StepFailed(DIFFERS, table=table, found=found, rows=listed["rows"])
    return int(found)


def drop_old(session: WriteSession, kept: int) -> list[str]:
    """Drop the copies of all but the newest executions; return their names."""
    with session.transaction() as connection:
        newest = sa.func.max(BACKUPS.c.made_at)
        order = sa.select(BACKUPS.c.execution_id).group_by(BACKUPS.c.execution_id).order_by(newest.desc())
        old = list(connection.execute(order).scalars())[kept:]
        rows = connection.execute(sa.select(BACKUPS).where(BACKUPS.c.execution_id.in_(old or [""]))).mappings().all()
    for row in rows:
        with session.autocommit() as connection:
            connection.exec_driver_sql(f"DROP TABLE IF EXISTS {_quoted(session, row['copy'])}")
        with session.transaction() as connection:
            connection.execute(BACKUPS.delete().where(_place(row["execution_id"], row["table_name"])))
    return [row["copy"] for row in rows]


def _place(execution_id: str, table: str) -> sa.ColumnElement[bool]:
    return sa.and_(BACKUPS.c.execution_id == execution_id, BACKUPS.c.table_name == table)


def _copy_name(execution_id: str, table: str) -> str:
    """At most 63 characters, as PostgreSQL wants."""
    digest = hashlib.sha256(f"{execution_id}/{table}".encode()).hexdigest()[:16]
    return f"enghub_backup_{digest}_{table.rpartition('.')[2][:30]}"


def _quoted(session: WriteSession, table: sa.Table | str) -> str:
    preparer = session.connection.dialect.identifier_preparer
    return preparer.quote_identifier(table) if isinstance(table, str) else preparer.format_table(table)
