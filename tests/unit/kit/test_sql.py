"""What statements destroy, and how each must be run so that the journal stays true (UPG-04, UPG-08, UPG-14)."""

import pytest

from enghub.kit.sql.classify import Manner, manner
from enghub.kit.sql.dialect import Dialect
from enghub.kit.sql.gate import is_single_query
from enghub.kit.sql.lint import Danger, dangers, findings
from enghub.kit.sql.locks import long_lock
from enghub.kit.sql.splitter import split

MY, PG, LITE = Dialect.MARIADB, Dialect.POSTGRESQL, Dialect.SQLITE


@pytest.mark.parametrize(
    ("dialect", "sql", "expected"),
    [
        (MY, "DROP TABLE a", (Danger.DROP,)),
        (MY, "TRUNCATE TABLE a", (Danger.TRUNCATE,)),
        (MY, "DELETE FROM a", (Danger.DELETE_ALL,)),
        (MY, "DELETE FROM a WHERE id = 1", ()),
        (PG, "UPDATE a SET x = 1", (Danger.UPDATE_ALL,)),
        (MY, "ALTER TABLE a DROP COLUMN b, ADD c INT", (Danger.DROP_COLUMN,)),
        (MY, "ALTER TABLE a MODIFY COLUMN b VARCHAR(5)", (Danger.CHANGE_TYPE,)),
        (MY, "ALTER TABLE a CHANGE b c INT", (Danger.CHANGE_TYPE, Danger.RENAME)),
        (PG, "ALTER TABLE a ALTER COLUMN b TYPE int", (Danger.CHANGE_TYPE,)),
        (PG, "ALTER TABLE a ALTER COLUMN b SET NOT NULL", ()),
        (PG, "ALTER TABLE a RENAME COLUMN b TO c", (Danger.RENAME,)),
        (MY, "ALTER TABLE a DROP INDEX i", (Danger.DROP_CONSTRAINT,)),
        (MY, "RENAME TABLE a TO b", (Danger.RENAME,)),
        (MY, "CREATE TABLE a (id INT)", ()),
        (MY, "INSERT INTO a SELECT * FROM b", ()),
        (MY, "DROP EVENT IF EXISTS e", (Danger.DROP,)),
        (MY, "CREATE OR REPLACE TABLE t (i INT)", (Danger.REPLACE,)),
        (MY, "CREATE OR REPLACE VIEW v AS SELECT 1", ()),
        (MY, "DELETE FROM t WHERE 1 = 1", (Danger.DELETE_ALL,)),
        (MY, "DELETE FROM t WHERE id = 1 OR TRUE", (Danger.DELETE_ALL,)),
        (PG, "DELETE FROM t WHERE id = id", (Danger.DELETE_ALL,)),
        (MY, "UPDATE t SET a = 1 WHERE 1", (Danger.UPDATE_ALL,)),
        (PG, "DELETE FROM t WHERE 1 = 0", ()),
        (PG, "WITH d AS (DELETE FROM t RETURNING *) SELECT count(*) FROM d", (Danger.DELETE_ALL,)),
        (PG, "INSERT INTO x WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d", (Danger.DELETE_ALL,)),
        (PG, "MERGE INTO t USING s ON t.i = s.i WHEN MATCHED THEN DELETE", (Danger.DELETE_MATCHED,)),
        (PG, "MERGE INTO t USING s ON t.i = s.i WHEN MATCHED THEN UPDATE SET a = 1", ()),
        (PG, "ALTER TABLE t ENABLE ROW LEVEL SECURITY", ()),
        (PG, "ALTER TABLE ONLY t ALTER COLUMN a DROP NOT NULL", ()),
        (MY, "ALTER TABLE t DROP PARTITION p0", (Danger.DROP,)),
        (MY, "ALTER TABLE t TRUNCATE PARTITION p0", (Danger.TRUNCATE,)),
        (PG, "COMMENT ON TABLE t IS 'x'", ()),
        (PG, "DO $$ BEGIN DROP TABLE t; END $$", (Danger.UNREADABLE,)),
        (PG, "DO $$ BEGIN PERFORM 1; END $$", ()),
    ],
)
def test_destructive_statements_are_found(dialect: Dialect, sql: str, expected: tuple[Danger, ...]) -> None:
    assert dangers(split(sql, dialect)[0], dialect) == expected


def test_what_cannot_be_read_is_one_finding() -> None:
    statements = split("CALL a(); CALL b(); DROP TABLE c;", MY)
    found = findings("s.sql", statements, MY)
    assert [(one.danger, one.statement) for one in found] == [
        (Danger.DROP, "DROP TABLE c"),
        (Danger.UNREADABLE, "2 statements, the first: CALL a()"),
    ]


