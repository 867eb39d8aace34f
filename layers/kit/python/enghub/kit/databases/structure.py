"""How a table can be made again: its DDL, what hangs on it, and what refers to it (UPG-15, UPG-16).

A table is made under another name without what has names of its own (foreign keys, and on PostgreSQL and SQLite also
indexes and triggers); that follows, as `after`, once the table bears its name.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from enghub.core.i18n import Text
from enghub.kit.databases.session import execute_raw
from enghub.kit.sql.dialect import Dialect
from enghub.kit.work.errors import WorkFailed

UNSUPPORTED = Text("Table {table} cannot be made again from its structure: {why}", "表 {table} 无法按结构重建：{why}")

VIEW = Text("it is a view or a sequence", "它是视图或序列")
NOT_PLAIN = Text("it is not a plain table", "它不是普通表")
INHERITS = Text("it inherits or is inherited from", "它存在表继承关系")
SEEN_BY = Text("the materialised view {view} refers to it", "物化视图 {view} 引用了它")
_MARK = "\x00table\x00"
_MYSQL_BINARY = frozenset(
    {"binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob", "bit"}
    | {"geometry", "point", "linestring", "polygon", "geometrycollection"}
    | {"multipoint", "multilinestring", "multipolygon"}
)


@dataclass(frozen=True, slots=True)
class Item:
    """A statement about a table that bears its name; `kind` is index, constraint, foreign key, trigger or sequence."""

    kind: str
    name: str
    sql: str
    mode: str | None = None
    """MySQL: the sql_mode that a trigger keeps for good."""

    def to_json(self) -> list[str]:
        """Return the stored form."""
        return [self.kind, self.name, self.sql, *([] if self.mode is None else [self.mode])]


@dataclass(frozen=True, slots=True)
class Structure:
    """A table's structure; `columns` maps each stored (not generated) column to `text`, `binary` or `float`."""

    table: str
    create: str
    columns: dict[str, str]
    key: tuple[str, ...]
    before: tuple[str, ...] = ()
    """Statements that must run before `create`, each harmless when repeated."""
    after: tuple[Item, ...] = ()

    def create_as(self, quoted: str) -> str:
        """Return the CREATE TABLE statement for another name."""
        return self.create.replace(_MARK, quoted)

    def to_json(self) -> dict[str, Any]:
        """Return the stored form."""
        return {
            "table": self.table,
            "create": self.create,
            "columns": [list(pair) for pair in self.columns.items()],
            "key": list(self.key),
            "before": list(self.before),
            "after": [item.to_json() for item in self.after],
        }

    @classmethod
    def of_json(cls, data: dict[str, Any]) -> "Structure":
        """Read the stored form."""
        items = tuple(Item(*item) for item in data["after"])
        key, before = tuple(data["key"]), tuple(data["before"])
        return cls(data["table"], data["create"], dict(data["columns"]), key, before, items)


@dataclass(frozen=True, slots=True)
class Dependent:
    """Something elsewhere that refers to a table and has to be tied to the new one."""

    kind: str
    name: str
    drop: str | None
    create: str


def quote(connection: sa.Connection, name: str) -> str:
    """Return a name, with its schema if it has one, quoted for the database."""
    preparer = connection.dialect.identifier_preparer
    return ".".join(preparer.quote_identifier(part) for part in name.split("."))


def make_under(connection: sa.Connection, sql: str, mode: str | None) -> None:
    """Run what makes a routine or a trigger under the sql_mode that it is to keep; None: under the session's."""
    if mode is None:
        execute_raw(connection, sql)
        return
    own = str(connection.exec_driver_sql("SELECT @@SESSION.sql_mode").scalar() or "")
    connection.exec_driver_sql("SET SESSION sql_mode = %s", (mode,))
    try:
        execute_raw(connection, sql)
    finally:
        connection.exec_driver_sql("SET SESSION sql_mode = %s", (own,))


