"""What a database holds besides tables: views, routines, sequences, types. DatabaseObject again, or named (UPG-09)."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import exc

from enghub.kit.databases.session import execute_raw
from enghub.kit.databases.structure import make_under, quote_one
from enghub.kit.sql.dialect import Dialect
from enghub.kit.sql.splitter import split
from enghub.kit.sql.tokens import Kind, executed, tokens

_MYSQL_DEFINER = re.compile(r"^CREATE\b.*?\b(VIEW|PROCEDURE|FUNCTION|TRIGGER)\b", re.IGNORECASE | re.DOTALL)
_MYSQL_ROUTINES = (
    "SELECT ROUTINE_TYPE, ROUTINE_NAME FROM information_schema.ROUTINES "
    "WHERE ROUTINE_SCHEMA = DATABASE() AND ROUTINE_TYPE IN ('PROCEDURE', 'FUNCTION') ORDER BY 1, 2"
)
_MYSQL_OTHERS = (
    "SELECT 'event', EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE() UNION ALL "
    "SELECT LOWER(TABLE_TYPE), TABLE_NAME FROM information_schema.TABLES "
    "WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE NOT IN ('BASE TABLE', 'VIEW', 'SYSTEM VERSIONED')"
)
_PG_MADE = """
    SELECT 'type', t.typname, format('CREATE TYPE %I AS ENUM (%s)', t.typname,
           (SELECT string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder)
            FROM pg_enum e WHERE e.enumtypid = t.oid))
    FROM pg_type t WHERE t.typnamespace = current_schema()::regnamespace AND t.typtype = 'e'
      AND t.oid NOT IN (SELECT objid FROM pg_depend WHERE deptype = 'e')
    UNION ALL
    SELECT 'sequence', sequencename, format(
           'CREATE SEQUENCE %I AS %s INCREMENT %s MINVALUE %s MAXVALUE %s START %s',
           sequencename, data_type, increment_by, min_value, max_value, COALESCE(last_value, start_value))
    FROM pg_sequences WHERE schemaname = current_schema() AND NOT EXISTS (
        SELECT 1 FROM pg_depend d WHERE d.objid = format('%I.%I', schemaname, sequencename)::regclass
        AND d.deptype IN ('a', 'i'))
    UNION ALL
    SELECT CASE p.prokind WHEN 'p' THEN 'procedure' ELSE 'function' END,
           p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')', pg_get_functiondef(p.oid)
    FROM pg_proc p WHERE p.pronamespace = current_schema()::regnamespace AND p.prokind IN ('f', 'p')
      AND p.oid NOT IN (SELECT objid FROM pg_depend WHERE deptype = 'e')
    UNION ALL
    SELECT 'view', c.relname, format('CREATE VIEW %I AS %s', c.relname, pg_get_viewdef(c.oid))
    FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'v'
      AND c.oid NOT IN (SELECT objid FROM pg_depend WHERE deptype = 'e')
    ORDER BY 1, 2"""
_PG_OTHERS = """
    SELECT CASE c.relkind WHEN 'm' THEN 'materialised view' ELSE 'foreign table' END, c.relname
    FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('m', 'f')
    UNION ALL
    SELECT CASE t.typtype WHEN 'd' THEN 'domain' WHEN 'r' THEN 'range type' ELSE 'type' END, t.typname
    FROM pg_type t WHERE t.typnamespace = current_schema()::regnamespace AND (t.typtype IN ('d', 'r')
      OR t.typtype = 'c' AND EXISTS (SELECT 1 FROM pg_class k WHERE k.oid = t.typrelid AND k.relkind = 'c'))
      AND t.oid NOT IN (SELECT objid FROM pg_depend WHERE deptype = 'e')
    UNION ALL
    SELECT 'schema', n.nspname FROM pg_namespace n
    WHERE n.oid <> current_schema()::regnamespace AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
      AND EXISTS (SELECT 1 FROM pg_class c WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'p', 'v', 'm'))
      AND n.oid NOT IN (SELECT objid FROM pg_depend WHERE deptype = 'e')
    UNION ALL
    SELECT 'aggregate', p.proname FROM pg_proc p
    WHERE p.pronamespace = current_schema()::regnamespace AND p.prokind IN ('a', 'w')
      AND p.oid NOT IN (SELECT objid FROM pg_depend WHERE deptype = 'e')
    ORDER BY 1, 2"""


@dataclass(frozen=True, slots=True)
class DatabaseObject:
    """Something that one statement makes; without `sql` it cannot be made from here."""

    kind: str
    name: str
    sql: str | None = None
    mode: str | None = None
    """MySQL: the sql_mode that a routine keeps for good."""

    @property
    def label(self) -> str:
        """What a person calls it: `view open_orders`."""
        return f"{self.kind} {self.name}"


def found(connection: sa.Connection, dialect: Dialect) -> tuple[DatabaseObject, ...]:
    """Return everything but tables, their indexes and triggers."""
    if dialect is Dialect.SQLITE:
        views = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'view' ORDER BY name")
        return tuple(DatabaseObject("view", str(name), str(sql)) for name, sql in views)
    if dialect is Dialect.POSTGRESQL:
        made = execute_raw(connection, _PG_MADE).all()
        others = execute_raw(connection, _PG_OTHERS).all()
        return tuple(DatabaseObject(*map(str, row)) for row in (*made, *others))
    return tuple(_mysql(connection))


def _mysql(connection: sa.Connection) -> Iterator[DatabaseObject]:
    for view in sa.inspect(connection).get_view_names():
        shown = connection.exec_driver_sql(f"SHOW CREATE VIEW {quote_one(connection, view)}").mappings().one()
        yield DatabaseObject("view", view, undefined(str(shown["Create View"])))
    for kind, name in connection.exec_driver_sql(_MYSQL_ROUTINES).all():
        shown = connection.exec_driver_sql(f"SHOW CREATE {kind} {quote_one(connection, name)}").mappings().one()
        sql = shown[f"Create {str(kind).capitalize()}"]  # None without the right to see it
        made = None if sql is None else undefined(str(sql))
        yield DatabaseObject(str(kind).lower(), str(name), made, str(shown["sql_mode"]))
    for kind, name in connection.exec_driver_sql(_MYSQL_OTHERS).all():
        yield DatabaseObject(str(kind), str(name))


def undefined(sql: str) -> str:
    """Return a statement of MySQL's catalog without its definer, who may not exist where it is made again."""
    return _MYSQL_DEFINER.sub(lambda found: f"CREATE {found.group(1)}", sql, count=1)


