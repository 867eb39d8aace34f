"""Queries that manifests declare only ask, and stay where they are put (UPG-14; cases S1 to S3)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enghub.kit.databases.objects import makes_statements, names_database
from enghub.kit.sql.dialect import Dialect
from enghub.kit.sql.gate import is_single_query, leaves_its_place, why_no_condition
from enghub.kit.sql.splitter import SplitError, split

MY, PG, LITE, CH = Dialect.MARIADB, Dialect.POSTGRESQL, Dialect.SQLITE, Dialect.CLICKHOUSE


@pytest.mark.parametrize(
    ("dialect", "where"),
    [
        (PG, "1=1); commit; insert into victim values(666); select count(*) from t where (1=1"),
        (PG, "1=1) UNION SELECT 1 FROM pg_shadow WHERE (1=1"),
        (PG, "1=1 -- )"),
        (PG, "1=1 /* ) */"),
        (PG, "a = 'open"),
        (PG, "a = $x$ ; $y$"),
        (PG, "pg_sleep(9) IS NULL"),
        (PG, "EXISTS (SELECT pg_read_file('/etc/passwd'))"),
        (PG, "(SELECT lo_import('/etc/passwd')) > 0"),
        (PG, "nextval('s') > 0"),
        (PG, "x IN (SELECT 1 FROM dblink('host=db', 'DROP TABLE t') AS d(i int))"),
        (PG, "EXISTS (WITH d AS (DELETE FROM t RETURNING 1) SELECT 1 FROM d)"),
        (PG, "EXISTS (SELECT 1 FROM t FOR UPDATE)"),
        (PG, "pg_advisory_lock(7305808867225637) IS NULL"),
        (PG, "app.anything() = 1"),
        (MY, "1=1) into outfile 'x.txt' -- "),
        (MY, "1=1 # )"),
        (MY, "1 /*!50000 = 2 */"),
        (MY, "1 /*M! = 2 */"),
        (MY, "SLEEP(9) = 0"),
        (MY, "BENCHMARK(1e9, 1) = 0"),
        (MY, "LOAD_FILE('/etc/passwd') IS NULL"),
        (MY, "GET_LOCK('enghub', 1) = 1"),
        (MY, "(@a := 1) = 1"),
        (LITE, "load_extension('x') IS NULL"),
        (LITE, "length(zeroblob(900000000)) > 0 AND randomblob(9) IS NULL"),
        (CH, "1 IN (SELECT 1 FROM url('http://x', CSV, 'a Int8'))"),
        (CH, "file('/etc/passwd') = ''"),
    ],
)
def test_a_condition_that_does_more_is_refused(dialect: Dialect, where: str) -> None:
    assert why_no_condition(where, dialect) is not None


@pytest.mark.parametrize(
    ("dialect", "where"),
    [
        (PG, "state = 'NEW' AND (amount > 0 OR note IS NULL)"),
        (PG, "note ~ '^[a-z]+$' AND data->>'k' = 'v'"),
        (PG, "created_at < now() - interval '1 day'"),
        (PG, "note = 'a); drop table x; --'"),
        (PG, "id IN (SELECT order_id FROM lines WHERE qty::int > 3)"),
        (MY, "`state` = 'NEW' AND note REGEXP '[[:cntrl:]]'"),
        (MY, "DATE_FORMAT(created, '%Y') = '2026' AND IFNULL(x, 0) = 0"),
        (LITE, "length(name) > 3 AND typeof(x) = 'text'"),
        (CH, "toInt64OrNull(x) IS NULL AND notEmpty(y)"),
    ],
)
def test_a_condition_is_taken(dialect: Dialect, where: str) -> None:
    assert why_no_condition(where, dialect) is None


@pytest.mark.parametrize(
    ("dialect", "sql"),
    [
        (MY, "select 1 /*!50000 into outfile 'x.txt' */"),
        (MY, "select 1 /*M!100000 into outfile 'x.txt' */"),
        (MY, "SELECT 1; SELECT 2"),
        (PG, "SELECT pg_reload_conf()"),
        (PG, "SELECT 1 INTO x"),
        (PG, "COPY t TO PROGRAM 'sh'"),
        (PG, "SELECT set_config('a.b', '1', false)"),
        (PG, "SELECT query_to_xml('DELETE FROM t', true, true, '')"),
    ],
)
def test_a_query_that_acts_is_refused(dialect: Dialect, sql: str) -> None:
    assert not is_single_query(sql, dialect)


@given(st.text(alphabet="()ab'\"`;-/*#$1= \\", max_size=24), st.sampled_from([MY, PG, LITE]))
def test_what_stays_in_its_place_leaves_the_parentheses_around_it_closed(text: str, dialect: Dialect) -> None:
    if leaves_its_place(text, dialect):
        return
    try:
        statements = split(f"SELECT ({text}) AS x; SELECT 2", dialect)
    except SplitError:
        return
    assert len(statements) == 2


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("UPDATE prod/**/.t SET c=1", True),
        ("UPDATE prod -- x\n.t SET c=1", True),
        ("UPDATE prod # x\n . t SET c=1", True),
        ("UPDATE `PROD`.t SET c=1", True),
        ('UPDATE "prod".t SET c=1', True),
        ("/*!50000 UPDATE prod.t SET c=1 */", True),
        ("INSERT INTO x SELECT * FROM prod.t", True),
        ("USE prod", True),
        ("SELECT 'prod.t'", False),
        ("UPDATE t SET prod = 1", False),
        ("SELECT a.prod.b FROM a", False),
    ],
)
def test_another_databases_name_is_found_by_tokens(sql: str, names: bool) -> None:
    assert names_database(sql, MY, "prod") is names


def test_statements_made_while_running_are_found() -> None:
    assert makes_statements("PREPARE s FROM CONCAT('UPDATE pro', 'd.t SET c = 1')", MY)
    assert makes_statements("/*!50000 EXECUTE IMMEDIATE 'x' */", MY)
    assert not makes_statements("SELECT 'PREPARE'", MY)
