"""Scripts as they are in the wild become statements (UPG-16)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enghub.kit.sql.dialect import Dialect
from enghub.kit.sql.splitter import SplitError, digest, split

MY, PG, LITE = Dialect.MARIADB, Dialect.POSTGRESQL, Dialect.SQLITE

PROCEDURE = """CREATE DEFINER=`root`@`%` PROCEDURE p(IN n INT)
BEGIN
  DECLARE i INT DEFAULT 0;
  main: LOOP
    IF i > n THEN LEAVE main; END IF;
    CASE i WHEN 1 THEN SET @a = IF(i > 0, 'x;y', "z"); ELSE BEGIN END; END CASE;
    WHILE i < 3 DO SET i = i + CASE WHEN i = 0 THEN 1 ELSE 2 END; END WHILE;
    REPEAT SET i = i + 1; UNTIL i > 5 END REPEAT;
  END LOOP;
  SELECT 1;
END"""


def texts(script: str, dialect: Dialect) -> list[str]:
    return [statement.text for statement in split(script, dialect)]


TRIGGER = """CREATE TRIGGER t AFTER INSERT ON a BEGIN
  UPDATE b SET n = CASE WHEN n > 1 THEN 2 ELSE 3 END;
  DELETE FROM c;
END"""
ATOMIC = """CREATE FUNCTION f() RETURNS int BEGIN ATOMIC
  SELECT CASE WHEN true THEN 1 END;
  SELECT 2;
