"""Asks the database's own catalog: did a statement take effect, which tables are there, how are they keyed."""

import hashlib
from collections.abc import Iterable

import sqlalchemy as sa

from enghub.kit.sql.dialect import Dialect

_MYSQL_FACTS = {
    "tables": "SELECT TABLE_NAME, TABLE_TYPE, ENGINE, TABLE_COLLATION, TABLE_COMMENT, CREATE_OPTIONS "
    "FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN :names",
    "columns": "SELECT TABLE_NAME, ORDINAL_POSITION, COLUMN_NAME, COLUMN_DEFAULT, IS_NULLABLE, COLUMN_TYPE, "
    "COLLATION_NAME, EXTRA, COLUMN_COMMENT, GENERATION_EXPRESSION "
    "FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN :names",
    "indexes": "SELECT TABLE_NAME, INDEX_NAME, NON_UNIQUE, SEQ_IN_INDEX, COLUMN_NAME, SUB_PART, INDEX_TYPE "
    "FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN :names",
    "constraints": "SELECT TABLE_NAME, CONSTRAINT_NAME, CONSTRAINT_TYPE "
    "FROM information_schema.TABLE_CONSTRAINTS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN :names",
    "references": "SELECT TABLE_NAME, CONSTRAINT_NAME, REFERENCED_TABLE_NAME, UPDATE_RULE, DELETE_RULE "
    "FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = DATABASE() AND TABLE_NAME IN :names",
    "partitions": "SELECT TABLE_NAME, PARTITION_NAME, PARTITION_METHOD, PARTITION_EXPRESSION, PARTITION_DESCRIPTION "
    "FROM information_schema.PARTITIONS WHERE TABLE_SCHEMA = DATABASE() AND PARTITION_NAME IS NOT NULL "
    "AND TABLE_NAME IN :names",
    "triggers": "SELECT TRIGGER_NAME, EVENT_OBJECT_TABLE, ACTION_TIMING, EVENT_MANIPULATION, ACTION_STATEMENT "
    "FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE() "
    "AND (TRIGGER_NAME IN :names OR EVENT_OBJECT_TABLE IN :names)",
    "routines": "SELECT ROUTINE_NAME, ROUTINE_TYPE, DTD_IDENTIFIER, ROUTINE_DEFINITION, SECURITY_TYPE, ROUTINE_COMMENT "
    "FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE() AND ROUTINE_NAME IN :names",
    "views": "SELECT TABLE_NAME, VIEW_DEFINITION, SECURITY_TYPE "
    "FROM information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN :names",
    "events": "SELECT EVENT_NAME, EVENT_DEFINITION, STATUS, EXECUTE_AT, INTERVAL_VALUE, INTERVAL_FIELD "
    "FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE() AND EVENT_NAME IN :names",
}
_MARIADB_FACTS = {
    **_MYSQL_FACTS,
    "checks": "SELECT TABLE_NAME, CONSTRAINT_NAME, CHECK_CLAUSE "
    "FROM information_schema.CHECK_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = DATABASE() AND TABLE_NAME IN :names",
}
_POSTGRESQL_FACTS = {
    "relations": "SELECT n.nspname, c.relname, c.relkind, i.indisvalid, pg_get_indexdef(i.indexrelid) "
    "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
    "LEFT JOIN pg_index i ON i.indexrelid = c.oid WHERE lower(c.relname) IN :names",
}
_POSTGRESQL_IDENTITIES = {
    "identities": "SELECT c.oid, c.relname, c.relispartition, pg_get_expr(c.relpartbound, c.oid), i.inhparent, "
    "i.inhdetachpending FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid WHERE lower(c.relname) IN :names",
    "databases": "SELECT datname, dattablespace FROM pg_database WHERE lower(datname) IN :names",
    "tablespaces": "SELECT spcname FROM pg_tablespace WHERE lower(spcname) IN :names",
    "subscriptions": "SELECT subname, subenabled, subpublications FROM pg_subscription WHERE lower(subname) IN :names",
}
_INNODB_TABLES = {Dialect.MARIADB: "INNODB_SYS_TABLES", Dialect.MYSQL: "INNODB_TABLES"}
_NO_RIGHT = (1227, 1109, 1142, 1146)
_CLICKHOUSE_FACTS = {
    "tables": "SELECT database, name, toString(uuid), create_table_query FROM system.tables "
    "WHERE lower(name) IN :names",
    "databases": "SELECT name, engine FROM system.databases WHERE lower(name) IN :names",
    "mutations": "SELECT database, table, mutation_id FROM system.mutations WHERE lower(table) IN :names",
    "functions": "SELECT name, create_query FROM system.functions WHERE origin = 'SQLUserDefined' "
    "AND lower(name) IN :names",
}
_FACTS = {
    Dialect.MYSQL: _MYSQL_FACTS,
    Dialect.MARIADB: _MARIADB_FACTS,
    Dialect.POSTGRESQL: _POSTGRESQL_FACTS,
    Dialect.CLICKHOUSE: _CLICKHOUSE_FACTS,
}
_CLICKHOUSE_ROWS = {
    "parts": "SELECT database, table, partition_id, max(max_block_number) FROM system.parts "
    "WHERE lower(table) IN :names GROUP BY database, table, partition_id",
    "rows": "SELECT database, name, total_rows FROM system.tables "
    "WHERE engine NOT LIKE '%MergeTree' AND lower(name) IN :names",
}
"""What a statement changed that writes rows and cannot be rolled back."""


