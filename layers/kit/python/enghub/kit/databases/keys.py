"""Keys of rows: compared in the order of the index, written down and read back without loss."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface, ip_interface
from typing import Any
from uuid import UUID

import sqlalchemy as sa


def compare(
    columns: Sequence[sa.ColumnElement[Any]], key: Sequence[Any], *, inclusive: bool, above: bool
) -> sa.ColumnElement[bool]:
    """Lexicographic comparison written out, which every database serves from the index."""
    column, value = columns[0], key[0]
    if isinstance(value, bool):  # a constant would be taken for part of a condition
        value = sa.literal(value)
    strict: sa.ColumnElement[bool] = column > value if above else column < value
    if len(columns) == 1:
        loose: sa.ColumnElement[bool] = column >= value if above else column <= value
        return loose if inclusive else strict
    rest = compare(columns[1:], key[1:], inclusive=inclusive, above=above)
    return sa.or_(strict, sa.and_(column == value, rest))


def next_chunk(
    connection: sa.Connection, table: sa.Table, names: Sequence[str], after: Sequence[Any] | None, rows: int
) -> tuple[list[Any], tuple[Any, ...] | None]:
    """Return the conditions of the next `rows` rows by key, and their last key; None when they are the last ones."""
    key = [sa.column(name, table.columns[name].type) for name in names]
    conditions: list[Any] = [] if after is None else [compare(key, after, inclusive=False, above=True)]
    last = sa.select(*key).select_from(table).where(*conditions).order_by(*key).offset(rows - 1).limit(1)
    upper = connection.execute(last).first()
    if upper is not None:
        conditions.append(compare(key, tuple(upper), inclusive=True, above=False))
    return conditions, None if upper is None else tuple(upper)


_Address = (IPv4Address, IPv6Address, IPv4Interface, IPv6Interface)
_MICROSECOND = timedelta(microseconds=1)
_KINDS: Mapping[str, tuple[type | tuple[type, ...], Callable[[Any], str], Callable[[str], Any]]] = {
    "decimal": (Decimal, str, Decimal),
    "datetime": (datetime, datetime.isoformat, datetime.fromisoformat),
    "time": (time, time.isoformat, time.fromisoformat),
    "seconds": (timedelta, lambda value: str(value // _MICROSECOND), lambda text: int(text) * _MICROSECOND),
    "date": (date, date.isoformat, date.fromisoformat),
    "uuid": (UUID, str, UUID),
    "bytes": (bytes, bytes.hex, bytes.fromhex),
    "address": (_Address, str, ip_interface),
}
_UNORDERED = re.compile(r"ENUM|SET|BIT|FLOAT|REAL|JSON|JSONB|MONEY|.*RANGE|ARRAY|TSVECTOR|NULL|GEOMETRY|POINT|POLYGON")
"""Types whose order is not that of their comparisons here, whose values are not exact, or that have none."""


def cannot_order(connection: sa.Connection, column: sa.Column[Any]) -> str | None:
    """Return why rows cannot be walked in the order of a key column, None when they can."""
    is_postgresql = connection.dialect.name == "postgresql"
    kind = type(column.type).__name__.upper()
    if (
        connection.dialect.name in ("mysql", "mariadb") and kind == "TIME"
    ):  # below 0 and over a day, which no driver binds
        return "type time"
    if connection.dialect.name != "sqlite" and _UNORDERED.fullmatch(kind) and not (is_postgresql and kind == "ENUM"):
        return f"type {kind.lower()}"
    if is_postgresql and isinstance(column.type, sa.Date | sa.DateTime):
        outside = sa.or_(column < sa.text("'0001-01-01'"), column > sa.text("'9999-12-31 23:59:59.999999'"))
        found = connection.execute(sa.select(sa.cast(column, sa.Text)).where(outside).limit(1)).scalar()
        return None if found is None else f"value {found}"
    return None


def write_key(key: Sequence[Any]) -> str:
    """Return a key as text."""

    def one(value: Any) -> Any:
        for name, (kind, write, _) in _KINDS.items():
            if isinstance(value, kind):
                return {name: write(value)}
        return value

    return json.dumps([one(value) for value in key])


def read_key(text: str | None) -> tuple[Any, ...] | None:
    """Return the key that `write_key` wrote; None for None."""
    if text is None:
        return None

    def one(value: Any) -> Any:
        if isinstance(value, dict):
            ((name, written),) = value.items()
            return _KINDS[name][2](written)
        return value

    return tuple(one(value) for value in json.loads(text))