def exists(connection: sa.Connection, name: str) -> bool:
    """Tell whether there is a table of that name."""
    schema, _, plain = name.rpartition(".")
    return sa.inspect(connection).has_table(plain, schema=schema or None)


def describe(connection: sa.Connection, dialect: Dialect, table: str) -> Structure:
    """Return a table's structure.

    Raises:
        WorkFailed: it is no plain table.
    """
    if dialect.is_mysql:
        return _describe_mysql(connection, table)
    if dialect is Dialect.POSTGRESQL:
        return _describe_postgresql(connection, table)
    return _describe_sqlite(connection, table)


# --- MariaDB and MySQL ------------------------------------------------------------------------------------------------


def _describe_mysql(connection: sa.Connection, table: str) -> Structure:
    quoted = quote(connection, table)
    shown = connection.exec_driver_sql(f"SHOW CREATE TABLE {quoted}").mappings().one()
    if "Create Table" not in shown:
        raise WorkFailed(UNSUPPORTED, table=table, why=VIEW)
    lines = str(shown["Create Table"]).split("\n")
    head = re.sub(r"^(CREATE (?:TEMPORARY )?TABLE )`(?:[^`]|``)+`", rf"\1{_MARK}", lines[0])
    foreign = [line.strip().rstrip(",") for line in lines if _FOREIGN_KEY.match(line)]
    kept = [head, *(line for line in lines[1:] if not _FOREIGN_KEY.match(line))]
    end = max(index for index, line in enumerate(kept) if line.startswith(")"))
    kept[end - 1] = kept[end - 1].rstrip(",")
    after = [
        Item("foreign key", _name_in(line), f"ALTER TABLE {quoted} ADD {line}") for line in foreign
    ] + _triggers_mysql(connection, table)
    schema, _, plain = table.rpartition(".")
    rows = connection.execute(
        sa.text(
            "SELECT COLUMN_NAME, DATA_TYPE, EXTRA, COLUMN_KEY FROM information_schema.COLUMNS "
            "WHERE TABLE_SCHEMA = COALESCE(:schema, DATABASE()) AND TABLE_NAME = :name ORDER BY ORDINAL_POSITION"
        ),
        {"schema": schema or None, "name": plain},
    ).all()
    columns = {row[0]: _mysql_kind(row[1].lower()) for row in rows if "GENERATED" not in row[2].upper()}
    return Structure(table, "\n".join(kept), columns, _key(connection, table), (), tuple(after))


_FOREIGN_KEY = re.compile(r"\s+CONSTRAINT `(?:[^`]|``)+` FOREIGN KEY ")


def _name_in(line: str) -> str:
    found = re.match(r"CONSTRAINT `((?:[^`]|``)+)`", line)
    return found.group(1).replace("``", "`") if found else ""


def _mysql_kind(data_type: str) -> str:
    if data_type in _MYSQL_BINARY:
        return "binary"
    return "float" if data_type == "float" else "text"


def _triggers_mysql(connection: sa.Connection, table: str) -> list[Item]:
    schema, _, plain = table.rpartition(".")
    names = connection.execute(
        sa.text(
            "SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE EVENT_OBJECT_SCHEMA = COALESCE(:schema, "
            "DATABASE()) AND EVENT_OBJECT_TABLE = :name ORDER BY ACTION_TIMING, EVENT_MANIPULATION, ACTION_ORDER"
        ),
        {"schema": schema or None, "name": plain},
    ).scalars()
    prefix = f"{schema}." if schema else ""
    items = []
    for name in names.all():
        shown = connection.exec_driver_sql(f"SHOW CREATE TRIGGER {quote(connection, prefix + name)}").mappings().one()
        items.append(Item("trigger", prefix + name, str(shown["SQL Original Statement"]), str(shown["sql_mode"])))
    return items


# --- PostgreSQL -------------------------------------------------------------------------------------------------------

