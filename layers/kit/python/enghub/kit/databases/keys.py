"""Keys of rows: compared in the order of the index, written down and read back without loss."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa


def compare(
    columns: Sequence[sa.ColumnElement[Any]], key: Sequence[Any], *, inclusive: bool, above: bool
) -> sa.ColumnElement[bool]:
    """Lexicographic comparison written out, which every database serves from the index."""
    column, value = columns[0], key[0]
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


_KINDS: Mapping[str, tuple[type, Callable[[Any], str], Callable[[str], Any]]] = {
    "decimal": (Decimal, str, Decimal),
    "datetime": (datetime, datetime.isoformat, datetime.fromisoformat),
    "date": (date, date.isoformat, date.fromisoformat),
    "uuid": (UUID, str, UUID),
    "bytes": (bytes, bytes.hex, bytes.fromhex),
}


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
