"""The replay of histories kills inside what is bound, leaves out what is refused, and sees a difference."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from enghub.kit.databases import raw
from enghub.kit.sql.dialect import Dialect
from enghub.upgrade.gateways.databases import scripts
from tools import replay_history
from tools.replay_history import Replay

MY, PG = Dialect.MARIADB, Dialect.POSTGRESQL
BOUND = {
    MY: "CREATE TABLE a (i INT PRIMARY KEY, n INT, at DATETIME(6) DEFAULT NOW(6));\n"
    "CREATE TEMPORARY TABLE t (n INT);\nINSERT INTO t VALUES (7);\nINSERT INTO a (i, n) SELECT 1, n FROM t;\n"
    "SELECT GET_LOCK('x', 1);\nINSERT INTO a (i, n) VALUES (2, 8);",
    PG: "CREATE TABLE a (i INT PRIMARY KEY, n INT, at TIMESTAMPTZ DEFAULT clock_timestamp());\n"
    "BEGIN;\nINSERT INTO a (i, n) VALUES (1, 7);\nUPDATE a SET n = n + 1;\nCOMMIT;\n"
    "SELECT pg_advisory_lock(1);\nINSERT INTO a (i, n) VALUES (2, 8);",
}


def replayed(dialect: Dialect, text: str, folder: Path) -> int:
    file = folder / "1.sql"
    file.write_text(text)
    return replay_history.compare(dialect, [file], folder, Replay(reopen=True, kills=1, seed=5))


@pytest.mark.parametrize("dialect", [MY, PG])
def test_bound_parts_are_killed_inside_and_refused_statements_listed(
    dialect: Dialect, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert replayed(dialect, BOUND[dialect], tmp_path) == 0
    said = capsys.readouterr().out
    assert "and 1 inside bound parts" in said
    assert "bound: 0000/1.sql, lines 2 to " in said
    assert "refused: 0000/1.sql, line " in said
    assert "1 columns of times or random values not compared: " in said
    assert "\n0 differences" in said


def test_a_statement_that_runs_twice_is_seen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = raw.run_raw

    def twice(connection: sa.Connection, sql: str) -> int:
        run(connection, sql)
        return run(connection, sql)

    monkeypatch.setattr(scripts, "run_raw", twice)
    assert replayed(PG, "CREATE TABLE IF NOT EXISTS a (n INT);\nINSERT INTO a VALUES (7);", tmp_path) == 1
    assert "only EngHub has rows of " in capsys.readouterr().out
