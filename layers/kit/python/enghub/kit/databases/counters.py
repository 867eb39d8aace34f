"""Counters of generated keys: a rollback does not bring them back, so a part that runs again sets them back (UPG-08).

A worker that dies between an INSERT and its journal row leaves no row, but its number is drawn: the row of the second
run would bear another key than one run of the script gives, and statements that name the row by number would miss it.
"""

import re
from collections.abc import Collection, Mapping, Sequence

import sqlalchemy as sa

from enghub.kit.databases.session import WriteSession, execute_raw
from enghub.kit.sql.dialect import Dialect
from enghub.kit.sql.splitter import Statement

_DRAWING = frozenset({"INSERT", "REPLACE", "LOAD", "MERGE", "COPY"})
_MAY_DRAW = frozenset({"WITH", "SELECT", "UPDATE", "DO", "EXECUTE", "CALL"})
_HEAD = 10
"""So many words of an INSERT name its table."""
_MYSQL = (
    "SELECT /*+ SET_VAR(information_schema_stats_expiry = 0) */ TABLE_NAME, AUTO_INCREMENT "
    "FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND ENGINE = 'InnoDB' "
    "AND AUTO_INCREMENT IS NOT NULL AND LOWER(TABLE_NAME) IN :names"
)
_POSTGRESQL = """
    SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(s.relname),
           pg_catalog.pg_sequence_last_value(s.oid)
    FROM pg_catalog.pg_class s JOIN pg_catalog.pg_namespace n ON n.oid = s.relnamespace
    JOIN pg_catalog.pg_sequence q ON q.seqrelid = s.oid
    WHERE q.seqincrement > 0 AND s.relpersistence <> 't'
      AND pg_catalog.has_sequence_privilege(s.oid, 'UPDATE') AND pg_catalog.has_sequence_privilege(s.oid, 'USAGE')
      AND (lower(s.relname) IN :names
        OR EXISTS (SELECT 1 FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_class t ON t.oid = d.refobjid
            WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = s.oid AND d.deptype IN ('a', 'i')
              AND d.refclassid = 'pg_catalog.pg_class'::regclass AND lower(t.relname) IN :names)
        OR EXISTS (SELECT 1 FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_attrdef a ON a.oid = d.objid
            JOIN pg_catalog.pg_class t ON t.oid = a.adrelid
            WHERE d.classid = 'pg_catalog.pg_attrdef'::regclass AND d.refobjid = s.oid
              AND d.refclassid = 'pg_catalog.pg_class'::regclass AND lower(t.relname) IN :names))"""
_TIED = """
    SELECT CAST(a.attrelid::regclass AS text), pg_catalog.quote_ident(a.attname)
    FROM pg_catalog.pg_depend d LEFT JOIN pg_catalog.pg_attrdef f
      ON d.classid = 'pg_catalog.pg_attrdef'::regclass AND f.oid = d.objid
    JOIN pg_catalog.pg_attribute a ON (a.attrelid, a.attnum) IN ((f.adrelid, f.adnum), (d.refobjid, d.refobjsubid))
    WHERE a.atttypid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype) AND a.attnum > 0
      AND CAST(:name AS regclass) IN (d.objid, d.refobjid) AND d.deptype IN ('a', 'i', 'n')
      AND (f.oid IS NOT NULL OR d.classid = 'pg_catalog.pg_class'::regclass)"""
_START = "SELECT seqstart FROM pg_catalog.pg_sequence WHERE seqrelid = CAST(:name AS regclass)"
_SET = "SELECT pg_catalog.setval(CAST(:name AS regclass), :value, :drawn)"


def drawing(statements: Sequence[Statement], dialect: Dialect) -> frozenset[str]:
    """Return the names, in lower case, among which are the tables and sequences that a script draws keys from."""
    if not (dialect.is_mysql or dialect is Dialect.POSTGRESQL):
        return frozenset()
    found: set[str] = set()
    for one in statements:
        if one.verb in _DRAWING:
            found.update(one.words[1:_HEAD])
        elif one.verb in _MAY_DRAW:
            found.update(one.words[1:])
        if dialect is Dialect.POSTGRESQL and "NEXTVAL" in one.words:
            found.update(re.findall(r"\w+", one.text))
    return frozenset(name.lower() for name in found)


def counters(connection: sa.Connection, dialect: Dialect, names: Collection[str]) -> dict[str, int | None]:
    """Return where counters stand: by table the next number (MySQL), by sequence the last, None before the first."""
    query = sa.text(_MYSQL if dialect.is_mysql else _POSTGRESQL).bindparams(sa.bindparam("names", expanding=True))
    rows = connection.execute(query, {"names": sorted(names)})
    return {str(name): None if value is None else int(value) for name, value in rows}


def set_back(session: WriteSession, names: Collection[str], before: Mapping[str, int | None]) -> None:
    """Set counters that went on since `before` back to it, never below the rows that are there."""
    dialect = session.dialect
    with session.transaction() as connection, session.ours():
        now = counters(connection, dialect, names)
    moved = {name: old for name, old in before.items() if (at := now.get(name)) is not None and at > (old or 0)}
    for name, old in moved.items():
        if dialect.is_mysql:
            quoted = "`" + name.replace("`", "``") + "`"
            with session.autocommit() as connection:  # the server itself goes no lower than the greatest key
                execute_raw(connection, f"ALTER TABLE {quoted} AUTO_INCREMENT = {old}")
            continue
        with session.transaction() as connection, session.ours():
            _set_sequence(connection, name, old, now[name])


def _set_sequence(connection: sa.Connection, name: str, old: int | None, now: int | None) -> None:
    tied = connection.execute(sa.text(_TIED), {"name": name}).all()
    highest = [
        connection.exec_driver_sql(f"SELECT max({column}) FROM {table}").scalar()  # noqa: S608 - quoted by the server
        for table, column in tied
    ]
    kept = max((int(value) for value in (old, *highest) if value is not None), default=None)
    start = connection.execute(sa.text(_START), {"name": name}).scalar_one()
    drawn = kept is not None and kept >= start
    value = min(kept, now or kept) if drawn and kept is not None else start
    connection.execute(sa.text(_SET), {"name": name, "value": value, "drawn": drawn})
