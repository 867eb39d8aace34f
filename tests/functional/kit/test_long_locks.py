"""Statements that are told to lock long do, and the others do not: measured on the real servers (UPG-04)."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from enghub.kit.sql.dialect import Dialect
from enghub.kit.sql.locks import long_lock
from enghub.kit.sql.splitter import split
from tests import databases

KEEPS_WRITERS_OUT = {"ShareLock", "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock"}
POSTGRESQL = """
ALTER TABLE t ADD COLUMN n int
ALTER TABLE t ADD COLUMN n int NOT NULL DEFAULT 3
ALTER TABLE t ADD COLUMN n timestamptz DEFAULT now()
ALTER TABLE t ADD COLUMN n float DEFAULT random()
ALTER TABLE t ADD COLUMN n uuid DEFAULT gen_random_uuid()
ALTER TABLE t ADD COLUMN n bigserial
ALTER TABLE t ADD COLUMN n bigint GENERATED ALWAYS AS IDENTITY
ALTER TABLE t ADD COLUMN n int GENERATED ALWAYS AS (a + 1) STORED
ALTER TABLE t ADD COLUMN n int REFERENCES p (id)
ALTER TABLE t ADD COLUMN n int DEFAULT 1 REFERENCES p (id)
ALTER TABLE t ADD COLUMN n int CHECK (n > 0)
ALTER TABLE t ADD COLUMN n int UNIQUE
ALTER TABLE t DROP COLUMN b
ALTER TABLE t ALTER COLUMN a TYPE bigint
ALTER TABLE t ALTER COLUMN v TYPE varchar(10)
ALTER TABLE t ALTER COLUMN a SET NOT NULL
ALTER TABLE t ALTER COLUMN a SET DEFAULT 4
ALTER TABLE t ADD CHECK (a > 0)
ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID
ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES p (id)
ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES p (id) NOT VALID
ALTER TABLE t VALIDATE CONSTRAINT unchecked
ALTER TABLE t ADD UNIQUE (a)
ALTER TABLE t ADD PRIMARY KEY (id)
ALTER TABLE t ADD CONSTRAINT u UNIQUE USING INDEX made
ALTER TABLE t ADD CONSTRAINT x EXCLUDE USING btree (a WITH =)
ALTER TABLE t SET UNLOGGED
ALTER TABLE t RENAME COLUMN a TO z
ALTER TABLE t SET (fillfactor = 50)
ALTER TABLE parted ATTACH PARTITION child FOR VALUES FROM (0) TO (1000)
CREATE INDEX i ON t (a)
CREATE UNIQUE INDEX IF NOT EXISTS i ON t (a)
DROP INDEX ix
REINDEX TABLE t
CLUSTER t USING ix
COMMENT ON TABLE t IS 'x'
""".strip().splitlines()
MARIADB = """
ALTER TABLE t ADD COLUMN n INT NOT NULL DEFAULT 3
ALTER TABLE t ADD COLUMN n INT AFTER id
ALTER TABLE t ADD COLUMN n INT AS (a + 1) VIRTUAL
ALTER TABLE t ADD COLUMN n INT AS (a + 1) STORED
ALTER TABLE t ADD COLUMN n INT AUTO_INCREMENT UNIQUE
ALTER TABLE t DROP COLUMN b
ALTER TABLE t RENAME COLUMN a TO z
ALTER TABLE t ALTER COLUMN a SET DEFAULT 3
ALTER TABLE t ADD INDEX i (a)
ALTER TABLE t ADD UNIQUE u (a)
ALTER TABLE t ADD FULLTEXT i (v)
ALTER TABLE t RENAME INDEX ix TO iy
ALTER TABLE t DROP INDEX ix
ALTER TABLE t MODIFY a BIGINT
ALTER TABLE t CHANGE a z BIGINT
ALTER TABLE t CONVERT TO CHARACTER SET latin1
ALTER TABLE t DROP PRIMARY KEY
ALTER TABLE t DROP PRIMARY KEY, ADD PRIMARY KEY (id, a)
ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0)
ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES p (id)
ALTER TABLE t ADD SYSTEM VERSIONING
ALTER TABLE t AUTO_INCREMENT = 100
ALTER TABLE t COMMENT = 'x'
ALTER TABLE t FORCE
""".strip().splitlines()


def is_told(sql: str, dialect: Dialect) -> bool:
    return long_lock(split(sql, dialect)[0], dialect) is not None


@pytest.fixture(scope="module")
def postgresql() -> Iterator[sa.Connection]:
    with databases.database(Dialect.POSTGRESQL, Path()) as address:
        engine = sa.create_engine(address.url, poolclass=sa.NullPool)
        with engine.connect() as connection:
            for sql in (
                "CREATE TABLE p (id int PRIMARY KEY)",
                "CREATE TABLE t (id int NOT NULL, a int, b int, v varchar(50))",
                "CREATE INDEX ix ON t (b)",
                "CREATE UNIQUE INDEX made ON t (a)",
                "CREATE TABLE parted (id int NOT NULL) PARTITION BY RANGE (id)",
                "CREATE TABLE child (id int NOT NULL)",
                "INSERT INTO child SELECT generate_series(1, 500)",
                "INSERT INTO p SELECT generate_series(1, 500)",
                "INSERT INTO t SELECT g, g, g, 'x' FROM generate_series(1, 500) g",
                "ALTER TABLE t ADD CONSTRAINT unchecked CHECK (a < 1000) NOT VALID",
            ):
                connection.exec_driver_sql(sql)
            connection.commit()
            yield connection
        engine.dispose()


@pytest.mark.parametrize("sql", POSTGRESQL)
def test_postgresql_reads_every_row_under_a_lock_where_we_say_so(postgresql: sa.Connection, sql: str) -> None:
    locks = "SELECT mode FROM pg_locks WHERE pid = pg_backend_pid() AND relation IN ('t'::regclass, 'child'::regclass)"
    reads = "SELECT COALESCE(sum(seq_tup_read), 0) FROM pg_stat_xact_user_tables WHERE relname IN ('t', 'child')"
    try:
        before = int(postgresql.exec_driver_sql(reads).scalar_one())
        postgresql.exec_driver_sql(sql)
        out = {str(mode) for mode in postgresql.exec_driver_sql(locks).scalars()} & KEEPS_WRITERS_OUT
        every_row = int(postgresql.exec_driver_sql(reads).scalar_one()) - before >= 500
    finally:
        postgresql.rollback()
    assert is_told(sql, Dialect.POSTGRESQL) is (bool(out) and every_row)


@pytest.fixture(scope="module")
def mariadb() -> Iterator[sa.Connection]:
    with databases.database(Dialect.MARIADB, Path()) as address:
        engine = sa.create_engine(address.url, poolclass=sa.NullPool)
        with engine.connect() as connection:
            connection.exec_driver_sql("CREATE TABLE p (id INT PRIMARY KEY)")
            yield connection
        engine.dispose()


@pytest.mark.parametrize("sql", MARIADB)
def test_mariadb_refuses_to_do_without_a_lock_what_we_say_locks(mariadb: sa.Connection, sql: str) -> None:
    mariadb.exec_driver_sql("DROP TABLE IF EXISTS t")
    mariadb.exec_driver_sql(
        "CREATE TABLE t (id INT PRIMARY KEY, a INT, b INT, v VARCHAR(50), KEY ix (a)) CHARSET utf8mb4"
    )
    asked = sql.replace("ALTER TABLE t ", "ALTER TABLE t ALGORITHM=INPLACE, LOCK=NONE, ")
    try:
        mariadb.exec_driver_sql(asked)
        why = ""
    except sa.exc.DBAPIError as error:
        why = str(error.orig)
    assert is_told(sql, Dialect.MARIADB) is ("LOCK=" in why or "ALGORITHM=" in why), why
    assert not is_told(asked, Dialect.MARIADB), "a statement that asks for it is refused by the server, and never locks"
