"""What statements destroy, and how each must be run so that the journal stays true (UPG-04, UPG-08, UPG-14)."""

import pytest

from enghub.kit.sql.classify import Manner, manner
from enghub.kit.sql.dialect import Dialect
from enghub.kit.sql.lint import Danger, dangers, is_read_only
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
    ],
)
def test_destructive_statements_are_found(dialect: Dialect, sql: str, expected: tuple[Danger, ...]) -> None:
    assert dangers(split(sql, dialect)[0], dialect) == expected


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
    assert is_read_only(split(sql, dialect)[0], dialect) is allowed


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
        (PG, "ROLLBACK", Manner.REFUSED),
        (MY, "CREATE TEMPORARY TABLE t (id INT)", Manner.REFUSED),
        (LITE, "VACUUM", Manner.REFUSED),
    ],
)
def test_every_statement_has_its_manner(dialect: Dialect, sql: str, expected: Manner) -> None:
    assert manner(split(sql, dialect)[0], dialect) is expected
