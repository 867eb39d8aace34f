"""What a database holds: its catalog and its rows, to be compared with another's."""

from collections import Counter
from dataclasses import dataclass, field

import sqlalchemy as sa

from enghub.kit.databases.session import Address
from enghub.upgrade.gateways.databases.journal import OWN_TABLES

_MARIADB = {
    "tables": "SELECT TABLE_NAME, TABLE_TYPE, ENGINE, TABLE_COLLATION, AUTO_INCREMENT, CREATE_OPTIONS, TABLE_COMMENT "
    "FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()",
    "columns": "SELECT TABLE_NAME, ORDINAL_POSITION, COLUMN_NAME, COLUMN_DEFAULT, IS_NULLABLE, COLUMN_TYPE, "
    "COLLATION_NAME, EXTRA, COLUMN_COMMENT, GENERATION_EXPRESSION "
    "FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()",
    "indexes": "SELECT TABLE_NAME, INDEX_NAME, NON_UNIQUE, SEQ_IN_INDEX, COLUMN_NAME, SUB_PART, INDEX_TYPE "
    "FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE()",
    "keys": "SELECT TABLE_NAME, CONSTRAINT_NAME, CONSTRAINT_TYPE "
    "FROM information_schema.TABLE_CONSTRAINTS WHERE TABLE_SCHEMA = DATABASE()",
    "checks": "SELECT TABLE_NAME, CONSTRAINT_NAME, CHECK_CLAUSE "
    "FROM information_schema.CHECK_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = DATABASE()",
    "references": "SELECT TABLE_NAME, CONSTRAINT_NAME, REFERENCED_TABLE_NAME, UPDATE_RULE, DELETE_RULE "
    "FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = DATABASE()",
    "views": "SELECT TABLE_NAME, REPLACE(VIEW_DEFINITION, DATABASE(), ''), SECURITY_TYPE, CHARACTER_SET_CLIENT "
    "FROM information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE()",
    "routines": "SELECT ROUTINE_NAME, ROUTINE_TYPE, ROUTINE_DEFINITION, SQL_MODE, SECURITY_TYPE, CHARACTER_SET_CLIENT, "
    "COLLATION_CONNECTION FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE()",
    "triggers": "SELECT EVENT_OBJECT_TABLE, TRIGGER_NAME, ACTION_STATEMENT, SQL_MODE, ACTION_TIMING, "
    "EVENT_MANIPULATION FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()",
    "events": "SELECT EVENT_NAME, EVENT_DEFINITION, SQL_MODE, INTERVAL_VALUE, INTERVAL_FIELD "
    "FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE()",
}
_THEIRS = "NOT IN ('pg_catalog', 'information_schema', 'pg_toast')"
_POSTGRESQL = {
    "columns": "SELECT table_name, table_schema, ordinal_position, column_name, column_default, is_nullable, "
    "data_type, udt_name, character_maximum_length, numeric_precision, generation_expression, is_identity "
    "FROM information_schema.columns WHERE table_schema IS_THEIRS",
    "indexes": "SELECT tablename, schemaname, indexname, indexdef FROM pg_indexes WHERE schemaname IS_THEIRS",
    "keys": "SELECT c.relname, n.nspname, conname, pg_get_constraintdef(k.oid), k.convalidated FROM pg_constraint k "
    "JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = k.connamespace WHERE n.nspname IS_THEIRS",
    "sequences": "SELECT sequencename, schemaname, data_type::text, last_value FROM pg_sequences "
    "WHERE schemaname IS_THEIRS",
    "views": "SELECT viewname, schemaname, definition FROM pg_views WHERE schemaname IS_THEIRS",
    "types": "SELECT t.typname, n.nspname, e.enumlabel, e.enumsortorder FROM pg_enum e JOIN pg_type t "
    "ON t.oid = e.enumtypid JOIN pg_namespace n ON n.oid = t.typnamespace WHERE n.nspname IS_THEIRS",
    "routines": "SELECT p.proname, n.nspname, p.prosrc, p.proconfig::text, pg_get_function_identity_arguments(p.oid), "
    "p.prosecdef, pg_get_userbyid(p.proowner) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace "
    "WHERE n.nspname IS_THEIRS",
    "triggers": "SELECT c.relname, t.tgname, pg_get_triggerdef(t.oid), t.tgenabled FROM pg_trigger t "
    "JOIN pg_class c ON c.oid = t.tgrelid WHERE NOT tgisinternal",
    "rights": "SELECT c.relname, n.nspname, c.relacl::text, c.relrowsecurity, pg_get_userbyid(c.relowner) "
    "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind <> 'i' AND n.nspname IS_THEIRS",
    "comments": "SELECT c.relname, d.objsubid, d.description FROM pg_description d JOIN pg_class c ON c.oid = d.objoid "
    "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname IS_THEIRS",
    "extensions": "SELECT extname, extversion FROM pg_extension",
}
Column = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Catalog entries by part, and every table's rows by its columns; EngHub's own tables aside."""

    catalog: dict[str, Counter[str]]
    rows: dict[str, list[dict[str, str]]] = field(default_factory=dict)

    @property
    def entries(self) -> int:
        """How many entries the catalog has."""
        return sum(map(len, self.catalog.values()))

    @property
    def row_count(self) -> int:
        """How many rows all tables have together."""
        return sum(map(len, self.rows.values()))


def taken(address: Address) -> Snapshot:
    """Read the catalog and all rows."""
    mysql = address.dialect.is_mysql
    engine = sa.create_engine(address.url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        catalog = {
            part: Counter(repr(tuple(row)) for row in connection.exec_driver_sql(sql) if row[0] not in OWN_TABLES)
            for part, sql in _queries(mysql).items()
        }
        inspector = sa.inspect(connection)
        schemas = [None] if mysql else [s for s in inspector.get_schema_names() if s != "information_schema"]
        rows = {}
        for schema in schemas:
            for name in sorted(set(inspector.get_table_names(schema)) - OWN_TABLES):
                table = sa.table(name, schema=schema)
                found = connection.execute(sa.select(sa.text("*")).select_from(table)).mappings()
                rows[f"{schema}.{name}" if schema else name] = [
                    {column: repr(value) for column, value in row.items()} for row in found
                ]
    engine.dispose()
    return Snapshot(catalog, rows)


def _queries(mysql: bool) -> dict[str, str]:
    if mysql:
        return _MARIADB
    return {part: sql.replace("IS_THEIRS", _THEIRS) for part, sql in _POSTGRESQL.items()}


def unsteady(first: Snapshot, second: Snapshot) -> frozenset[Column]:
    """Return the columns whose values differ between two runs of one client: times, random keys."""
    found = set()
    for table, rows in first.rows.items():
        for column in {name for row in rows for name in row}:
            others = second.rows.get(table, [])
            if Counter(row[column] for row in rows) != Counter(row.get(column) for row in others):
                found.add((table, column))
    return frozenset(found)


def differences(expected: Snapshot, found: Snapshot, aside: frozenset[Column]) -> list[str]:
    """Return what only one of them has, columns `aside` left out."""
    lines = []
    for part, entries in expected.catalog.items():
        lines += _compared(part, entries, found.catalog[part])
    for table in sorted({*expected.rows, *found.rows}):
        ours, theirs = (
            Counter(repr({k: v for k, v in row.items() if (table, k) not in aside}) for row in one.rows.get(table, []))
            for one in (found, expected)
        )
        lines += _compared(f"rows of {table}", theirs, ours)
    return lines


def _compared(part: str, client: Counter[str], ours: Counter[str]) -> list[str]:
    return [f"only the client has {part}: {entry[:150]} ... {entry[-150:]}" for entry in client - ours] + [
        f"only EngHub has {part}: {entry[:150]} ... {entry[-150:]}" for entry in ours - client
    ]
