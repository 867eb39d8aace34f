"""A site's database as it is: the shape of its schema, the rows of its reference data, its fence (UPG-24)."""

import hashlib
import json
from collections.abc import Iterable, Iterator

import sqlalchemy as sa

from enghub.kit.databases import lines, shape, structure
from enghub.kit.databases.fence import Fence
from enghub.kit.databases.session import ReadSession
from enghub.kit.databases.shape import Part
from enghub.kit.sql.dialect import Dialect
from enghub.kit.work.errors import WorkFailed
from enghub.upgrade.drift.model import MOST_ROWS, ROW, ROWS, Observed
from enghub.upgrade.gateways.databases.journal import FENCE, OWN_TABLES

LONGEST_KEY = 120
"""Characters of a row's key that are shown."""


def observe(session: ReadSession, tables: Iterable[str]) -> Observed:
    """Return what a database is like now; `tables` hold reference data, those that are not there are passed over."""
    connection, dialect = session.connection, session.dialect
    parts = shape.read(connection, dialect, skips=_is_ours)
    lines.prepare(connection, dialect)
    for table in sorted(set(tables)):
        if structure.exists(connection, table):
            parts |= dict(_rows(connection, dialect, table))
    return Observed(parts, _token(connection))


def _is_ours(name: str) -> bool:
    return name in OWN_TABLES or name.startswith("enghub_")


def _token(connection: sa.Connection) -> int:
    """Return the greatest token of a writer here, 0 before the first one."""
    if not structure.exists(connection, FENCE.name):
        return 0
    return Fence(FENCE, 0).held(connection) or 0


def _rows(connection: sa.Connection, dialect: Dialect, table: str) -> Iterator[tuple[Part, str]]:
    try:
        found = list(_read(connection, dialect, table))
    except WorkFailed as failure:  # no plain table: said, not passed over
        yield (ROWS, table, ""), f"not compared: {failure.text.en}"[: shape.LONGEST]
        return
    if len(found) > MOST_ROWS:
        yield (ROWS, table, ""), f"not compared: more than {MOST_ROWS} rows"
        return
    for key, digest in found:
        yield (ROW, table, key), digest


def _read(connection: sa.Connection, dialect: Dialect, table: str) -> Iterator[tuple[str, str]]:
    """Yield each row's key and digest; without a key the row itself is one, and twins are counted."""
    columns: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    raw: Iterable[bytes]
    if dialect is Dialect.CLICKHOUSE:
        quoted = structure.quote(connection, table)
        query = sa.text(f"SELECT * FROM {quoted} LIMIT {MOST_ROWS + 1}")  # noqa: S608 - quoted
        raw = (repr(tuple(row)).encode() for row in connection.execute(query))
    else:
        made = structure.describe(connection, dialect, table)
        columns, key = tuple(made.columns), made.key
        raw = lines.read(connection, dialect, made, table, limit=MOST_ROWS + 1)
    twins: dict[str, int] = {}
    for line in raw:
        name = _named(_values(line, dialect), columns, key) if key else _short(line.decode(errors="replace"))
        twins[name] = twins.get(name, 0) + 1
        yield name if twins[name] == 1 else f"{name} #{twins[name]}", hashlib.sha256(line).hexdigest()[:16]


def _values(line: bytes, dialect: Dialect) -> list[str]:
    if dialect is Dialect.POSTGRESQL:
        return line.decode().split("\t")
    return [str(value) for value in json.loads(line)]


def _named(values: list[str], columns: tuple[str, ...], key: tuple[str, ...]) -> str:
    return _short(", ".join(f"{name}={values[columns.index(name)]}" for name in key))


def _short(text: str) -> str:
    if len(text) <= LONGEST_KEY:
        return text
    return f"{text[:LONGEST_KEY]} ... ({hashlib.sha256(text.encode()).hexdigest()[:12]})"
