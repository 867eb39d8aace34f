"""Rows as lines of text, without loss: what a backup stores and a restore loads (UPG-15).

PostgreSQL's lines are its own COPY format. The other databases' lines are JSON arrays; MariaDB's values are the texts
the server itself writes, so that its own conversion reads them back (times in UTC, FLOAT as the DOUBLE it stands for).
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from enghub.kit.databases.structure import Structure, quote, quote_one
from enghub.kit.sql.dialect import Dialect

_FETCH = 2_000
_BLOCK = 1 << 16


@dataclass(slots=True)
class RowSum:
    """Count and checksum of rows, whatever their order: the sum of their hashes modulo 2^128."""

    rows: int = 0
    total: int = 0

    def add(self, line: bytes) -> None:
        """Count one row."""
        self.rows += 1
        self.total = (self.total + int.from_bytes(hashlib.sha256(line).digest()[:16])) % (1 << 128)

    def merge(self, other: "RowSum") -> None:
        """Count what another sum counted."""
        self.rows += other.rows
        self.total = (self.total + other.total) % (1 << 128)

    @property
    def digest(self) -> str:
        """The checksum, as hex."""
        return f"{self.total:032x}"

    @classmethod
    def of(cls, rows: int, digest: str) -> "RowSum":
        """Read a stored sum."""
        return cls(rows, int(digest, 16))


def prepare(connection: sa.Connection, dialect: Dialect) -> None:
    """Make the session write and read values independent of the server's settings."""
    if dialect.is_mysql:
        connection.exec_driver_sql("SET SESSION time_zone = '+00:00', group_concat_max_len = 1000000")
        connection.exec_driver_sql("SET SESSION sql_mode = CONCAT_WS(',', @@sql_mode, 'NO_AUTO_VALUE_ON_ZERO')")
    elif dialect is Dialect.POSTGRESQL:
        for setting in (
            "TimeZone = 'UTC'",
            "DateStyle = 'ISO'",
            "IntervalStyle = 'postgres'",
            "extra_float_digits = 1",
        ):
            connection.exec_driver_sql(f"SET {setting}")


def read(
    connection: sa.Connection,
    dialect: Dialect,
    structure: Structure,
    table: str,
    where: Sequence[Any] = (),
    *,
    limit: int | None = None,
) -> Iterator[bytes]:
    """Yield the rows of a table under conditions, at most `limit`; the whole set is never in memory."""
    schema, _, plain = table.rpartition(".")
    source = sa.table(plain, *(sa.column(name) for name in structure.columns), schema=schema or None)
    if dialect is Dialect.POSTGRESQL:
        yield from _copy_out(connection, sa.select(*source.columns).where(*where).limit(limit))
        return
    query = sa.select(*(_as_text(source.c[name], kind, dialect) for name, kind in structure.columns.items()))
    rows = connection.execution_options(stream_results=True).execute(query.where(*where).limit(limit))
    try:
        for part in rows.partitions(_FETCH):
            for row in part:
                yield _to_line(row)
    finally:
        rows.close()
        connection.execution_options(stream_results=False)


def _as_text(column: sa.ColumnClause[Any], kind: str, dialect: Dialect) -> Any:
    if not dialect.is_mysql or kind == "binary":
        return column
    if kind == "float":
        return sa.cast(sa.cast(column, sa.Double), sa.CHAR).label(column.name)
    return sa.cast(column, sa.CHAR).label(column.name)


def _to_line(row: Sequence[Any]) -> bytes:
    values = [{"b": value.hex()} if isinstance(value, bytes) else value for value in row]
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode()


def _from_line(line: bytes) -> list[Any]:
    return [bytes.fromhex(value["b"]) if isinstance(value, dict) else value for value in json.loads(line)]


def _copy_out(connection: sa.Connection, query: sa.Select[Any]) -> Iterator[bytes]:
    plain = postgresql.dialect(paramstyle="named")  # type: ignore[no-untyped-call]
    sql = str(query.compile(dialect=plain, compile_kwargs={"literal_binds": True}))
    raw: Any = connection.connection.driver_connection
    with raw.cursor() as cursor, cursor.copy(f"COPY ({sql}) TO STDOUT") as copy:
        rest = b""
        for block in copy:
            *complete, rest = (rest + bytes(block)).split(b"\n")
            yield from complete


def load(connection: sa.Connection, dialect: Dialect, structure: Structure, table: str, lines: Iterable[bytes]) -> None:
    """Insert rows that `read` gave; part of the caller's transaction."""
    columns = ", ".join(quote_one(connection, name) for name in structure.columns)
    target = f"{quote(connection, table)} ({columns})"
    if dialect is Dialect.POSTGRESQL:
        raw: Any = connection.connection.driver_connection
        with raw.cursor() as cursor, cursor.copy(f"COPY {target} FROM STDIN") as copy:
            for line in lines:
                copy.write(line + b"\n")
        return
    mark = "%s" if dialect.is_mysql else "?"
    marks = ", ".join([mark] * len(structure.columns))
    rows = [tuple(_from_line(line)) for line in lines]
    if rows:
        connection.exec_driver_sql(f"INSERT INTO {target} VALUES ({marks})", rows)  # noqa: S608 - quoted names