_PG_COLUMNS = """
    SELECT a.attname, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull, a.attidentity, a.attgenerated,
           pg_get_expr(d.adbin, d.adrelid) AS expression,
           CASE WHEN a.attcollation <> t.typcollation THEN quote_ident(cn.nspname) || '.' || quote_ident(c.collname) END
           AS collation
    FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    LEFT JOIN pg_collation c ON c.oid = a.attcollation LEFT JOIN pg_namespace cn ON cn.oid = c.collnamespace
    WHERE a.attrelid = :oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum"""
_PG_CONSTRAINTS = """
    SELECT contype, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE conrelid = :oid AND contype IN ('p', 'u', 'c', 'x', 'f')
    ORDER BY position(contype IN 'pucxf'), conname"""
_PG_INDEXES = """
    SELECT c.relname, pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    WHERE i.indrelid = :oid
      AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.conrelid = :oid)
    ORDER BY c.relname"""
_PG_TRIGGERS = (
    "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = :oid AND NOT tgisinternal ORDER BY 1"
)
_PG_SEQUENCES = """
    SELECT quote_ident(n.nspname) || '.' || quote_ident(s.relname) AS name, a.attname, d.deptype,
           format_type(q.seqtypid, NULL) AS type, q.seqincrement, q.seqmin, q.seqmax, q.seqstart, q.seqcache, q.seqcycle
    FROM pg_depend d JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
    JOIN pg_namespace n ON n.oid = s.relnamespace
    JOIN pg_sequence q ON q.seqrelid = s.oid
    JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
    WHERE d.refobjid = :oid AND d.deptype IN ('a', 'i') AND d.classid = 'pg_class'::regclass"""


def _pg_oid(connection: sa.Connection, table: str) -> int:
    quoted = quote(connection, table)
    row = connection.execute(
        sa.text("SELECT c.oid, c.relkind, c.relispartition FROM pg_class c WHERE c.oid = CAST(:name AS regclass)"),
        {"name": quoted},
    ).one()
    if row.relkind not in ("r", b"r") or row.relispartition:
        raise WorkFailed(UNSUPPORTED, table=table, why=NOT_PLAIN)
    inherits = sa.text("SELECT count(*) FROM pg_inherits WHERE inhparent = :oid OR inhrelid = :oid")
    if connection.execute(inherits, {"oid": row.oid}).scalar_one():
        raise WorkFailed(UNSUPPORTED, table=table, why=INHERITS)
    return int(row.oid)


def _describe_postgresql(connection: sa.Connection, table: str) -> Structure:
    oid, quoted = {"oid": _pg_oid(connection, table)}, quote(connection, table)
    columns = connection.execute(sa.text(_PG_COLUMNS), oid).all()
    create = f"CREATE TABLE {_MARK} ({', '.join(_pg_column(connection, column) for column in columns)})"
    before, after = _pg_sequences(connection, oid, quoted)
    for kind, name, definition in connection.execute(sa.text(_PG_CONSTRAINTS), oid):
        what = "foreign key" if str(kind) == "f" else "constraint"
        after.append(
            Item(what, name, f"ALTER TABLE {quoted} ADD CONSTRAINT {quote_one(connection, name)} {definition}")
        )
    after += [Item("index", name, definition) for name, definition in connection.execute(sa.text(_PG_INDEXES), oid)]
    after += [Item("trigger", name, sql) for name, sql in connection.execute(sa.text(_PG_TRIGGERS), oid)]
    stored = {column.attname: "text" for column in columns if not column.attgenerated}
    return Structure(table, create, stored, _key(connection, table), tuple(before), tuple(after))


def quote_one(connection: sa.Connection, name: str) -> str:
    """Return one name quoted, dots and all."""
    return connection.dialect.identifier_preparer.quote_identifier(name)


