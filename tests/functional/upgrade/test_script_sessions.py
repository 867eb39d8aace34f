"""A script that stops anywhere goes on as if its session had never ended (UPG-08, UPG-16; cases U1 to U11)."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

from enghub.kit.databases.session import Address
from enghub.kit.databases.state import modes_of
from enghub.kit.sql.dialect import Dialect
from enghub.kit.sql.splitter import split
from enghub.kit.work.errors import WorkFailed
from enghub.kit.work.slices import Budget
from enghub.upgrade.gateways.databases.kinds import databases_of
from enghub.upgrade.gateways.databases.scripts import Outcome, Script, ScriptRunner
from tests import databases
from tests.databases import sql

MY, PG, LITE = Dialect.MARIADB, Dialect.POSTGRESQL, Dialect.SQLITE


class Killed(BaseException):
    """The worker is gone: no handler of errors sees it."""


@dataclass
class Worker:
    """Runs scripts, each slice on a connection of its own."""

    address: Address
    whole: bool = False
    decision: str | None = None

    def run(self, *scripts: str, kill: int = 0, slices: bool = True) -> Outcome:
        """Run to the end; with `slices` a session ends after every part, with `kill` the n-th point is the last."""
        passed = 0

        def point(name: str) -> None:
            nonlocal passed
            passed += 1
            if passed == kill:
                raise Killed(name)

        outcome = Outcome(finished=True)
        for number, text in enumerate(scripts):
            while True:
                budget = Budget.of(0 if slices else 600, 600)
                with databases_of(self.address, 1).writer(budget) as session:
                    script = Script(
                        f"{number}.sql",
                        split(text, self.address.dialect, modes_of(session.connection, self.address.dialect)),
                    )
                    runner = ScriptRunner(session, "v/step", "E", budget, self.whole, self.decision, point)
                    outcome = runner.run(script)
                if outcome.finished:
                    break
        return outcome

    def points(self, *scripts: str) -> int:
        """Return how many points an undisturbed run passes."""
        count = 0

        def point(_: str) -> None:
            nonlocal count
            count += 1

        for number, text in enumerate(scripts):
            budget = Budget.of(600, 600)
            with databases_of(self.address, 1).writer(budget) as session:
                script = Script(f"{number}.sql", split(text, self.address.dialect))
                ScriptRunner(session, "v/step", "E", budget, self.whole, None, point).run(script)
        return count


SESSIONS = tomllib.loads((Path(__file__).parents[2] / "data/script_sessions.toml").read_text())["session"]
Case = tuple[Dialect, str, str, list[list[str]]]
KEPT: list[Case] = [(Dialect(one["dialect"]), one["script"], one["query"], one["expected"]) for one in SESSIONS]


def texts(address: Address, query: str) -> list[list[str]]:
    return [[str(value) for value in row] for row in sql(address, query)]


@pytest.mark.parametrize(
    ("dialect", "script", "query", "expected"), KEPT, ids=[f"{k[0]}-{n}" for n, k in enumerate(KEPT)]
)
@pytest.mark.parametrize("whole", [False, True], ids=["statement", "script"])
def test_what_a_session_holds_outlives_it(
    dialect: Dialect, script: str, query: str, expected: list[list[str]], whole: bool, tmp_path: Path
) -> None:
    if whole and dialect.is_mysql:
        return
    with databases.database(dialect, tmp_path) as address:
        Worker(address, whole).run(script)
        assert texts(address, query) == expected


@pytest.mark.parametrize(
    ("dialect", "script", "query", "expected"), KEPT, ids=[f"{k[0]}-{n}" for n, k in enumerate(KEPT)]
)
def test_a_kill_between_any_two_statements_changes_nothing(
    dialect: Dialect,
    script: str,
    query: str,
    expected: list[list[str]],
    tmp_path: Path,
    pytestconfig: pytest.Config,
) -> None:
    with databases.database(dialect, tmp_path) as address:
        count = Worker(address).points(script)
    every = pytestconfig.getoption("--campaign")
    for number in range(1, count + 1) if every else sorted({count // 2, count - 1, count} - {0}):
        with databases.database(dialect, tmp_path) as address:
            with pytest.raises(Killed) as killed:
                Worker(address).run(script, kill=number, slices=False)
            decision = "again" if killed.value.args == ("intent",) else "applied"  # a person looked, where one has to
            Worker(address, decision=decision).run(script)
            assert texts(address, query) == expected, f"killed at point {number} of {count}"


def test_every_result_of_a_procedure_is_read(tmp_path: Path) -> None:
    guard = (
        "CREATE TABLE a (i INT PRIMARY KEY);\nDELIMITER //\nCREATE PROCEDURE guard() BEGIN SELECT 'checking'; "
        "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'stop'; END//\nDELIMITER ;\nCALL guard(); INSERT INTO a VALUES (2);"
    )
    with databases.database(MY, tmp_path) as address:
        with pytest.raises(WorkFailed, match=r"statement 3 of 4 .* failed: .*stop"):
            Worker(address).run(guard)
        assert sql(address, "SELECT COUNT(*) FROM a") == [(0,)]


def test_a_script_leaves_its_session_to_no_other(tmp_path: Path) -> None:
    with databases.database(MY, tmp_path) as address, pytest.raises(WorkFailed, match="1406"):
        Worker(address).run("SET sql_mode = ''; CREATE TABLE a (s VARCHAR(2));", "INSERT INTO a VALUES ('abc');")


SWAPS = {
    "partition": (
        "CREATE TABLE part (i INT) PARTITION BY RANGE (i) (PARTITION p0 VALUES LESS THAN (10)); "
        "CREATE TABLE one (i INT); INSERT INTO part VALUES (1); INSERT INTO one VALUES (2); "
        "ALTER TABLE part EXCHANGE PARTITION p0 WITH TABLE one;"
    ),
    "ring": (
        "CREATE TABLE part (i INT); CREATE TABLE one (i INT); INSERT INTO part VALUES (1); INSERT INTO one VALUES (2); "
        "RENAME TABLE part TO x, one TO part, x TO one;"
    ),
}


@pytest.mark.parametrize("script", SWAPS.values(), ids=SWAPS)
@pytest.mark.parametrize("after", [0, 1, 2], ids=["intent", "effect", "done"])
def test_what_was_swapped_is_not_swapped_back(script: str, after: int, tmp_path: Path) -> None:
    with databases.database(MY, tmp_path) as address:
        count = Worker(address).points(script)
    with databases.database(MY, tmp_path) as address:
        with pytest.raises(Killed):
            Worker(address).run(script, kill=count - 2 + after, slices=False)
        Worker(address).run(script)
        assert sql(address, "SELECT (SELECT i FROM part), (SELECT i FROM one)") == [(2, 1)]


def test_without_the_right_to_see_identities_a_swap_is_in_doubt(tmp_path: Path) -> None:
    with databases.database(MY, tmp_path) as address:
        name = str(address.url.database)[:20]
        sql(
            address,
            f"CREATE USER '{name}'@'%' IDENTIFIED BY 'x'",
            f"GRANT ALL ON {address.url.database}.* TO '{name}'@'%'",
        )
        small = Address(MY, address.url.set(username=name, password="x"))
        count = Worker(small).points(SWAPS["ring"])
        sql(address, "DROP TABLE part, one", "DELETE FROM enghub_upgrade_statement")
        with pytest.raises(Killed):
            Worker(small).run(SWAPS["ring"], kill=count - 1, slices=False)
        with pytest.raises(WorkFailed, match="catalog cannot show"):
            Worker(small).run(SWAPS["ring"])
        Worker(small, decision="applied").run(SWAPS["ring"])
        assert sql(address, "SELECT i FROM part") == [(2,)]
        sql(address, f"DROP USER '{name}'@'%'")


def test_another_role_does_not_need_rights_on_the_journal(tmp_path: Path) -> None:
    with databases.database(PG, tmp_path) as address:
        role = f"r_{address.url.database}"
        sql(address, f"CREATE ROLE {role}", f"GRANT CREATE ON SCHEMA public TO {role}")
        for whole in (False, True):
            script = f"SET ROLE {role}; CREATE TABLE t{int(whole)} (i int); CREATE TABLE u{int(whole)} (i int);"
            with databases_of(address, 1).writer(Budget.of(0, 600)) as session:
                runner = ScriptRunner(session, "v/step", "E", Budget.of(0, 600), whole)
                todo = Script(f"role{whole}.sql", split(script, PG))
                runner.run(todo)
            while True:
                with databases_of(address, 1).writer(Budget.of(0, 600)) as session:
                    if ScriptRunner(session, "v/step", "E", Budget.of(0, 600), whole).run(todo).finished:
                        break
        owners = sql(address, "SELECT DISTINCT tableowner FROM pg_tables WHERE tablename IN ('t0', 'u0', 't1', 'u1')")
        assert owners == [(role,)]
        sql(address, f"DROP OWNED BY {role}", f"DROP ROLE {role}")


def test_a_routine_keeps_the_mode_of_its_site(tmp_path: Path) -> None:
    with databases.database(MY, tmp_path) as address:
        before = sql(address, "SELECT @@sql_mode")
        Worker(address).run("CREATE PROCEDURE p() SELECT 1;")
        assert (
            sql(address, "SELECT SQL_MODE FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE()") == before
        )


@pytest.mark.parametrize(
    ("dialect", "script", "why"),
    [
        (
            MY,
            "CREATE TEMPORARY TABLE x (i INT); CREATE TABLE y (i INT); INSERT INTO x VALUES (1);",
            "temporary object X",
        ),
        (MY, "CREATE TEMPORARY TABLE x (i INT); DROP TABLE x, first_one;", "temporary object X"),
        (MY, "CREATE TABLE y (i INT); INSERT INTO y SELECT ROW_COUNT ();", "the statement before it"),
        (MY, "source other.sql\nSELECT 1;", "the database's client"),
        (MY, "SELECT GET_LOCK('enghub', 1);", "locks of the session"),
        (MY, "USE other;", "changes the database"),
        (MY, "SET autocommit = 1, sql_mode = '';", "autocommit"),
        (MY, "START TRANSACTION READ ONLY; COMMIT;", "reads only"),
        (MY, "SAVEPOINT a;", "no transaction"),
        (MY, "FLUSH TABLES WITH READ LOCK;", "locks of the session"),
        (PG, "SELECT pg_advisory_lock(7305808867225637);", "locks of the session"),
        (PG, "SELECT pg_advisory_unlock_all();", "locks of the session"),
        (PG, "DISCARD ALL;", "whole state"),
        (PG, "PREPARE TRANSACTION 'x';", "two phases"),
        (PG, "CREATE TEMP TABLE x (i int); VACUUM; INSERT INTO x VALUES (1);", "one connection"),
    ],
)
def test_what_cannot_be_kept_is_refused_before_anything_runs(
    dialect: Dialect, script: str, why: str, tmp_path: Path
) -> None:
    with databases.database(dialect, tmp_path) as address:
        with pytest.raises(WorkFailed, match=why):
            Worker(address).run(f"CREATE TABLE first_one (i int); {script}")
        with pytest.raises(Exception, match="first_one"):
            sql(address, "SELECT * FROM first_one")


def test_the_sites_own_database_may_be_named(tmp_path: Path) -> None:
    with databases.database(MY, tmp_path) as address:
        Worker(address).run(f"USE `{address.url.database}`; CREATE TABLE t (i INT);")
        assert sql(address, "SELECT COUNT(*) FROM t") == [(0,)]