SECOND = "f2:"
"""Begins a fingerprint that also knows tables by their identity, not by their name alone."""


def same_as(connection: sa.Connection, dialect: Dialect, words: Iterable[str], before: str, *, rows: bool) -> bool:
    """Tell whether the catalog is what a fingerprint says, also one that an earlier release took."""
    return fingerprint(connection, dialect, words, rows=rows, second=before.startswith(SECOND)) == before


def fingerprint(
    connection: sa.Connection, dialect: Dialect, words: Iterable[str], *, rows: bool = False, second: bool = True
) -> str:
    """Return a hash over everything the catalog says of the objects named among `words`.

    Written down before a statement that commits by itself, and compared when nobody knows whether it took effect:
    equal means it did not (or that running it again changes nothing), different means it did. With `rows` also over
    what writing rows leaves behind, where the database has no transactions.
    """
    names = sorted({word.lower() for word in words if word}) or [""]
    digest = hashlib.sha256()
    facts = _FACTS[dialect] | (_CLICKHOUSE_ROWS if rows else {})
    if second and dialect is Dialect.POSTGRESQL:
        facts = facts | _POSTGRESQL_IDENTITIES
    if second and dialect.is_mysql:
        digest.update(repr(_identities(connection, dialect, names)).encode())
    for part, sql in facts.items():
        statement = sa.text(sql).bindparams(sa.bindparam("names", expanding=True))
        found = sorted(repr(tuple(row)) for row in connection.execute(statement, {"names": names}))
        digest.update(f"{part}:{len(found)}\n".encode())
        digest.update("\n".join(found).encode())
    return (SECOND if second else "") + digest.hexdigest()


def _identities(connection: sa.Connection, dialect: Dialect, names: Iterable[str]) -> list[tuple[str, int]] | None:
    """Return names and numbers of InnoDB's tables and partitions, None where the account may not see them."""
    wanted = set(names)
    database = str(connection.exec_driver_sql("SELECT DATABASE()").scalar())
    query = sa.text(
        f"SELECT NAME, TABLE_ID FROM information_schema.{_INNODB_TABLES[dialect]} "  # noqa: S608 - our own names
        "WHERE NAME LIKE CONCAT(:database, '/%')"
    )
    try:
        rows = connection.execute(query, {"database": _encoded(database)}).all()
    except sa.exc.DBAPIError as error:
        if error.orig is None or error.orig.args[:1][0] not in _NO_RIGHT:
            raise
        return None
    found = [(str(name).partition("/")[2], int(number)) for name, number in rows]
    return sorted(one for one in found if one[0].lower().partition("#p#")[0] in {_encoded(name) for name in wanted})