def _pg_column(connection: sa.Connection, column: Any) -> str:
    text = f"{quote_one(connection, column.attname)} {column.type}"
    if column.collation:
        text += f" COLLATE {column.collation}"
    if column.attgenerated:
        text += f" GENERATED ALWAYS AS ({column.expression}) STORED"
    elif column.attidentity:
        text += f" GENERATED {'ALWAYS' if column.attidentity == 'a' else 'BY DEFAULT'} AS IDENTITY"
    elif column.expression is not None:
        text += f" DEFAULT {column.expression}"
    return text + (" NOT NULL" if column.attnotnull else "")


def _pg_sequences(connection: sa.Connection, oid: dict[str, int], quoted: str) -> tuple[list[str], list[Item]]:
    """Owned sequences: made when missing, owned again, and set to where they were."""
    before: list[str] = []
    after: list[Item] = []
    for row in connection.execute(sa.text(_PG_SEQUENCES), oid).all():
        column = quote_one(connection, row.attname)
        state = f"SELECT last_value, is_called FROM {row.name}"  # noqa: S608 - quoted by the server
        last, called = connection.exec_driver_sql(state).one()
        if row.deptype == "a":
            before.append(
                f"CREATE SEQUENCE IF NOT EXISTS {row.name} AS {row.type} INCREMENT {row.seqincrement} MINVALUE "
                f"{row.seqmin} MAXVALUE {row.seqmax} START {row.seqstart} CACHE {row.seqcache}"
                f"{' CYCLE' if row.seqcycle else ''}"
            )
            after.append(Item("sequence", row.name, f"ALTER SEQUENCE {row.name} OWNED BY {quoted}.{column}"))
        literal = quoted.replace("'", "''")
        name = row.attname.replace("'", "''")
        sequence = f"pg_get_serial_sequence('{literal}', '{name}')"
        after.append(Item("sequence", row.name, f"SELECT setval({sequence}, {last}, {str(called).lower()})"))
    return before, after


# --- SQLite -----------------------------------------------------------------------------------------------------------

_SQLITE_HEAD = re.compile(
    r"""^(\s*CREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?)("(?:[^"]|"")+"|`[^`]+`|\[[^\]]+\]|'[^']+'|[^\s("`\[]+)""",
    re.IGNORECASE,
)


def _describe_sqlite(connection: sa.Connection, table: str) -> Structure:
    rows = connection.execute(
        sa.text(
            "SELECT type, name, sql FROM sqlite_master "
            "WHERE lower(tbl_name) = lower(:name) AND sql IS NOT NULL ORDER BY rowid"
        ),
        {"name": table},
    ).all()
    own = next((row for row in rows if row.type == "table"), None)
    if own is None or not _SQLITE_HEAD.match(own.sql):
        raise WorkFailed(UNSUPPORTED, table=table, why=NOT_PLAIN)
    create = _SQLITE_HEAD.sub(lambda found: found.group(1) + _MARK, own.sql, count=1)
    after = tuple(Item(row.type, row.name, row.sql) for row in rows if row.type in ("index", "trigger"))
    pragma = connection.exec_driver_sql(f"PRAGMA table_xinfo({quote_one(connection, table)})").mappings().all()
    columns = {column["name"]: "text" for column in pragma if column["hidden"] == 0}
    return Structure(table, create, columns, _key(connection, table), (), after)


def _key(connection: sa.Connection, table: str) -> tuple[str, ...]:
    schema, _, plain = table.rpartition(".")
    found = sa.inspect(connection).get_pk_constraint(plain, schema=schema or None)
    return tuple(found["constrained_columns"] or ())


# --- what refers to a table -------------------------------------------------------------------------------------------

