"""Copies a site's tables into a scratch database, and tells whether two states of it are the same (UPG-09)."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import islice

import sqlalchemy as sa

from enghub.core.i18n import Text
from enghub.upgrade.gateways.databases import journal, lines, structure
from enghub.upgrade.gateways.databases.session import Address, SiteDatabases
from enghub.upgrade.sql.dialect import Dialect
from enghub.upgrade.steps.base import StepFailed

MARK = "enghub_rehearsal"
"""A table that says: everything here was made by a rehearsal and may be dropped."""
ROWS = 2_000
READ_SECONDS = 3_600
SAME_DATABASE = Text("The scratch database is the site's own: name another one", "演练库与局点数据库相同，请另行指定")
OTHER_DIALECT = Text(
    "The scratch database is {found}, the site's is {wanted}: they must be of one kind",
    "演练库为 {found}，局点数据库为 {wanted}，两者类型必须一致",
)
NOT_EMPTY = Text(
    "The scratch database holds {table}, which no rehearsal made: name an empty one",
    "演练库中存在非演练产生的表 {table}，请指定空库",
)
_ROUTINES = "SELECT routine_type, routine_name FROM information_schema.routines WHERE routine_schema = DATABASE()"
_COUNTER = re.compile(r" AUTO_INCREMENT=\d+")


@contextmanager
def _connected(address: Address) -> Iterator[sa.Connection]:
    engine = sa.create_engine(address.url, poolclass=sa.NullPool)
    try:
        with engine.connect() as connection:
            lines.prepare(connection, address.dialect)
            connection.commit()
            yield connection
    finally:
        engine.dispose()


def claim(site: Address, scratch: Address) -> None:
    """Empty the scratch database for a rehearsal.

    Raises:
        StepFailed: it is the site's own, of another kind, or holds what no rehearsal made.
    """
    if scratch.dialect is not site.dialect:
        raise StepFailed(OTHER_DIALECT, found=scratch.dialect.value, wanted=site.dialect.value)
    if _place(scratch.url) == _place(site.url):
        raise StepFailed(SAME_DATABASE)
    with _connected(scratch) as connection:
        found = sa.inspect(connection).get_table_names()
        if found and MARK not in found:
            raise StepFailed(NOT_EMPTY, table=min(found))
        connection.rollback()
        _clear(connection, scratch.dialect)
        connection.exec_driver_sql(f"CREATE TABLE {MARK} (id INTEGER PRIMARY KEY)")
        connection.commit()


def _place(url: sa.URL) -> tuple[str | None, int | None, str | None]:
    return url.host, url.port, url.database


def _clear(connection: sa.Connection, dialect: Dialect) -> None:
    """Drop what an earlier rehearsal left; the mark goes last, so that a stop in between can be repeated."""
    if dialect is Dialect.POSTGRESQL:
        schema = structure.quote(connection, str(connection.exec_driver_sql("SELECT current_schema()").scalar()))
        connection.exec_driver_sql(f"DROP SCHEMA {schema} CASCADE")
        connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
        connection.commit()
        return
    if dialect.is_mysql:
        connection.exec_driver_sql("SET SESSION foreign_key_checks = 0")
    inspector = sa.inspect(connection)
    named = [("VIEW", name) for name in inspector.get_view_names()]
    tables = sorted(inspector.get_table_names(), key=lambda name: name == MARK)
    if dialect.is_mysql:
        named += [(str(kind), str(name)) for kind, name in connection.exec_driver_sql(_ROUTINES)]
    for kind, name in [*named, *(("TABLE", name) for name in tables)]:
        connection.exec_driver_sql(f"DROP {kind} IF EXISTS {structure.quote(connection, name)}")
    connection.commit()
    if dialect.is_mysql:
        connection.exec_driver_sql("SET SESSION foreign_key_checks = 1")
        connection.commit()


def copy(site: Address, scratch: Address) -> Mapping[str, int]:
    """Copy every business table with its rows, `ROWS` at a time; return the rows by table. The site is only read.

    Views, procedures and functions stay behind: steps that need them must make them.
    """
    copied: dict[str, int] = {}
    made: list[structure.Structure] = []
    with SiteDatabases(site, 0).reader(READ_SECONDS) as source, _connected(scratch) as target:
        for table in _tables(source.connection):
            found = structure.describe(source.connection, site.dialect, table)
            _run(target, *found.before, found.create_as(structure.quote(target, table)))
            copied[table] = 0
            rows = lines.read(source.connection, site.dialect, found, table)
            while part := tuple(islice(rows, ROWS)):
                with target.begin():
                    lines.load(target, site.dialect, found, table, part)
                copied[table] += len(part)
            made.append(found)
        items = [item for found in made for item in found.after]
        for item in sorted(items, key=lambda item: item.kind == "foreign key"):
            _run(target, item.sql)
    return copied


def _run(connection: sa.Connection, *statements: str) -> None:
    for statement in statements:
        connection.execution_options(no_parameters=True).exec_driver_sql(statement)
    connection.commit()


def _tables(connection: sa.Connection) -> list[str]:
    """The business tables; what upgrades keep for themselves is left out."""
    found = sa.inspect(connection).get_table_names()
    return sorted(name for name in found if name not in journal.OWN_TABLES and not name.startswith("enghub_"))


def state(address: Address) -> Mapping[str, str]:
    """Return structure and checksum of the rows of every business table."""
    found: dict[str, str] = {}
    with _connected(address) as connection:
        for table in _tables(connection):
            made = structure.describe(connection, address.dialect, table)
            total = lines.RowSum()
            for line in lines.read(connection, address.dialect, made, table):
                total.add(line)
            shape = _COUNTER.sub("", repr(made.to_json()))
            found[table] = f"{total.rows} rows, {total.digest}, {shape}"
    return found
