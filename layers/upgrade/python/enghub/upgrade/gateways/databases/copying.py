"""Copies a site's tables, views and routines into a scratch database, in slices (UPG-09).

A table with a primary key goes on behind the last key that the scratch database has; one without is copied in one go.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc

from enghub.kit.databases import catalog, keys, lines, objects, structure
from enghub.kit.databases.session import execute_raw
from enghub.kit.databases.structure import Item, Structure
from enghub.kit.sql.dialect import Dialect
from enghub.kit.work.errors import WorkFailed
from enghub.kit.work.slices import Budget
from enghub.upgrade.gateways.databases.kinds import databases_of
from enghub.upgrade.gateways.databases.scratch import LEFT_OUT, TABLE, Scratch, notes, put_note, tables

ROWS = 2_000
"""Per transaction."""


def copy(scratch: Scratch, row_limit: int, budget: Budget) -> bool:
    """Copy for one slice; tell whether the copy is complete. The site is only read.

    Args:
        scratch: claimed.
        row_limit: rows of each table at most; those with the lowest keys.
        budget: ends the slice.

    Raises:
        WorkFailed, DatabaseBusy: see `Scratch.hold`.
        DatabaseUnreachable: one of the two does not answer.
    """
    seconds = max(5, int(budget.seconds_to_hard))
    with databases_of(scratch.site, 0).reader(seconds) as source, scratch.hold(budget) as target:
        lines.prepare(source.connection, source.dialect)
        return _Copy(source.connection, target, source.dialect, str(scratch.site.url.database), row_limit, budget).run()


@dataclass(slots=True)
class _Copy:
    source: sa.Connection
    target: sa.Connection
    dialect: Dialect
    site_database: str
    row_limit: int
    budget: Budget

    def run(self) -> bool:
        others = objects.found(self.source, self.dialect)
        known = notes(self.target, TABLE)
        if not known:
            self._make([one for one in others if one.kind != "view"], last=False)
        for table in tables(self.source):
            if table in known:
                continue
            if not self._table(table) or self.budget.spent:
                return False
        if not self._hang_on():
            return False
        self._make(others, last=True)
        return True

    # --- tables -------------------------------------------------------------------------------------------------------

    def _table(self, table: str) -> bool:
        """Copy a table as far as the budget goes; tell whether it is finished."""
        try:
            found = structure.describe(self.source, self.dialect, table)
            if not self._exists(table):
                self._run(*found.before, found.create_as(structure.quote(self.target, table)))
        except WorkFailed as refused:
            return self._copied(table, 0, str(refused))
        except exc.DBAPIError as error:
            self.target.rollback()
            return self._copied(table, 0, objects.why(error))
        rows = self._rows_there(found)
        for part in self._parts(found, self.row_limit - rows):
            with self.target.begin():
                lines.load(self.target, self.dialect, found, table, part)
            rows += len(part)
            if found.key and self.budget.spent and rows < self.row_limit:
                return False
        whole = rows < self.row_limit or not self._is_more(found, rows)
        return self._copied(table, rows, None if whole else f"only its first {rows} rows were copied (rowLimit)")

    def _exists(self, table: str) -> bool:
        found = structure.exists(self.target, table)
        self.target.rollback()
        return found

    def _copied(self, table: str, rows: int, why: str | None) -> bool:
        if why is not None:
            put_note(self.target, LEFT_OUT, f"table {table}", why)
        put_note(self.target, TABLE, table, json.dumps({"rows": rows}))
        self.target.commit()
        return True

    def _rows_there(self, found: Structure) -> int:
        """Return how many rows an earlier slice brought; without a key they are brought again."""
        quoted = structure.quote(self.target, found.table)
        if not found.key:
            self._run(f"DELETE FROM {quoted}")  # noqa: S608 - quoted
            return 0
        count = int(execute_raw(self.target, f"SELECT COUNT(*) FROM {quoted}").scalar_one())  # noqa: S608 - quoted
        self.target.rollback()
        return count

    def _parts(self, found: Structure, wanted: int) -> Iterator[tuple[bytes, ...]]:
        if not found.key:
            rows = lines.read(self.source, self.dialect, found, found.table, limit=wanted)
            while part := tuple(islice(rows, ROWS)):
                yield part
            return
        table = catalog.table(self.source, found.table)
        assert table is not None  # noqa: S101 - described a moment ago
        after = self._last_key(table, found.key)
        while wanted > 0:
            size = min(ROWS, wanted)
            conditions, after = keys.next_chunk(self.source, table, found.key, after, size)
            part = tuple(lines.read(self.source, self.dialect, found, found.table, conditions))
            if part:
                yield part
            if after is None:
                return
            wanted -= size

    def _last_key(self, table: sa.Table, names: Sequence[str]) -> tuple[Any, ...] | None:
        """Return the highest key of the scratch table; one scan per slice, as its index may not be there yet."""
        key = [sa.column(name, table.columns[name].type) for name in names]
        newest = sa.select(*key).select_from(table).order_by(*(column.desc() for column in key)).limit(1)
        last = self.target.execute(newest).first()
        self.target.rollback()
        return None if last is None else tuple(last)

    def _is_more(self, found: Structure, rows: int) -> bool:
        quoted = structure.quote(self.source, found.table)
        behind = execute_raw(self.source, f"SELECT 1 FROM {quoted} LIMIT 1 OFFSET {rows}")  # noqa: S608 - quoted
        return behind.first() is not None

    # --- what hangs on tables -----------------------------------------------------------------------------------------

    def _hang_on(self) -> bool:
        """Make indexes and constraints, after them the foreign keys without orphans, then the triggers."""
        copied = [name for name in notes(self.target, TABLE) if self._exists(name)]
        items = [item for name in copied for item in self._missing(name)]
        first = [item for item in items if item.kind not in ("foreign key", "trigger")]
        if not self._make_items(first):
            return False
        self._take_orphans_out(copied)
        return all(
            self._make_items([item for item in items if item.kind == kind]) for kind in ("foreign key", "trigger")
        )

    def _missing(self, table: str) -> list[Item]:
        there = {(item.kind, item.name) for item in structure.describe(self.target, self.dialect, table).after}
        self.target.rollback()
        wanted = structure.describe(self.source, self.dialect, table).after
        return [item for item in wanted if item.kind == "sequence" or (item.kind, item.name) not in there]

    def _make_items(self, items: Sequence[Item]) -> bool:
        for item in items:
            sql = objects.undefined(item.sql) if self.dialect.is_mysql and item.kind == "trigger" else item.sql
            reason = self._refused(sql)
            if reason is None:
                try:
                    structure.make_under(self.target, sql, item.mode)
                    self.target.commit()
                except exc.DBAPIError as error:
                    self.target.rollback()
                    reason = objects.why(error)
            if reason is not None:
                put_note(self.target, LEFT_OUT, f"{item.kind} {item.name}", reason)
                self.target.commit()
            if self.budget.spent:
                return False
        return True

    def _take_orphans_out(self, copied: Sequence[str]) -> None:
        """Rows beyond a limit may be the parents of rows within it; taking children out can make new orphans."""
        found = [(table, key) for table in copied for key in sa.inspect(self.source).get_foreign_keys(table)]
        known = [(table, key) for table, key in found if key["referred_table"] in copied and not key["referred_schema"]]
        while any(self._take_out(table, key) for table, key in known):
            pass

    def _take_out(self, table: str, key: Any) -> bool:
        """Remove the rows of a table without their parent and note how many; tell whether there were some."""
        child = sa.table(table, *(sa.column(name) for name in key["constrained_columns"]))
        parent = sa.table(key["referred_table"], *(sa.column(name) for name in key["referred_columns"]))
        parents = sa.select(*parent.columns).subquery("parents")  # MySQL deletes beside a derived table only
        pairs = list(zip(key["constrained_columns"], key["referred_columns"], strict=True))
        found = sa.select(sa.literal(1)).select_from(parents).where(*(parents.c[p] == child.c[c] for c, p in pairs))
        orphans = sa.delete(child).where(*(child.c[c].is_not(None) for c, _ in pairs), ~found.exists())
        what = f"rows of table {table}"
        before = int(notes(self.target, LEFT_OUT).get(what, "0").split()[0])
        count = self.target.execute(orphans).rowcount
        if count:
            why = f"{before + count} rows name others by a foreign key that were not copied"
            put_note(self.target, LEFT_OUT, what, why)
        self.target.commit()
        return bool(count)

    # --- the rest -----------------------------------------------------------------------------------------------------

    def _make(self, wanted: Sequence[objects.DatabaseObject], *, last: bool) -> None:
        """Make routines, views and the like that are not there yet; the last time, name those that cannot be made."""
        there = {one.label for one in objects.found(self.target, self.dialect)}
        self.target.rollback()
        todo = [one for one in wanted if one.label not in there]
        left = {one: reason for one in todo if (reason := self._refused(one.sql)) is not None}
        left |= objects.make(self.target, [one for one in todo if one not in left])
        for one, reason in left.items() if last else ():
            put_note(self.target, LEFT_OUT, one.label, reason)
        self.target.commit()

    def _refused(self, sql: str | None) -> str | None:
        """Return why a statement must not run in the scratch database."""
        if objects.names_database(sql, self.dialect, self.site_database):
            return f"it names the database {self.site_database}, so that it would reach into the site from here"
        return None

    def _run(self, *statements: str) -> None:
        for statement in statements:
            execute_raw(self.target, statement)
        self.target.commit()