_MYSQL_INCOMING = """
    SELECT k.CONSTRAINT_NAME AS name, k.TABLE_NAME AS child, r.UPDATE_RULE AS on_update, r.DELETE_RULE AS on_delete,
           GROUP_CONCAT(k.COLUMN_NAME ORDER BY k.ORDINAL_POSITION SEPARATOR '\x01') AS columns,
           GROUP_CONCAT(k.REFERENCED_COLUMN_NAME ORDER BY k.ORDINAL_POSITION SEPARATOR '\x01') AS parents
    FROM information_schema.KEY_COLUMN_USAGE k JOIN information_schema.REFERENTIAL_CONSTRAINTS r
      ON r.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA AND r.CONSTRAINT_NAME = k.CONSTRAINT_NAME
      AND r.TABLE_NAME = k.TABLE_NAME
    WHERE k.TABLE_SCHEMA = DATABASE() AND k.REFERENCED_TABLE_NAME = :table
    GROUP BY k.CONSTRAINT_NAME, k.TABLE_NAME, r.UPDATE_RULE, r.DELETE_RULE"""
_PG_INCOMING = """
    SELECT conname, conrelid::regclass::text AS child, pg_get_constraintdef(oid) AS definition
    FROM pg_constraint WHERE contype = 'f' AND confrelid = :oid AND conrelid <> :oid"""
_PG_VIEWS = """
    SELECT DISTINCT c.oid::regclass::text AS name, c.relkind, pg_get_viewdef(c.oid) AS definition
    FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid JOIN pg_class c ON c.oid = r.ev_class
    WHERE d.refobjid = :oid AND d.classid = 'pg_rewrite'::regclass AND c.oid <> :oid"""


def dependents(
    connection: sa.Connection, dialect: Dialect, table: str, besides: Collection[str] = ()
) -> tuple[Dependent, ...]:
    """Return the foreign keys of other tables, and on PostgreSQL the views, that refer to a table.

    Args:
        connection: where.
        dialect: of what kind.
        table: referred to.
        besides: tables that are replaced as well, so that their own keys come with them.

    Raises:
        WorkFailed: a materialised view refers to it, which cannot be tied to another table.
    """
    if dialect.is_mysql:
        rows = connection.execute(sa.text(_MYSQL_INCOMING), {"table": table.rpartition(".")[2]}).all()
        others = {name.rpartition(".")[2].lower() for name in (*besides, table)}
        return tuple(_mysql_dependent(connection, table, row) for row in rows if row.child.lower() not in others)
    if dialect is not Dialect.POSTGRESQL:
        return ()
    oid = {"oid": _pg_oid(connection, table)}
    others = {quote(connection, name).replace('"', "") for name in besides}
    found = [
        Dependent(
            "foreign key",
            row.conname,
            f"ALTER TABLE {row.child} DROP CONSTRAINT {quote_one(connection, row.conname)}",
            f"ALTER TABLE {row.child} ADD CONSTRAINT {quote_one(connection, row.conname)} {row.definition}",
        )
        for row in connection.execute(sa.text(_PG_INCOMING), oid)
        if row.child.replace('"', "") not in others
    ]
    for row in connection.execute(sa.text(_PG_VIEWS), oid):
        if row.relkind != "v":
            raise WorkFailed(UNSUPPORTED, table=table, why=SEEN_BY.filled(view=row.name))
        found.append(Dependent("view", row.name, None, f"CREATE OR REPLACE VIEW {row.name} AS {row.definition}"))
    return tuple(found)


def _mysql_dependent(connection: sa.Connection, table: str, row: Any) -> Dependent:
    def names(text: str) -> str:
        return ", ".join(quote_one(connection, name) for name in text.split("\x01"))

    child, name = quote_one(connection, row.child), quote_one(connection, row.name)
    return Dependent(
        "foreign key",
        row.name,
        f"ALTER TABLE {child} DROP FOREIGN KEY IF EXISTS {name}",
        f"ALTER TABLE {child} ADD CONSTRAINT {name} FOREIGN KEY ({names(row.columns)}) REFERENCES "
        f"{quote(connection, table)} ({names(row.parents)}) ON DELETE {row.on_delete} ON UPDATE {row.on_update}",
    )
