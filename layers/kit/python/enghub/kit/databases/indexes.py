"""Indexes as the catalog knows them, their sizes, and how long queries take with them (UPG-17)."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from enghub.kit.databases.session import ReadSession, execute_raw
from enghub.kit.databases.structure import quote, quote_one
from enghub.kit.sql.dialect import Dialect


@dataclass(frozen=True, slots=True)
class Index:
    """An index of a table."""

    table: str
    name: str
    columns: tuple[str, ...]
    unique: bool

    def to_json(self) -> dict[str, Any]:
        """Return the stored form."""
        return {"table": self.table, "name": self.name, "columns": list(self.columns), "unique": self.unique}

    @classmethod
    def of_json(cls, data: dict[str, Any]) -> "Index":
        """Read the stored form."""
        return cls(data["table"], data["name"], tuple(data["columns"]), data["unique"])


def all_of(connection: sa.Connection, table: str) -> tuple[Index, ...]:
    """Return the indexes of a table over plain columns, without its primary key."""
    schema, _, plain = table.rpartition(".")
    found = sa.inspect(connection).get_indexes(plain, schema=schema or None)
    return tuple(
        Index(table, str(index["name"]), tuple(str(column) for column in index["column_names"]), bool(index["unique"]))
        for index in found
        if all(index["column_names"])
    )


def find(connection: sa.Connection, table: str, name: str) -> Index | None:
    """Return an index by name, None when there is none."""
    return next((index for index in all_of(connection, table) if index.name.lower() == name.lower()), None)


def create(connection: sa.Connection, dialect: Dialect, index: Index) -> None:
    """Make an index while others go on writing, where the database can."""
    columns = ", ".join(quote_one(connection, column) for column in index.columns)
    unique = "UNIQUE " if index.unique else ""
    name, table = quote_one(connection, index.name), quote(connection, index.table)
    online = "CONCURRENTLY " if dialect is Dialect.POSTGRESQL else ""
    sql = f"CREATE {unique}INDEX {online}{name} ON {table} ({columns})"
    if dialect.is_mysql:
        sql += " ALGORITHM=INPLACE LOCK=NONE"
    execute_raw(connection, sql)


def drop(connection: sa.Connection, dialect: Dialect, index: Index) -> None:
    """Remove an index; one that is gone is fine."""
    name, table = quote_one(connection, index.name), quote(connection, index.table)
    if dialect.is_mysql:
        sql = (
            f"DROP INDEX IF EXISTS {name} ON {table}" if dialect is Dialect.MARIADB else f"DROP INDEX {name} ON {table}"
        )
    elif dialect is Dialect.POSTGRESQL:
        schema = index.table.rpartition(".")[0]
        sql = f"DROP INDEX CONCURRENTLY IF EXISTS {quote_one(connection, schema) + '.' if schema else ''}{name}"
    else:
        sql = f"DROP INDEX IF EXISTS {name}"
    execute_raw(connection, sql)


def rebuild(connection: sa.Connection, dialect: Dialect, index: Index) -> None:
    """Write an index anew; doing it twice does no harm."""
    name = quote_one(connection, index.name)
    if dialect.is_mysql:
        execute_raw(connection, f"ALTER TABLE {quote(connection, index.table)} ENGINE=InnoDB")
    elif dialect is Dialect.POSTGRESQL:
        schema = index.table.rpartition(".")[0]
        full = f"{quote_one(connection, schema)}.{name}" if schema else name
        execute_raw(connection, f"REINDEX INDEX CONCURRENTLY {full}")
    else:
        execute_raw(connection, f"REINDEX {name}")


def analyse(connection: sa.Connection, dialect: Dialect, table: str) -> None:
    """Let the database count again what its planner goes by."""
    quoted = quote(connection, table)
    result = execute_raw(connection, f"ANALYZE TABLE {quoted}" if dialect.is_mysql else f"ANALYZE {quoted}")
    if result.returns_rows:
        result.fetchall()


def half_built(connection: sa.Connection, index: Index) -> bool:
    """Tell whether an interrupted CONCURRENTLY left an index that is not valid (PostgreSQL)."""
    valid = connection.execute(
        sa.text("SELECT i.indisvalid FROM pg_index i WHERE i.indexrelid = to_regclass(:name)"),
        {"name": ".".join(filter(None, [index.table.rpartition(".")[0], quote_one(connection, index.name)]))},
    ).scalar()
    return valid is False


def sizes(connection: sa.Connection, dialect: Dialect, tables: Sequence[str]) -> dict[str, dict[str, int]]:
    """Return the bytes of data and of indexes, by table; SQLite tells only the whole file's."""
    if dialect is Dialect.SQLITE:
        pages = int(connection.exec_driver_sql("PRAGMA page_count").scalar() or 0)
        size = int(connection.exec_driver_sql("PRAGMA page_size").scalar() or 0)
        return {"(file)": {"dataBytes": pages * size, "indexBytes": 0}}
    found = {}
    for table in tables:
        schema, _, plain = table.rpartition(".")
        if dialect is Dialect.POSTGRESQL:
            sql = "SELECT pg_table_size(CAST(:quoted AS regclass)), pg_indexes_size(CAST(:quoted AS regclass))"
            row = connection.execute(sa.text(sql), {"quoted": quote(connection, table)}).one()
        else:
            sql = (
                "SELECT DATA_LENGTH, INDEX_LENGTH FROM information_schema.TABLES "
                "WHERE TABLE_SCHEMA = COALESCE(:schema, DATABASE()) AND TABLE_NAME = :name"
            )
            row = connection.execute(sa.text(sql), {"schema": schema or None, "name": plain}).one()
        found[table] = {"dataBytes": int(row[0] or 0), "indexBytes": int(row[1] or 0)}
    return found


def measure(session: ReadSession, sql: str, times: int) -> dict[str, Any]:
    """Return how long a query takes (the best of some tries, all its rows read) and the database's plan for it."""
    best = None
    for _ in range(times):
        started = time.perf_counter()
        execute_raw(session.connection, sql).fetchall()
        took = time.perf_counter() - started
        best = took if best is None or took < best else best
    explain = "EXPLAIN QUERY PLAN " if session.dialect is Dialect.SQLITE else "EXPLAIN "
    plan = [" | ".join(map(str, row)) for row in execute_raw(session.connection, explain + sql)]
    return {"milliseconds": round((best or 0) * 1000, 3), "plan": plan[:20]}
