"""How rows of small tables are kept: changed in place where transactions are, appended where they are not (UPG-19)."""

from collections.abc import Mapping
from typing import Any, Protocol

import sqlalchemy as sa

LOG = "_log"
"""ClickHouse: ends the name of the table that the view with the table's own name shows the newest rows of."""
_TYPES = {sa.Integer: "Int32", sa.BigInteger: "Int64"}
Values = Mapping[str, Any]


class Storage(Protocol):
    """Rows of tables that we keep in somebody's database."""

    def create(self, connection: sa.Connection, tables: sa.MetaData) -> None:
        """Make what is missing."""

    def put(self, connection: sa.Connection, table: sa.Table, key: Values, values: Values, first: Values) -> None:
        """Set a row's values, whatever it was before; `first` holds those that only a new row gets."""

    def change(self, connection: sa.Connection, table: sa.Table, where: sa.ColumnElement[bool], values: Values) -> None:
        """Set values of every row under a condition."""

    def remove(self, connection: sa.Connection, table: sa.Table, where: sa.ColumnElement[bool]) -> None:
        """Remove every row under a condition."""


def storage_of(connection: sa.Connection) -> Storage:
    """Return how this database keeps rows."""
    return APPENDED if connection.dialect.name == "clickhousedb" else IN_PLACE


class InPlace:
    """Rows are updated; every call is part of the caller's transaction."""

    def create(self, connection: sa.Connection, tables: sa.MetaData) -> None:
        """See `Storage.create`."""
        tables.create_all(connection)

    def put(self, connection: sa.Connection, table: sa.Table, key: Values, values: Values, first: Values) -> None:
        """See `Storage.put`."""
        where = at(table, key)
        if connection.execute(table.update().where(where).values(values)).rowcount == 0 and (
            connection.execute(sa.select(sa.literal(1)).select_from(table).where(where)).first() is None
        ):
            connection.execute(table.insert().values(**key, **values, **first))

    def change(self, connection: sa.Connection, table: sa.Table, where: sa.ColumnElement[bool], values: Values) -> None:
        """See `Storage.change`."""
        connection.execute(table.update().where(where).values(values))

    def remove(self, connection: sa.Connection, table: sa.Table, where: sa.ColumnElement[bool]) -> None:
        """See `Storage.remove`."""
        connection.execute(table.delete().where(where))


class Appended:
    """Every change appends the row's next version; a view shows the newest. One insert is one block, so it is atomic.

    The writer is alone (see `clickhouse.ClickHouseSessions`), so that reading and appending need no lock.
    """

    def create(self, connection: sa.Connection, tables: sa.MetaData) -> None:
        """See `Storage.create`."""
        for table in tables.sorted_tables:
            columns = ", ".join(f"{column.name} {_type(column)}" for column in table.columns)
            key = ", ".join(column.name for column in table.primary_key)
            connection.exec_driver_sql(
                f"CREATE TABLE IF NOT EXISTS {table.name}{LOG} ({columns}, version UInt64, removed UInt8) "
                f"ENGINE = ReplacingMergeTree(version) ORDER BY ({key})"
            )
            names = ", ".join(column.name for column in table.columns)
            connection.exec_driver_sql(
                f"CREATE VIEW IF NOT EXISTS {table.name} AS SELECT {names} FROM {table.name}{LOG} FINAL "  # noqa: S608
                "WHERE removed = 0"
            )

    def put(self, connection: sa.Connection, table: sa.Table, key: Values, values: Values, first: Values) -> None:
        """See `Storage.put`."""
        found = connection.execute(sa.select(table).where(at(table, key))).mappings().first()
        before = {**first, **key} if found is None else dict(found)
        self._append(connection, table, {**before, **values}, removed=0)

    def change(self, connection: sa.Connection, table: sa.Table, where: sa.ColumnElement[bool], values: Values) -> None:
        """See `Storage.change`."""
        for row in connection.execute(sa.select(table).where(where)).mappings().all():
            self._append(connection, table, {**row, **values}, removed=0)

    def remove(self, connection: sa.Connection, table: sa.Table, where: sa.ColumnElement[bool]) -> None:
        """See `Storage.remove`."""
        for row in connection.execute(sa.select(table).where(where)).mappings().all():
            self._append(connection, table, dict(row), removed=1)

    def _append(self, connection: sa.Connection, table: sa.Table, row: Values, removed: int) -> None:
        log = sa.table(f"{table.name}{LOG}", *(sa.column(name) for name in (*row, "version", "removed")))
        key = [log.c[column.name] == row[column.name] for column in table.primary_key]
        version = connection.execute(sa.select(sa.func.max(log.c.version)).where(*key)).scalar() or 0
        connection.execute(log.insert().values(**row, version=version + 1, removed=removed))


def at(table: sa.Table, key: Values) -> sa.ColumnElement[bool]:
    """Return the condition that a row has a key."""
    return sa.and_(*(table.c[name] == value for name, value in key.items()))


def _type(column: sa.Column[Any]) -> str:
    name = next((name for kind, name in _TYPES.items() if type(column.type) is kind), "String")
    return f"Nullable({name})" if column.nullable else name


IN_PLACE = InPlace()
APPENDED = Appended()