def _encoded(name: str) -> str:
    """Return a name as InnoDB writes it."""
    return "".join(c if (c.isalnum() and c.isascii()) or c == "_" else f"@{ord(c):04x}" for c in name)


def tells_tables_apart(connection: sa.Connection, dialect: Dialect, words: Iterable[str]) -> bool:
    """Tell whether every table named among `words` has an identity besides its name; one exchanged is then seen."""
    if dialect is not Dialect.MARIADB and dialect is not Dialect.MYSQL:
        return True
    names = sorted({word.lower() for word in words if word})
    known = _identities(connection, dialect, names)
    if known is None:
        return False
    tables = sa.text(
        "SELECT TABLE_NAME FROM information_schema.TABLES "
        "WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'BASE TABLE' AND LOWER(TABLE_NAME) IN :names"
    ).bindparams(sa.bindparam("names", expanding=True))
    there = {_encoded(str(row[0])).lower() for row in connection.execute(tables, {"names": names})}
    return there <= {name.lower().partition("#p#")[0] for name, _ in known}


def half_detached(connection: sa.Connection, words: Iterable[str]) -> tuple[str, ...]:
    """Return what ends a DETACH PARTITION CONCURRENTLY that was interrupted between its two transactions."""
    query = sa.text(
        "SELECT format('ALTER TABLE %s DETACH PARTITION %s FINALIZE', inhparent::regclass, inhrelid::regclass) "
        "FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
        "WHERE i.inhdetachpending AND lower(c.relname) IN :names"
    ).bindparams(sa.bindparam("names", expanding=True))
    found = connection.execute(query, {"names": sorted({word.lower() for word in words}) or [""]})
    return tuple(str(row[0]) for row in found)


def invalid_indexes(connection: sa.Connection, words: Iterable[str]) -> tuple[str, ...]:
    """Return the quoted names of half-built indexes among `words` (PostgreSQL, after an interrupted CONCURRENTLY)."""
    rows = connection.execute(
        sa.text(
            "SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) FROM pg_index i "
            "JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE NOT i.indisvalid AND lower(c.relname) IN :names"
        ).bindparams(sa.bindparam("names", expanding=True)),
        {"names": sorted({word.lower() for word in words}) or [""]},
    )
    return tuple(row[0] for row in rows)


def not_transactional(connection: sa.Connection, dialect: Dialect) -> frozenset[str]:
    """Return the tables, in lower case, whose engine cannot roll back (MyISAM, Aria, MEMORY ...)."""
    if not dialect.is_mysql:
        return frozenset()
    rows = connection.execute(
        sa.text(
            "SELECT LOWER(t.TABLE_NAME) FROM information_schema.TABLES t "
            "JOIN information_schema.ENGINES e ON e.ENGINE = t.ENGINE "
            "WHERE t.TABLE_SCHEMA = DATABASE() AND e.TRANSACTIONS = 'NO'"
        )
    )
    return frozenset(row[0] for row in rows)


def table(connection: sa.Connection, name: str) -> sa.Table | None:
    """Return a table as the database has it, None when there is none."""
    schema, _, plain = name.rpartition(".")
    try:
        return sa.Table(plain, sa.MetaData(), schema=schema or None, autoload_with=connection, resolve_fks=False)
    except sa.exc.NoSuchTableError:
        return None


def lacks(connection: sa.Connection, name: str, columns: Iterable[str]) -> tuple[str, ...]:
    """Return the columns a table lacks; the table's own name when it is missing altogether."""
    found = table(connection, name)
    if found is None:
        return (name,)
    return tuple(column for column in columns if column not in found.columns)