def make(connection: sa.Connection, wanted: Iterable[DatabaseObject]) -> dict[DatabaseObject, str]:
    """Make what can be made, in whatever order they need one another; return the rest, each with its reason."""
    left: dict[DatabaseObject, str] = {one: "it cannot be made from here" for one in wanted if one.sql is None}
    todo = [one for one in wanted if one.sql is not None]
    while todo:
        refused: dict[DatabaseObject, str] = {}
        for one in todo:
            try:
                make_under(connection, str(one.sql), one.mode)
                connection.commit()
            except exc.DBAPIError as error:
                connection.rollback()
                refused[one] = why(error)
        if len(refused) == len(todo):
            return {**left, **refused}
        todo = list(refused)
    return left


def names_database(sql: str | None, dialect: Dialect, database: str) -> bool:
    """Tell whether a statement may reach into a database by its name, from whatever database it runs in."""
    return dialect.is_mysql and bool(sql) and _names(str(sql), dialect, database.casefold())


def _names(sql: str, dialect: Dialect, database: str) -> bool:
    """Go through the code; comments and line ends may stand between a name and its dot."""
    before, named = "", False
    for token in tokens(sql, dialect):
        inside = executed(token)
        if inside is not None and _names(inside, dialect, database):
            return True
        if token.kind in (Kind.SPACE, Kind.COMMENT) or inside is not None:
            continue
        if named and token.text.startswith("."):
            return True
        quoted = token.kind is Kind.NAME or (token.kind is Kind.STRING and token.text.startswith('"'))
        name = token.text[1:-1].replace("``", "`") if quoted else token.text
        named = before != "." and token.kind is not Kind.OTHER and name.casefold() == database
        if named and before.upper() in ("USE", "DATABASE", "SCHEMA"):
            return True
        before = token.text
    return False


def makes_statements(sql: str, dialect: Dialect) -> bool:
    """Tell whether a script of MySQL makes statements as it runs, whose names nobody can read before."""
    if not dialect.is_mysql:
        return False
    words = [word for one in split(sql, dialect) for word in one.words]
    return "PREPARE" in words or "EXECUTE" in words


def why(error: exc.DBAPIError) -> str:
    """Return what the database said, in one line."""
    return str(error.orig).strip().splitlines()[0][:300]
