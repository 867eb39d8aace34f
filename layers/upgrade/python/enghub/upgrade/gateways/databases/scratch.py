"""A scratch database: emptied for one rehearsal, filled from the site's, compared with itself later (UPG-09).

How far the copy is stands in the scratch database itself (`enghub_rehearsal`): whoever goes on, sees it. The site's
database is only read.
"""

import hashlib
import json
import os
import re
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.dialects import mysql

from enghub.core.clock import system_clock
from enghub.core.i18n import Text
from enghub.kit.databases import lines, objects, structure
from enghub.kit.databases.locks import lock
from enghub.kit.databases.session import Address, connected, engine_of
from enghub.kit.databases.storage import IN_PLACE
from enghub.kit.sql.dialect import Dialect
from enghub.kit.work.errors import WorkFailed
from enghub.kit.work.slices import Budget
from enghub.upgrade.gateways.databases import journal
from enghub.upgrade.gateways.databases.kinds import databases_of
from enghub.upgrade.gateways.databases.scratch_rights import check_rights

MARK = "enghub_rehearsal"
"""Its presence says: everything here was made by a rehearsal and may be dropped."""
NOTES = sa.Table(
    MARK,
    sa.MetaData(),
    sa.Column("kind", sa.String(20), primary_key=True),
    sa.Column("name", sa.String(190), primary_key=True),
    sa.Column("text", sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb"), nullable=False),
    mysql_charset="utf8mb4",
    mysql_collate="utf8mb4_bin",
    mariadb_charset="utf8mb4",
    mariadb_collate="utf8mb4_bin",
)
OWNER, TABLE, LEFT_OUT, SHAPE = "owner", "table", "left out", "shape"
HELD = timedelta(minutes=20)
"""From a slice to the next one of the same rehearsal; longer than any function runs."""
SAME_DATABASE = Text("The scratch database is the site's own: name another one", "演练库与局点数据库相同，请另行指定")
OTHER_DIALECT = Text(
    "The scratch database is {found}, the site's is {wanted}: they must be of one kind",
    "演练库为 {found}，局点数据库为 {wanted}，两者类型必须一致",
)
NOT_REHEARSED = Text(
    "A {dialect} database cannot be copied into a scratch database: rehearse on a site with another kind",
    "{dialect} 数据库无法复制到演练库，请使用其他类型的局点演练",
)
NOT_EMPTY = Text(
    "The scratch database holds {table}, which no rehearsal made: name an empty one",
    "演练库中存在非演练产生的表 {table}，请指定空库",
)
IN_USE = Text(
    "The scratch database is used by rehearsal {owner}: wait for its end, at most until {until}",
    "演练库正被演练 {owner} 使用，请等待其结束（最迟 {until}）",
)
NOT_EMPTIED = Text(
    "The scratch database cannot be emptied ({why}): give its user every right there",
    "无法清空演练库（{why}）：请授予其用户在该库的全部权限",
)
TAKEN = Text(
    "Another rehearsal took the scratch database over: start this one again", "演练库已被其他演练占用，请重新发起"
)
NAMES_SITE = Text(
    "A script names the database {database}, so that a rehearsal would change the site: take the name out of it",
    "脚本中写有数据库名 {database}，演练会改动局点：请从脚本中去掉该库名",
)
MAKES_STATEMENTS = Text(
    "A script makes statements while it runs (PREPARE, EXECUTE): nobody can say before which database they reach. "
    "Rehearse the version without it",
    "脚本在运行时生成语句（PREPARE、EXECUTE），无法预先判断其访问的数据库，请去掉后再演练",
)
_PORTS = {Dialect.MARIADB: 3306, Dialect.MYSQL: 3306, Dialect.POSTGRESQL: 5432}
_ROUTINES = "SELECT routine_type, routine_name FROM information_schema.routines WHERE routine_schema = DATABASE()"
_COUNTER = re.compile(r" AUTO_INCREMENT=\d+")


def check(site: Address, scratch: Address) -> None:
    """Refuse what cannot be a scratch database of a site; nothing is connected to, host names are resolved.

    Raises:
        WorkFailed: it is the site's own, or of another kind.
    """
    if not site.dialect.has_transactions:
        raise WorkFailed(NOT_REHEARSED, dialect=site.dialect.value)
    if scratch.dialect is not site.dialect:
        raise WorkFailed(OTHER_DIALECT, found=scratch.dialect.value, wanted=site.dialect.value)
    if _place(scratch) == _place(site) and _hosts(scratch) & _hosts(site):
        raise WorkFailed(SAME_DATABASE)


def _place(address: Address) -> tuple[int, str]:
    name = address.url.database or ""
    if address.dialect is Dialect.SQLITE:
        return 0, os.path.realpath(name)
    port = address.url.port or int(str(address.url.query.get("port", _PORTS[address.dialect])))
    return port, name.casefold() if address.dialect.is_mysql else name


def _hosts(address: Address) -> frozenset[str]:
    """Return a host's addresses; the loopback is one host by whatever name."""
    if address.dialect is Dialect.SQLITE:
        return frozenset({"file"})
    host = (address.url.host or str(address.url.query.get("host", "localhost"))).casefold()
    try:
        found = {str(entry[4][0]) for entry in socket.getaddrinfo(host, None)}
    except OSError:
        return frozenset({host})
    return frozenset({"loopback" if name == "::1" or name.startswith("127.") else name for name in found})


@dataclass(frozen=True, slots=True)
class NotCopied:
    """Something of the site that the scratch database lacks, wholly or in part."""

    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Scratch:
    """The scratch database in the hands of one rehearsal."""

    site: Address
    address: Address
    owner: str
    """Id of the rehearsal."""

    def claim(self) -> None:
        """Empty it and take it; safe to repeat.

        Raises:
            WorkFailed: it is the site's own, of another kind, in use, or holds what no rehearsal made.
            DatabaseBusy: a worker of an earlier rehearsal is still at it.
        """
        check(self.site, self.address)
        with databases_of(self.site, 0).reader(60) as source:
            if MARK in sa.inspect(source.connection).get_table_names():
                raise WorkFailed(SAME_DATABASE)  # by whatever name its server is reached
        with self._connected(60) as connection:
            check_rights(connection, self.address)
            found = sa.inspect(connection).get_table_names()
            if found and MARK not in found:
                raise WorkFailed(NOT_EMPTY, table=min(found))
            connection.rollback()
            if found:
                self._refuse_another(connection)
            try:
                _clear(connection, self.address.dialect)
                NOTES.create(connection)
            except exc.DBAPIError as error:
                raise WorkFailed(NOT_EMPTIED, why=objects.why(error)) from error
            self._take(connection)
            connection.commit()

    @contextmanager
    def hold(self, budget: Budget) -> Iterator[sa.Connection]:
        """Connect as the one who owns it, and own it for some time longer.

        Raises:
            WorkFailed: another rehearsal has taken it.
            DatabaseBusy: another worker is at it.
        """
        with self._connected(max(5, int(budget.seconds_to_hard))) as connection:
            owner = _owner(connection)
            if owner is None or owner["rehearsal"] != self.owner:
                raise WorkFailed(TAKEN)
            self._take(connection)
            connection.commit()
            yield connection

    def check_script(self, sql: str) -> str:
        """Return a script that cannot reach the site from the scratch database.

        Raises:
            WorkFailed: it names the site's database.
        """
        database = str(self.site.url.database)
        if objects.names_database(sql, self.site.dialect, database):
            raise WorkFailed(NAMES_SITE, database=database)
        if objects.makes_statements(sql, self.site.dialect):
            raise WorkFailed(MAKES_STATEMENTS)
        return sql

    def measure(self, kind: str, budget: Budget) -> bool:
        """Note the state of every table under `kind`; tell whether that is finished."""
        with self.hold(budget) as connection:
            known = notes(connection, kind)
            for name, state in _states(connection, self.address.dialect, known):
                put_note(connection, kind, name, state)
                connection.commit()
                if budget.spent:
                    return False
        return True

    def keep_shape(self, name: str, budget: Budget) -> None:
        """Note the structure of everything, without rows, under a name."""
        with self.hold(budget) as connection:
            put_note(connection, SHAPE, name, json.dumps(_shapes(connection, self.address.dialect)))
            connection.commit()

    def shapes(self, budget: Budget) -> dict[str, dict[str, str]]:
        """Return the structures that were kept, by name: a digest by table or view."""
        with self.hold(budget) as connection:
            return {name: json.loads(text) for name, text in notes(connection, SHAPE).items()}

    def differences(self, before: str, after: str, budget: Budget) -> tuple[str, ...]:
        """Return what is not the same in two measurements: `table items: rows`."""
        with self.hold(budget) as connection:
            old, new = notes(connection, before), notes(connection, after)
        return tuple(
            f"{name}: {', '.join(_difference(old.get(name), new.get(name)))}"
            for name in sorted(old.keys() | new.keys())
            if old.get(name) != new.get(name)
        )

    def report(self, budget: Budget) -> tuple[int, tuple[NotCopied, ...]]:
        """Return how many rows were copied, and what was not."""
        with self.hold(budget) as connection:
            rows = sum(json.loads(text)["rows"] for text in notes(connection, TABLE).values())
            left = notes(connection, LEFT_OUT)
        return rows, tuple(NotCopied(what, why) for what, why in sorted(left.items()))

    @contextmanager
    def _connected(self, seconds: int) -> Iterator[sa.Connection]:
        engine = engine_of(self.address, seconds, read_only=False)
        with connected(engine, lambda: None) as connection:
            lock(connection, self.address.dialect, wait_seconds=5)
            lines.prepare(connection, self.address.dialect)
            if self.address.dialect is Dialect.POSTGRESQL:
                connection.exec_driver_sql("SET check_function_bodies = off")
            connection.commit()
            yield connection

    def _take(self, connection: sa.Connection) -> None:
        until = (system_clock() + HELD).isoformat(timespec="seconds")
        put_note(connection, OWNER, "", json.dumps({"rehearsal": self.owner, "until": until}))

    def _refuse_another(self, connection: sa.Connection) -> None:
        owner = _owner(connection)
        connection.rollback()
        if owner is None or owner["rehearsal"] == self.owner:
            return
        if datetime.fromisoformat(owner["until"]) > system_clock():
            raise WorkFailed(IN_USE, owner=owner["rehearsal"], until=owner["until"])

    def release(self, budget: Budget) -> None:
        """Let the next rehearsal have it; what is in it stays, to be looked at."""
        with self.hold(budget) as connection:
            put_note(connection, OWNER, "", json.dumps({"rehearsal": self.owner, "until": system_clock().isoformat()}))
            connection.commit()


def put_note(connection: sa.Connection, kind: str, name: str, text: str) -> None:
    """Write a note; part of the caller's transaction."""
    IN_PLACE.put(connection, NOTES, {"kind": kind, "name": name[:190]}, {"text": text}, {})


def notes(connection: sa.Connection, kind: str) -> dict[str, str]:
    """Return the notes of a kind."""
    rows = connection.execute(sa.select(NOTES.c.name, NOTES.c.text).where(NOTES.c.kind == kind)).all()
    connection.rollback()
    return {str(name): str(text) for name, text in rows}


def _owner(connection: sa.Connection) -> dict[str, str] | None:
    found = notes(connection, OWNER).get("")
    return None if found is None else dict(json.loads(found))


def tables(connection: sa.Connection) -> list[str]:
    """Return the business tables; what upgrades keep for themselves is left out."""
    found = sa.inspect(connection).get_table_names()
    return sorted(name for name in found if name not in journal.OWN_TABLES and not name.startswith("enghub_"))


def _states(connection: sa.Connection, dialect: Dialect, known: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield what is here and not yet known, with its state."""
    for table in tables(connection):
        if f"table {table}" not in known:
            yield f"table {table}", _state(connection, dialect, table)
    for one in objects.found(connection, dialect):
        if one.sql is not None and one.kind != "sequence" and one.label not in known:
            yield one.label, json.dumps({"definition": _digest(one.sql)})


def _state(connection: sa.Connection, dialect: Dialect, table: str) -> str:
    made = structure.describe(connection, dialect, table)
    total = lines.RowSum()
    for line in lines.read(connection, dialect, made, table):
        total.add(line)
    return json.dumps({"rows": [total.rows, total.digest], "structure": _shape(made)})


def _shape(made: structure.Structure) -> str:
    """Return a digest of a structure without what rows have moved: counters and sequences."""
    shape = made.to_json()
    shape["create"] = _COUNTER.sub("", shape["create"])
    shape["after"] = [item for item in shape["after"] if not item[2].startswith("SELECT setval(")]
    return _digest(repr(shape))


def _shapes(connection: sa.Connection, dialect: Dialect) -> dict[str, str]:
    found = {f"table {name}": _shape(structure.describe(connection, dialect, name)) for name in tables(connection)}
    others = [one for one in objects.found(connection, dialect) if one.sql is not None and one.kind != "sequence"]
    return found | {one.label: _digest(str(one.sql)) for one in others}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _difference(before: str | None, after: str | None) -> Iterator[str]:
    if before is None or after is None:
        yield "it was not there before" if before is None else "it is gone"
        return
    old: dict[str, Any] = json.loads(before)
    new: dict[str, Any] = json.loads(after)
    yield from (part for part in old if old[part] != new.get(part))


def _clear(connection: sa.Connection, dialect: Dialect) -> None:
    """Drop what an earlier rehearsal left; the mark goes last, so that a stop in between can be repeated."""
    if dialect is Dialect.POSTGRESQL:
        schema = structure.quote(connection, str(connection.exec_driver_sql("SELECT current_schema()").scalar()))
        connection.exec_driver_sql(f"DROP SCHEMA {schema} CASCADE")
        connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
        return
    if dialect.is_mysql:
        connection.exec_driver_sql("SET SESSION foreign_key_checks = 0")
    inspector = sa.inspect(connection)
    named = [("VIEW", name) for name in inspector.get_view_names()]
    made = sorted(inspector.get_table_names(), key=lambda name: name == MARK)
    if dialect.is_mysql:
        named += [(str(kind), str(name)) for kind, name in connection.exec_driver_sql(_ROUTINES)]
    for kind, name in [*named, *(("TABLE", name) for name in made)]:
        connection.exec_driver_sql(f"DROP {kind} IF EXISTS {structure.quote(connection, name)}")
    connection.commit()
    if dialect.is_mysql:
        connection.exec_driver_sql("SET SESSION foreign_key_checks = 1")
        connection.commit()
