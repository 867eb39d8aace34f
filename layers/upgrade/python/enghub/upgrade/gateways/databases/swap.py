"""Puts tables made beside the live ones into their place, all at once (UPG-15, UPG-16).

PostgreSQL and SQLite do it in one transaction, together with the record of it. MariaDB and MySQL rename all tables in
one atomic statement; what follows there (foreign keys of other tables, triggers, dropping) is repeatable step by step,
and the catalog tells after a crash whether the rename took place.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from enghub.core.i18n import Text
from enghub.kit.databases import structure
from enghub.kit.databases.failures import refused_as
from enghub.kit.databases.session import WriteSession, execute_raw
from enghub.kit.databases.structure import Dependent, Item, quote, quote_one
from enghub.kit.sql.dialect import Dialect

REFUSED = Text(
    "The new {tables} cannot take its place: {error}. The data beside it is complete; correct the cause and resume",
    "新表 {tables} 无法替换原表：{error}。旁路数据已完整，请排除原因后继续",
)


@dataclass(frozen=True, slots=True)
class Pair:
    """`scratch` becomes `live`; what was live becomes `old`, and is dropped unless it is kept."""

    live: str
    scratch: str
    old: str
    after: tuple[Item, ...] = ()
    """What follows once the table bears its name."""

    def to_json(self) -> dict[str, Any]:
        """Return the stored form."""
        return {
            "live": self.live,
            "scratch": self.scratch,
            "old": self.old,
            "after": [item.to_json() for item in self.after],
        }

    @classmethod
    def of_json(cls, data: dict[str, Any]) -> "Pair":
        """Read the stored form."""
        return cls(data["live"], data["scratch"], data["old"], tuple(Item(*item) for item in data["after"]))


@dataclass(frozen=True, slots=True)
class Swap:
    """One exchange. `record` stores what comes next for the caller, in the transaction it is given."""

    session: WriteSession
    pairs: Sequence[Pair]
    keep_old: bool
    point: Callable[[str], None] = lambda _: None

    def plan(self, connection: sa.Connection) -> list[dict[str, Any]]:
        """Return what is tied to the tables, to be stored before `run` (MariaDB cannot look it up afterwards)."""
        names = [pair.live for pair in self.pairs]
        found: list[Dependent] = []
        for name in names:
            if structure.exists(connection, name):
                found += structure.dependents(connection, self.session.dialect, name, names)
        return [{"kind": d.kind, "name": d.name, "drop": d.drop, "create": d.create} for d in found]

    def run(self, planned: Sequence[dict[str, Any]], record: Callable[[sa.Connection], None]) -> None:
        """Exchange the tables; repeatable until `record` has run.

        Raises:
            WorkFailed: something tied to a table does not fit the new one.
        """
        ties = [Dependent(**tie) for tie in planned]
        with refused_as(REFUSED, tables=", ".join(pair.live for pair in self.pairs)):
            if self.session.dialect.is_mysql:
                self._run_mysql(ties, record)
            else:
                self._run_at_once(ties, record)

    # --- one transaction ----------------------------------------------------------------------------------------------

    def _run_at_once(self, ties: Sequence[Dependent], record: Callable[[sa.Connection], None]) -> None:
        with self.session.transaction() as connection:
            if self.session.dialect is Dialect.SQLITE:
                connection.exec_driver_sql("PRAGMA legacy_alter_table = ON")
            foreign = [tie for tie in ties if tie.drop]
            items = sorted((item for pair in self.pairs for item in pair.after), key=_foreign_keys_last)
            _execute_all(connection, [tie.drop or "" for tie in foreign])
            for pair in self.pairs:
                self._exchange(connection, pair)
            self.point("exchanged")
            _execute_all(connection, [tie.create for tie in ties if not tie.drop])
            _execute_all(connection, self._drops(connection))
            _execute_all(connection, [*(item.sql for item in items), *(tie.create for tie in foreign)])
            record(connection)
            self.point("recorded")
        if self.session.dialect is Dialect.SQLITE:
            with self.session.transaction() as connection:
                connection.exec_driver_sql("PRAGMA legacy_alter_table = OFF")

    def _exchange(self, connection: sa.Connection, pair: Pair) -> None:
        if structure.exists(connection, pair.live):
            if self.session.dialect is Dialect.POSTGRESQL:
                connection.exec_driver_sql(f"LOCK TABLE {quote(connection, pair.live)} IN ACCESS EXCLUSIVE MODE")
                self._free_sequences(connection, pair.live)
            else:
                self._drop_triggers(connection, pair.live)
            self._rename(connection, pair.live, pair.old)
        self._rename(connection, pair.scratch, pair.live)

    def _drops(self, connection: sa.Connection) -> list[str]:
        """What was live goes; on PostgreSQL in one statement, because the tables may refer to each other."""
        if self.keep_old:
            return []
        names = [quote(connection, pair.old) for pair in self.pairs]
        together = [", ".join(names)] if self.session.dialect is Dialect.POSTGRESQL else names
        return [f"DROP TABLE IF EXISTS {name}" for name in together]

    def _rename(self, connection: sa.Connection, name: str, to: str) -> None:
        new = quote_one(connection, to.rpartition(".")[2])
        connection.exec_driver_sql(f"ALTER TABLE {quote(connection, name)} RENAME TO {new}")

    def _free_sequences(self, connection: sa.Connection, table: str) -> None:
        """A serial column's sequence outlives the table that owned it."""
        for item in structure.describe(connection, self.session.dialect, table).after:
            if item.kind == "sequence" and item.sql.startswith("ALTER SEQUENCE"):
                connection.exec_driver_sql(f"ALTER SEQUENCE {item.name} OWNED BY NONE")

    def _drop_triggers(self, connection: sa.Connection, table: str) -> None:
        for item in structure.describe(connection, self.session.dialect, table).after:
            if item.kind == "trigger":
                connection.exec_driver_sql(f"DROP TRIGGER {quote_one(connection, item.name)}")

    # --- MariaDB and MySQL --------------------------------------------------------------------------------------------

    def _run_mysql(self, ties: Sequence[Dependent], record: Callable[[sa.Connection], None]) -> None:
        with self.session.autocommit() as connection:
            self._rename_all(connection)
            self.point("exchanged")
            for tie in ties:
                execute_raw(connection, tie.drop or "")
                execute_raw(connection, tie.create)
                self.point("tied")
            if not self.keep_old:
                self._drop_old(connection)
                self.point("old dropped")
            for pair in self.pairs:
                for item in pair.after:
                    self._follow(connection, pair, item)
        with self.session.transaction() as connection:
            record(connection)
        self.point("recorded")

    def _rename_all(self, connection: sa.Connection) -> None:
        todo = []
        for pair in self.pairs:
            if not structure.exists(connection, pair.scratch):
                continue  # the rename took place before
            if structure.exists(connection, pair.live):
                todo.append(f"{quote(connection, pair.live)} TO {quote(connection, pair.old)}")
            todo.append(f"{quote(connection, pair.scratch)} TO {quote(connection, pair.live)}")
        if todo:
            connection.exec_driver_sql(f"RENAME TABLE {', '.join(todo)}")

    def _drop_old(self, connection: sa.Connection) -> None:
        """All at once and without looking at the keys among them: the other tables' keys are tied anew already."""
        connection.exec_driver_sql("SET SESSION foreign_key_checks = 0")
        names = ", ".join(quote(connection, pair.old) for pair in self.pairs)
        connection.exec_driver_sql(f"DROP TABLE IF EXISTS {names}")
        connection.exec_driver_sql("SET SESSION foreign_key_checks = 1")

    def _follow(self, connection: sa.Connection, pair: Pair, item: Item) -> None:
        if item.kind == "trigger":
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {quote(connection, item.name)}")
        elif item.kind == "foreign key":
            name = quote_one(connection, item.name)
            connection.exec_driver_sql(f"ALTER TABLE {quote(connection, pair.live)} DROP FOREIGN KEY IF EXISTS {name}")
        structure.make_under(connection, item.sql, item.mode)
        self.point("followed")


def _execute_all(connection: sa.Connection, statements: Sequence[str]) -> None:
    for statement in statements:
        execute_raw(connection, statement)


def _foreign_keys_last(item: Item) -> int:
    return 1 if item.kind == "foreign key" else 0
