"""The shape of a whole database, part by part, as its own catalog tells it: few queries, however many tables.

A part is named by kind, table and name, and defined by one text. What moves by itself is left out: counters, sizes,
statistics, the partitions that come and go by date, the place of a column among the others.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator

import sqlalchemy as sa

from enghub.kit.databases.session import execute_raw
from enghub.kit.sql.dialect import Dialect

Part = tuple[str, str, str]
"""Kind (`table`, `column`, `index`, `constraint`, `trigger`, `view`, `procedure` ...), table ("" for none), name."""
Shape = dict[Part, str]
LONGEST = 300
"""Characters of a definition; a longer one is cut, and told apart by its hash."""
SERVER, DEFINITION = "server", "definition"
"""Kinds that explain others: the server's own version, the statement that made a table (SQLite)."""

_MYSQL = (
    "SELECT 'table', TABLE_NAME, '', CONCAT_WS(' ', ENGINE, TABLE_COLLATION, CREATE_OPTIONS, TABLE_COMMENT) "
    "FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE NOT LIKE '%VIEW%'",
    "SELECT 'column', TABLE_NAME, COLUMN_NAME, CONCAT_WS(' ', COLUMN_TYPE, COLLATION_NAME, "
    "IF(IS_NULLABLE = 'YES', 'NULL', 'NOT NULL'), CONCAT('DEFAULT ', COLUMN_DEFAULT), NULLIF(EXTRA, ''), "
    "NULLIF(GENERATION_EXPRESSION, ''), NULLIF(COLUMN_COMMENT, '')) "
    "FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME NOT IN "
    "(SELECT TABLE_NAME FROM information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE())",
    "SELECT 'index', TABLE_NAME, INDEX_NAME, CONCAT_WS(' ', IF(MAX(NON_UNIQUE) = 0, 'UNIQUE', NULL), MAX(INDEX_TYPE), "
    "GROUP_CONCAT(CONCAT(COLUMN_NAME, IF(SUB_PART IS NULL, '', CONCAT('(', SUB_PART, ')'))) "
    "ORDER BY SEQ_IN_INDEX SEPARATOR ', ')) "
    "FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() GROUP BY TABLE_NAME, INDEX_NAME",
    "SELECT 'constraint', k.TABLE_NAME, k.CONSTRAINT_NAME, CONCAT('FOREIGN KEY (', "
    "GROUP_CONCAT(k.COLUMN_NAME ORDER BY k.ORDINAL_POSITION SEPARATOR ', '), ') REFERENCES ', "
    "MAX(k.REFERENCED_TABLE_NAME), ' (', "
    "GROUP_CONCAT(k.REFERENCED_COLUMN_NAME ORDER BY k.ORDINAL_POSITION SEPARATOR ', '), "
    "') ON DELETE ', MAX(r.DELETE_RULE), ' ON UPDATE ', MAX(r.UPDATE_RULE)) "
    "FROM information_schema.KEY_COLUMN_USAGE k JOIN information_schema.REFERENTIAL_CONSTRAINTS r "
    "ON r.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA AND r.CONSTRAINT_NAME = k.CONSTRAINT_NAME "
    "AND r.TABLE_NAME = k.TABLE_NAME WHERE k.TABLE_SCHEMA = DATABASE() AND k.REFERENCED_TABLE_NAME IS NOT NULL "
    "GROUP BY k.TABLE_NAME, k.CONSTRAINT_NAME",
    "SELECT 'partitioning', TABLE_NAME, '', CONCAT_WS(' ', MAX(PARTITION_METHOD), MAX(PARTITION_EXPRESSION)) "
    "FROM information_schema.PARTITIONS WHERE TABLE_SCHEMA = DATABASE() AND PARTITION_NAME IS NOT NULL "
    "GROUP BY TABLE_NAME",
    "SELECT 'trigger', EVENT_OBJECT_TABLE, TRIGGER_NAME, CONCAT_WS(' ', ACTION_TIMING, EVENT_MANIPULATION, "
    "ACTION_STATEMENT) FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()",
    "SELECT 'view', '', TABLE_NAME, CONCAT_WS(' ', SECURITY_TYPE, VIEW_DEFINITION) "
    "FROM information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE()",
    "SELECT LOWER(ROUTINE_TYPE), '', ROUTINE_NAME, CONCAT_WS(' ', DTD_IDENTIFIER, SECURITY_TYPE, ROUTINE_DEFINITION) "
    "FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE()",
    "SELECT LOWER(ROUTINE_TYPE), '', CONCAT(SPECIFIC_NAME, ' (parameters)'), "
    "GROUP_CONCAT(CONCAT_WS(' ', PARAMETER_MODE, PARAMETER_NAME, DTD_IDENTIFIER) ORDER BY ORDINAL_POSITION "
    "SEPARATOR ', ') FROM information_schema.PARAMETERS WHERE SPECIFIC_SCHEMA = DATABASE() "
    "GROUP BY ROUTINE_TYPE, SPECIFIC_NAME",
    "SELECT 'event', '', EVENT_NAME, CONCAT_WS(' ', STATUS, EXECUTE_AT, INTERVAL_VALUE, INTERVAL_FIELD, "
    "EVENT_DEFINITION) FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE()",
    "SELECT 'server', '', 'version', SUBSTRING_INDEX(VERSION(), '.', 2)",
)
_MARIADB_CHECKS = (
    "SELECT 'constraint', TABLE_NAME, CONSTRAINT_NAME, CONCAT('CHECK ', CHECK_CLAUSE) "
    "FROM information_schema.CHECK_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = DATABASE()"
)
_MYSQL_CHECKS = (
    "SELECT 'constraint', t.TABLE_NAME, c.CONSTRAINT_NAME, CONCAT('CHECK ', c.CHECK_CLAUSE) "
    "FROM information_schema.CHECK_CONSTRAINTS c JOIN information_schema.TABLE_CONSTRAINTS t "
    "ON t.CONSTRAINT_SCHEMA = c.CONSTRAINT_SCHEMA AND t.CONSTRAINT_NAME = c.CONSTRAINT_NAME "
    "WHERE c.CONSTRAINT_SCHEMA = DATABASE()"
)
_PG_TABLES = "c.relnamespace = <HERE> AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND <OWN c>"
_POSTGRESQL = (
    "SELECT 'table', c.relname, '', concat_ws(' ', CASE c.relpersistence WHEN 'u' THEN 'UNLOGGED' END, "
    "'PARTITION BY ' || pg_get_partkeydef(c.oid), c.reloptions::text) FROM pg_class c WHERE <TABLES>",
    "SELECT 'column', c.relname, a.attname, concat_ws(' ', format_type(a.atttypid, a.atttypmod), "
    "CASE WHEN a.attcollation <> t.typcollation THEN 'COLLATE ' || a.attcollation::regcollation::text END, "
    "CASE WHEN a.attnotnull THEN 'NOT NULL' ELSE 'NULL' END, CASE WHEN a.attgenerated <> '' THEN 'GENERATED ' "
    "ELSE 'DEFAULT ' END || pg_get_expr(d.adbin, d.adrelid), "
    "CASE a.attidentity WHEN 'a' THEN 'IDENTITY ALWAYS' WHEN 'd' THEN 'IDENTITY BY DEFAULT' END) "
    "FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid JOIN pg_type t ON t.oid = a.atttypid "
    "LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum "
    "WHERE <TABLES> AND a.attnum > 0 AND NOT a.attisdropped",
    "SELECT 'index', c.relname, x.relname, pg_get_indexdef(i.indexrelid) || "
    "CASE WHEN i.indisvalid THEN '' ELSE ' (not valid)' END "
    "FROM pg_class c JOIN pg_index i ON i.indrelid = c.oid JOIN pg_class x ON x.oid = i.indexrelid "
    "WHERE <TABLES> AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid "
    "AND k.conrelid = c.oid)",
    "SELECT 'constraint', c.relname, k.conname, pg_get_constraintdef(k.oid) "
    "FROM pg_class c JOIN pg_constraint k ON k.conrelid = c.oid "
    "WHERE <TABLES> AND k.contype IN ('p', 'u', 'c', 'x', 'f')",
    "SELECT 'trigger', c.relname, g.tgname, pg_get_triggerdef(g.oid) || "
    "CASE g.tgenabled WHEN 'D' THEN ' (disabled)' ELSE '' END "
    "FROM pg_class c JOIN pg_trigger g ON g.tgrelid = c.oid WHERE <TABLES> AND NOT g.tgisinternal",
    "SELECT CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialised view' ELSE 'foreign table' END, '', "
    "c.relname, pg_get_viewdef(c.oid) FROM pg_class c WHERE c.relnamespace = <HERE> "
    "AND c.relkind IN ('v', 'm', 'f') AND <OWN c>",
    "SELECT CASE p.prokind WHEN 'p' THEN 'procedure' ELSE 'function' END, '', "
    "p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')', pg_get_functiondef(p.oid) "
    "FROM pg_proc p WHERE p.pronamespace = <HERE> AND p.prokind IN ('f', 'p') AND <OWN p>",
    "SELECT 'type', '', t.typname, (SELECT string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder) "
    "FROM pg_enum e WHERE e.enumtypid = t.oid) "
    "FROM pg_type t WHERE t.typnamespace = <HERE> AND t.typtype = 'e' AND <OWN t>",
    "SELECT 'domain', '', t.typname, concat_ws(' ', format_type(t.typbasetype, t.typtypmod), "
    "CASE WHEN t.typnotnull THEN 'NOT NULL' END, t.typdefault, (SELECT string_agg(pg_get_constraintdef(k.oid), ' ' "
    "ORDER BY k.conname) FROM pg_constraint k WHERE k.contypid = t.oid AND k.contype = 'c')) "
    "FROM pg_type t WHERE t.typnamespace = <HERE> AND t.typtype = 'd' AND <OWN t>",
    "SELECT 'sequence', '', c.relname, concat_ws(' ', format_type(q.seqtypid, NULL), 'INCREMENT', q.seqincrement, "
    "q.seqmin, q.seqmax, CASE WHEN q.seqcycle THEN 'CYCLE' END) FROM pg_class c JOIN pg_sequence q "
    "ON q.seqrelid = c.oid WHERE c.relnamespace = <HERE> AND <OWN c>",
    "SELECT 'server', '', 'version', split_part(current_setting('server_version'), '.', 1)",
)
_SQLITE = (
    "SELECT 'table', name, '', '' FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'",
    "SELECT 'definition', name, '', sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' "
    "ESCAPE '!'",
    "SELECT 'column', m.name, c.name, c.type || CASE c.\"notnull\" WHEN 1 THEN ' NOT NULL' ELSE ' NULL' END || "
    "coalesce(' DEFAULT ' || c.dflt_value, '') || CASE WHEN c.pk THEN ' KEY ' || c.pk ELSE '' END "
    "FROM sqlite_master m JOIN pragma_table_xinfo(m.name) c WHERE m.type = 'table' "
    "AND m.name NOT LIKE 'sqlite!_%' ESCAPE '!'",
    "SELECT 'index', m.name, i.name, CASE i.\"unique\" WHEN 1 THEN 'UNIQUE ' ELSE '' END || coalesce("
    "(SELECT sql FROM sqlite_master s WHERE s.type = 'index' AND s.name = i.name), "
    "(SELECT group_concat(x.name, ', ') FROM pragma_index_info(i.name) x)) "
    "FROM sqlite_master m JOIN pragma_index_list(m.name) i WHERE m.type = 'table'",
    "SELECT 'trigger', tbl_name, name, sql FROM sqlite_master WHERE type = 'trigger'",
    "SELECT 'view', '', name, sql FROM sqlite_master WHERE type = 'view'",
)
_CLICKHOUSE = (
    "SELECT if(engine LIKE '%View', 'view', 'table'), if(engine LIKE '%View', '', name), "
    "if(engine LIKE '%View', name, ''), if(engine LIKE '%View', as_select, engine_full) "
    "FROM system.tables WHERE database = currentDatabase() AND NOT startsWith(name, '.inner')",
    "SELECT 'column', table, name, concat(type, ' ', default_kind, ' ', default_expression, ' ', compression_codec) "
    "FROM system.columns WHERE database = currentDatabase() AND NOT startsWith(table, '.inner') "
    "AND table NOT IN (SELECT name FROM system.tables WHERE database = currentDatabase() AND engine = 'View')",
    "SELECT 'index', table, name, concat(type_full, ' ', expr, ' ', toString(granularity)) "
    "FROM system.data_skipping_indices WHERE database = currentDatabase()",
    "SELECT 'server', '', 'version', version()",
)


