"""Reads a table's rows in key order, batch by batch, to make something else of them (UPG-17)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from enghub.kit.databases import catalog
from enghub.kit.databases.keys import compare, read_key, write_key


@dataclass(frozen=True, slots=True)
class KeyedRows:
    """Rows of a table under a condition, in the order of its primary key."""

    table: sa.Table
    where: str | None

    @classmethod
    def of(cls, connection: sa.Connection, name: str, where: str | None) -> "KeyedRows | None":
        """Return the source, None when there is no such table or it has no primary key."""
        table = catalog.table(connection, name)
        return None if table is None or not table.primary_key else cls(table, where)

    def lacks(self, columns: Sequence[str]) -> tuple[str, ...]:
        """Return the columns that the table does not have."""
        return tuple(name for name in columns if name not in self.table.columns)

    def count(self, connection: sa.Connection) -> int:
        """Return the number of rows."""
        query = sa.select(sa.func.count()).select_from(self.table).where(*self._where())
        return int(connection.execute(query).scalar_one())

    def batch(
        self, connection: sa.Connection, position: str | None, size: int
    ) -> tuple[list[dict[str, Any]], str | None]:
        """Return the rows after a position, and the next position; None when there are no more rows."""
        key = list(self.table.primary_key)
        after = read_key(position)
        conditions = [] if after is None else [compare(key, after, inclusive=False, above=True)]
        query = sa.select(self.table).where(*self._where(), *conditions).order_by(*key).limit(size)
        rows = [dict(row) for row in connection.execute(query).mappings()]
        if len(rows) < size:
            return rows, None
        return rows, write_key([rows[-1][column.name] for column in key])

    def _where(self) -> list[sa.ColumnElement[bool]]:
        return [] if self.where is None else [sa.literal_column(f"({self.where})", sa.Boolean)]