@pytest.mark.parametrize(
    ("dialect", "sql", "way"),
    [
        (PG, "CREATE INDEX i ON t (a)", "CONCURRENTLY"),
        (PG, "CREATE UNIQUE INDEX i ON t (a)", "CONCURRENTLY"),
        (PG, "CREATE INDEX CONCURRENTLY i ON t (a)", None),
        (PG, "ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES u (b)", "NOT VALID"),
        (PG, "ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES u (b) NOT VALID", None),
        (PG, "ALTER TABLE t ADD CONSTRAINT u UNIQUE (a)", "USING INDEX"),
        (PG, "ALTER TABLE t ALTER COLUMN a TYPE bigint", "rewritten"),
        (PG, "ALTER TABLE t ALTER a SET NOT NULL", "NOT VALID"),
        (PG, "ALTER TABLE t ADD COLUMN a int", None),
        (PG, "VACUUM FULL t", "pg_repack"),
        (PG, "REFRESH MATERIALIZED VIEW v", "CONCURRENTLY"),
        (MY, "ALTER TABLE t MODIFY a BIGINT", "TableRebuild"),
        (MY, "ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4", "TableRebuild"),
        (MY, "ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES u (b)", "foreign_key_checks"),
        (MY, "ALTER TABLE t ADD COLUMN a INT", None),
        (MY, "OPTIMIZE TABLE t", "TableRebuild"),
        (MY, "CREATE FULLTEXT INDEX i ON t (a)", "window"),
        (MY, "CREATE INDEX i ON t (a)", None),
        (MY, "ALTER TABLE t ADD SPATIAL INDEX i (g), ALGORITHM=INPLACE", "window"),
        (MY, "ALTER TABLE t MODIFY a BIGINT, ALGORITHM=INPLACE", None),
        (MY, "ALTER TABLE t PARTITION BY HASH (id) PARTITIONS 4", "TableRebuild"),
        (MY, "ALTER TABLE t REMOVE PARTITIONING", "TableRebuild"),
        (MY, "ALTER TABLE t REORGANIZE PARTITION p INTO (PARTITION q VALUES LESS THAN (5))", "empty"),
        (MY, "ALTER TABLE t ADD PARTITION (PARTITION q VALUES LESS THAN (5))", None),
        (MY, "LOCK TABLES t WRITE", "RowMigration"),
        (PG, "LOCK TABLE t", "RowMigration"),
        (PG, "ALTER TABLE t SET TABLESPACE fast", "pg_repack"),
        (PG, "ALTER TABLE t ALTER COLUMN a ADD GENERATED ALWAYS AS IDENTITY", None),
        (LITE, "CREATE INDEX i ON t (a)", None),
    ],
)
def test_statements_that_lock_long_name_the_online_way(dialect: Dialect, sql: str, way: str | None) -> None:
    found = long_lock(split(sql, dialect)[0], dialect)
    assert (found is None) if way is None else (found is not None and way in found.en)


@pytest.mark.parametrize(
    ("sql", "allowed"),
    [
        ("SELECT COUNT(*) FROM a WHERE b IS NULL", True),
        ("WITH x AS (SELECT 1 AS n) SELECT n FROM x UNION ALL SELECT 2", True),
        ("UPDATE a SET b = 1", False),
        ("WITH x AS (DELETE FROM a RETURNING 1) SELECT * FROM x", False),
        ("SELECT * INTO b FROM a", False),
        ("SELECT * FROM a INTO OUTFILE '/tmp/x'", False),
        ("SELECT * FROM a FOR UPDATE", False),
        ("DROP TABLE a", False),
        ("EXPLAIN ANALYZE DELETE FROM a", False),
    ],
)
def test_a_check_is_one_plain_query(sql: str, allowed: bool) -> None:
    dialect = MY if "OUTFILE" in sql else PG
    assert is_single_query(sql, dialect) is allowed


@pytest.mark.parametrize(
    ("dialect", "sql", "expected"),
    [
        (MY, "ALTER TABLE a ADD b INT", Manner.SELF_COMMITTING),
        (PG, "ALTER TABLE a ADD b INT", Manner.TRANSACTIONAL),
        (LITE, "ALTER TABLE a ADD b INT", Manner.TRANSACTIONAL),
        (PG, "CREATE UNIQUE INDEX CONCURRENTLY i ON a (b)", Manner.SELF_COMMITTING),
        (PG, "VACUUM a", Manner.SELF_COMMITTING),
        (MY, "INSERT INTO a VALUES (1)", Manner.TRANSACTIONAL),
        (MY, "SET @a = 1", Manner.SESSION),
        (MY, "/*!40101 SET NAMES utf8mb4 */", Manner.SESSION),
        (MY, "SELECT 1 INTO @x", Manner.SESSION),
        (MY, "SET autocommit = 0", Manner.CONTROL),
        (MY, "START TRANSACTION", Manner.CONTROL),
        (MY, "LOCK TABLES a WRITE", Manner.CONTROL),
        (PG, "LOCK TABLE a", Manner.TRANSACTIONAL),
        (PG, "COMMIT", Manner.CONTROL),
        (MY, "CALL p()", Manner.SELF_COMMITTING),
        (MY, "USE other", Manner.REFUSED),
        (MY, "source next.sql", Manner.REFUSED),
        (MY, "/*M!999999\\- enable the sandbox mode */ SET @a = 1", Manner.SESSION),
        (PG, "ROLLBACK", Manner.REFUSED),
        (MY, "CREATE TEMPORARY TABLE t (id INT)", Manner.TRANSACTIONAL),
        (MY, "CREATE TABLE t (temporary INT)", Manner.SELF_COMMITTING),
        (MY, "BEGIN NOT ATOMIC SELECT 1; END", Manner.SELF_COMMITTING),
        (MY, "START SLAVE", Manner.SELF_COMMITTING),
        (MY, "STOP REPLICA", Manner.SELF_COMMITTING),
        (MY, "SET NAMES utf8, autocommit = 1", Manner.REFUSED),
        (PG, "ALTER TABLE p DETACH PARTITION q CONCURRENTLY", Manner.SELF_COMMITTING),
        (PG, "REFRESH MATERIALIZED VIEW CONCURRENTLY v", Manner.TRANSACTIONAL),
        (PG, "REINDEX SCHEMA s", Manner.SELF_COMMITTING),
        (PG, "CLUSTER", Manner.SELF_COMMITTING),
        (PG, "CLUSTER t USING i", Manner.TRANSACTIONAL),
        (LITE, "VACUUM", Manner.REFUSED),
    ],
)
def test_every_statement_has_its_manner(dialect: Dialect, sql: str, expected: Manner) -> None:
    assert manner(split(sql, dialect)[0], dialect) is expected