END"""
RULE = "CREATE RULE r AS ON INSERT TO t DO (INSERT INTO a VALUES (1); INSERT INTO b VALUES (2))"


@pytest.mark.parametrize(
    ("dialect", "statements"),
    [
        (MY, ["SELECT 1", "SELECT 2"]),
        (MY, ["INSERT INTO t VALUES ('a;b', \"c;d\", 'it''s; x', 'y\\'; z')", "SELECT 1"]),
        (MY, ["SELECT `a;b` FROM `t``;`", "SELECT 5--1"]),
        (MY, ["/*!40101 SET NAMES utf8; */", "SELECT 1"]),
        (MY, [PROCEDURE, "CALL p(1)"]),
        (MY, ["CREATE TABLE t (\n delimiter INT, begin INT, end INT)", "SELECT begin FROM t WHERE begin < end"]),
        (MY, ["CREATE TRIGGER t BEFORE INSERT ON x FOR EACH ROW SET NEW.end = NEW.begin", "SELECT 1"]),
        (MY, ["CREATE FUNCTION f() RETURNS INT\nBEGIN RETURN IF(1, 2, 3); END", "SELECT f()"]),
        (MY, ["BEGIN", "UPDATE t SET a = 1", "COMMIT"]),
        (MY, ["CREATE PROCEDURE IF NOT EXISTS p() SELECT 1", "SELECT 2"]),
        (PG, ["DO $$ BEGIN PERFORM 1; END $$", "SELECT $tag$a;$$;b$tag$"]),
        (PG, ["SELECT E'a\\';b', 'c\\'", "SELECT a$b$c FROM t WHERE x = $1"]),
        (PG, [RULE, ATOMIC, "SELECT 3"]),
        (PG, ["SELECT \"a;b\", info #>> '{a,b}' FROM t", "SELECT 2"]),
        (LITE, [TRIGGER, "SELECT [a;b], `c;d`"]),
    ],
)
def test_a_semicolon_ends_a_statement_only_where_it_means_to(dialect: Dialect, statements: list[str]) -> None:
    assert texts(";\n".join(statements) + ";", dialect) == statements
    assert texts(" ; ".join(statements), dialect) == statements


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (f"DELIMITER //\n{PROCEDURE}//\nDELIMITER ;\nCALL p(1);", [PROCEDURE, "CALL p(1)"]),
        (f"delimiter $$\n{PROCEDURE} $$\n  DELIMITER ;\nCALL p(1);", [PROCEDURE, "CALL p(1)"]),
        ("DELIMITER 'MySQL'\nSELECT 1MySQL\ndelimiter ;\nSELECT 2;", ["SELECT 1", "SELECT 2"]),
        ("DELIMITER ;;\nSELECT 1;SELECT 2;;\nDELIMITER ;\n", ["SELECT 1;SELECT 2"]),
        ("DELIMITER @@\nSELECT 1@@\nSELECT 2 @@", ["SELECT 1", "SELECT 2"]),
    ],
)
def test_the_clients_delimiter_command_is_obeyed(script: str, expected: list[str]) -> None:
    assert texts(script, MY) == expected


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("WARNINGS;\nSELECT 1; warnings; SELECT 2;\n  nowarning ;", ["SELECT 1", "SELECT 2"]),
        ("status\nSELECT 1;\nprint", ["SELECT 1"]),
        ("DELIMITER $$\nWARNINGS$$\nwarnings\nSELECT 1$$", ["SELECT 1"]),
        ("SELECT\nwarnings\nFROM status;", ["SELECT\nwarnings\nFROM status"]),
        ("HELP 'SHOW';\nSELECT 1; warnings\n;", ["HELP 'SHOW'", "SELECT 1", "warnings"]),
    ],
)
def test_what_the_client_only_shows_is_passed_over(script: str, expected: list[str]) -> None:
    assert texts(script, MY) == expected


@pytest.mark.parametrize(
    ("dialect", "script", "expected"),
    [
        (MY, "  ;;\n-- only a comment;\n/* and ; another */ ", []),
        (MY, "SELECT 1 -- a; b\n; # c; d\nSELECT 2;", ["SELECT 1", "SELECT 2"]),
        (PG, "/* a /* nested; */ b; */ SELECT 1; SELECT 2;", ["SELECT 1", "SELECT 2"]),
        (LITE, "SELECT 1; -- a; b\n/* c; */ SELECT 2", ["SELECT 1", "SELECT 2"]),
    ],
)
def test_comments_belong_to_no_statement(dialect: Dialect, script: str, expected: list[str]) -> None:
    assert texts(script, dialect) == expected


@pytest.mark.parametrize(
    ("dialect", "script", "reason"),
    [
        (MY, "SELECT 1;\nSELECT 'open", "line 2: a string is never closed"),
        (PG, "/* /* */ SELECT 1;", "line 1: a comment is never closed"),
        (PG, 'SELECT 1; SELECT "open', "line 1: a quoted name is never closed"),
        (MY, "DELIMITER\nSELECT 1;", "line 1: DELIMITER needs a delimiter"),
        (PG, "COPY t FROM stdin;\n1\n\\.\n", "line 1: COPY ... FROM stdin or TO stdout"),
        (PG, "SELECT 1;\n\\connect other", "line 2: client commands"),
        (PG, "SELECT 1 \\gexec", "line 1: client commands"),
        (PG, "SELECT 1 \\g", "line 1: client commands"),
        (PG, "COPY (SELECT 1) TO STDOUT", "line 1: COPY"),
        (MY, "SELECT 1\\G", "line 1: client commands"),
        (MY, "CREATE PROCEDURE p() BEGIN SELECT 1;", "line 1: a BEGIN ... END body or a parenthesis is never closed"),
    ],
)
def test_what_cannot_be_cut_safely_is_refused_with_its_line(dialect: Dialect, script: str, reason: str) -> None:
    with pytest.raises(SplitError) as error:
        split(script, dialect)
    assert str(error.value).startswith(reason)


def test_statements_know_their_number_and_line() -> None:
    found = split("-- head\nSELECT 1;\n\n  SELECT\n 2;", MY)
    assert [(statement.ordinal, statement.line) for statement in found] == [(1, 2), (2, 4)]


def test_the_hash_ignores_layout_and_comments_and_nothing_else() -> None:
    assert digest("SELECT  1,\n 'a  b' -- why", MY) == digest("SELECT 1, 'a  b'", MY)
    assert digest("SELECT 'a  b'", MY) != digest("SELECT 'a b'", MY)
    assert digest("SELECT 1", MY) != digest("select 1", MY)


pieces = st.lists(
    st.sampled_from(
        ["SELECT 1", "INSERT INTO t VALUES ('a;b')", "UPDATE t SET x = \"q;\" WHERE y = 'it''s'", "DELETE FROM `a;b`"]
    ),
    min_size=1,
    max_size=8,
)


@given(pieces, st.sampled_from([";", " ;\n", ";;", "; -- c;\n", ";/* ; */"]))
def test_joining_and_splitting_gives_the_same_statements(parts: list[str], glue: str) -> None:
    assert texts(glue.join(parts) + glue, MY) == parts


@given(st.text(alphabet="ab'\"`;$-/*\n #\\(){}", max_size=60), st.sampled_from([MY, PG, LITE]))
def test_any_text_is_either_cut_or_refused(text: str, dialect: Dialect) -> None:
    try:
        found = split(text, dialect)
    except SplitError:
        return
    assert all(statement.text.strip() and statement.text in text for statement in found)


@pytest.mark.parametrize(("dialect", "kept"), [(Dialect.MARIADB, "a\nb"), (Dialect.POSTGRESQL, "a\r\nb")])
def test_ends_of_lines_within_texts_and_bodies_are_what_the_official_client_sends(dialect: Dialect, kept: str) -> None:
    """`SELECT HEX('a<CR><LF>b')` of a file: 610A62 by the client `mariadb`, 610d0a62 by psql."""
    if dialect.is_mysql:
        text = "SELECT 'a\r\nb';\r\nDELIMITER $$\r\nCREATE PROCEDURE p()\r\nSELECT 'a\r\nb'$$\r\n"
    else:
        text = "SELECT 'a\r\nb';\r\nCREATE FUNCTION p() RETURNS text AS $$SELECT 'a\r\nb'$$ LANGUAGE sql;\r\n"
    found = split(text, dialect)
    assert [one.line for one in found] == ([1, 4] if dialect.is_mysql else [1, 3])
    assert all(f"SELECT '{kept}'" in one.text for one in found)