def _written_out(sql: str) -> str:
    """Return a query of PostgreSQL's catalog with what all of them ask: this schema, and nothing of an extension."""
    whole = sql.replace("<TABLES>", _PG_TABLES).replace("<HERE>", "current_schema()::regnamespace")
    not_of_extensions = r"NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = \1.oid AND d.deptype = 'e')"
    return re.sub(r"<OWN (\w)>", not_of_extensions, whole)


_QUERIES = {
    Dialect.MARIADB: (*_MYSQL, _MARIADB_CHECKS),
    Dialect.MYSQL: (*_MYSQL, _MYSQL_CHECKS),
    Dialect.POSTGRESQL: tuple(map(_written_out, _POSTGRESQL)),
    Dialect.SQLITE: _SQLITE,
    Dialect.CLICKHOUSE: _CLICKHOUSE,
}


def read(connection: sa.Connection, dialect: Dialect, *, skips: Callable[[str], bool]) -> Shape:
    """Return every part of the database that the connection is in (PostgreSQL: of its current schema).

    Args:
        connection: where; nothing is changed but the session's limit of joined texts (MySQL).
        dialect: of what kind.
        skips: tells tables, views and other names to leave out.
    """
    if dialect.is_mysql:
        connection.exec_driver_sql("SET SESSION group_concat_max_len = 1000000")
    found = (tuple(row) for sql in _QUERIES[dialect] for row in execute_raw(connection, sql))
    return dict(_parts(found, skips))


def _parts(rows: Iterable[tuple[object, ...]], skips: Callable[[str], bool]) -> Iterator[tuple[Part, str]]:
    for row in rows:
        kind, table, name, definition = ("" if value is None else _text(value) for value in row)
        if not skips(table or name):
            yield (kind, table, name), defined(definition)


def _text(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def defined(text: str) -> str:
    """Return a definition in one line, cut to what a person reads."""
    line = re.sub(r"\s+", " ", text).strip()
    if len(line) <= LONGEST:
        return line
    return f"{line[:LONGEST]} ... ({hashlib.sha256(line.encode()).hexdigest()[:12]})"
