"""ClickHouse by its own adapter, on the real engine: no transactions, yet nothing twice, nothing lost (UPG-19)."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
import sqlalchemy as sa

from enghub.kit.databases.session import Address
from enghub.kit.work.errors import Superseded, WorkFailed
from enghub.kit.work.slices import Budget, Slice, SliceState
from enghub.upgrade.gateways.databases.kinds import databases_of
from enghub.upgrade.stepping.hooks import Hooks
from enghub.upgrade.stepping.step import Facts, Step, StepContext
from enghub.upgrade.steps.business_check import BusinessCheck
from enghub.upgrade.steps.health_check import HealthChecks
from enghub.upgrade.steps.row_migration import RowMigration
from enghub.upgrade.steps.sql_scripts import SqlScripts
from enghub.upgrade.steps.verification import Verification
from tests import databases
from tests.databases import sql
from tests.factories import upgrade as factory
from tests.functional.upgrade.conftest import Upgrade

FACTS = Facts("acme", "01EXECUTION", "EU", "test", "2.16.4", "2.16.5", "2.16.5", "step", "startup_pre_process")
SCRIPT = """
-- statistics of the year; with a view
CREATE TABLE facts_v2 (id UInt64, name String) ENGINE = MergeTree ORDER BY id;
ALTER TABLE facts ADD COLUMN note String DEFAULT 'a;b';
INSERT INTO facts (id, name, amount) VALUES (901, 'one''s', '7'), (902, '100% sure', '8');
ALTER TABLE facts UPDATE note = concat(note, '+') WHERE id % 2 = 0;
CREATE VIEW open_facts AS SELECT id FROM facts WHERE id > 3;
DELETE FROM facts WHERE id = 5;
RENAME TABLE old_name TO new_name;
"""
AROUND_THE_INSERT, SECOND_BATCH = slice(6, 10), slice(4, 10)
"""Which kills `make test` tries; `make campaign` tries all."""


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.fixture
def address() -> Iterator[Address]:
    with databases.clickhouse() as found:
        prepare(found)
        yield found


def prepare(address: Address) -> None:
    sql(
        address,
        "CREATE TABLE facts (id UInt64, name String, amount String) ENGINE = MergeTree ORDER BY id",
        "INSERT INTO facts SELECT number, concat('n', toString(number)), toString(number) FROM numbers(1, 100)",
        "CREATE TABLE old_name (id UInt8) ENGINE = MergeTree ORDER BY id",
        "CREATE TABLE moved (id UInt64, cents Int64) ENGINE = MergeTree ORDER BY id "
        "SETTINGS non_replicated_deduplication_window = 1000",
    )


def context(address: Address, parameters: Mapping[str, Any], token: int = 1, **changes: Any) -> StepContext:
    values = {"facts": FACTS, "parameters": parameters, "hooks": Hooks({}), "budget": Budget.of(30, 60), **changes}
    return StepContext(script=lambda _: SCRIPT, databases=databases_of(address, token), **values)


def run(step: Step, address: Address, parameters: Mapping[str, Any], **changes: Any) -> Slice:
    assert step.validate(parameters) == ()
    return step.run(context(address, parameters, **changes), {})


def killed_at(number: int) -> tuple[Callable[[str], None], list[str]]:
    passed: list[str] = []

    def point(name: str) -> None:
        passed.append(name)
        if len(passed) == number:
            raise Killed

    return point, passed


def state_of(address: Address) -> dict[str, Any]:
    names = [row[0] for row in sql(address, "SELECT name FROM system.tables WHERE database = currentDatabase()")]
    own = sorted(name for name in names if not name.startswith("enghub_upgrade"))
    return {name: sorted(sql(address, f"SELECT * FROM {name}")) for name in own}


def test_rules_count_and_a_reader_cannot_write(address: Address) -> None:
    sql(address, "INSERT INTO facts VALUES (200, '', 'x')")
    checks = [
        {"id": "sql", "sql": "SELECT count() FROM facts WHERE amount = 'x'", "threshold": 1},
        {"id": "blank", "rule": "not_blank", "table": "facts", "column": "name", "threshold": 1},
        {"id": "number", "rule": "type", "table": "facts", "column": "amount", "wanted": "integer", "threshold": 1},
        {"id": "unique", "rule": "unique", "table": "facts", "columns": ["id"]},
    ]
    found = run(BusinessCheck(), address, {"checks": checks})
    assert [check["count"] for check in found.result["checks"]] == [1, 1, 1, 0]
    with (
        databases_of(address, 1).reader(5) as session,
        pytest.raises(sa.exc.DBAPIError, match="READONLY"),
    ):
        session.scalar("INSERT INTO facts VALUES (1, 'a', '1')")


def test_health_and_verification_read_it(address: Address) -> None:
    check = {"health_checks": [{"name": "database", "kind": "database"}]}
    assert run(HealthChecks(), address, check).result["health_checks"][0]["healthy"]
    sums = {"name": "rows", "left": {"table": "facts"}, "value": 100}
    rules = ["check_table_structure", "check_data_integrity"]
    found = run(
        Verification(), address, {"comparisons": [sums], "verification_rules": rules, "tables": {"facts": ["id"]}}
    )
    assert all(outcome["passed"] for outcome in found.result["verification"])


def test_a_script_runs_once(address: Address) -> None:
    first = run(SqlScripts(), address, {"sql_scripts": ["a.sql"]})
    after = state_of(address)
    again = run(SqlScripts(), address, {"sql_scripts": ["a.sql"]})
    assert first.result["scripts"][0]["ran"] == 7
    assert again.result == first.result
    assert state_of(address) == after
    assert (902, "100% sure", "8", "a;b+") in after["facts"]
    assert "new_name" in after


def points_of(passed: list[str], whole: bool, sample: slice) -> list[int]:
    """Return where to kill: at every point that an undisturbed run passed, or at those of `sample`."""
    numbers = list(range(1, len(passed) + 1))
    return numbers if whole else numbers[sample]


def test_a_script_killed_anywhere_is_finished_by_the_next_run_or_says_that_it_is_in_doubt(
    pytestconfig: pytest.Config,
) -> None:
    with databases.clickhouse() as undisturbed:
        prepare(undisturbed)
        point, whole = killed_at(0)
        run(SqlScripts(), undisturbed, {"sql_scripts": ["a.sql"]}, point=point)
        wanted = state_of(undisturbed)
    kinds, doubts = set(), []
    for number in points_of(whole, pytestconfig.getoption("--campaign"), AROUND_THE_INSERT):
        with databases.clickhouse() as address:
            prepare(address)
            point, passed = killed_at(number)
            with pytest.raises(Killed):
                run(SqlScripts(), address, {"sql_scripts": ["a.sql"]}, point=point)
            kinds.add(passed[-1])
            try:
                run(SqlScripts(), address, {"sql_scripts": ["a.sql"]}, token=2)
            except WorkFailed as doubt:  # only the INSERT, of which nobody can tell whether it is there whole
                doubts.append((passed[-1], "`INSERT INTO facts" in doubt.text.en))
                run(SqlScripts(), address, {"sql_scripts": ["a.sql"]}, token=3, decision="applied")
            assert state_of(address) == wanted, (number, passed[-1])
    assert kinds == {"intent", "effect", "journalled"}
    assert doubts == [("effect", True)]


MIGRATION = {
    "migrations": [
        {
            "name": "cents",
            "source": "facts",
            "target": "moved",
            "batch_size": 29,
            "max_batch_size": 29,
            "mapping": {"id": "id", "cents": {"expression": "toInt64(amount) * 100"}},
            "max_failed_rows": 2,
        }
    ]
}


def test_rows_killed_anywhere_arrive_once(pytestconfig: pytest.Config) -> None:
    with databases.clickhouse() as undisturbed:
        prepare(undisturbed)
        point, whole = killed_at(0)
        run(RowMigration(), undisturbed, MIGRATION, point=point)
    kinds = set()
    wanted = [(n, n * 100) for n in range(1, 101)]
    for number in points_of(whole, pytestconfig.getoption("--campaign"), SECOND_BATCH):
        with databases.clickhouse() as other:
            prepare(other)
            point, passed = killed_at(number)
            with pytest.raises(Killed):
                run(RowMigration(), other, MIGRATION, point=point)
            kinds.add(passed[-1])
            found = run(RowMigration(), other, MIGRATION, token=2)
            assert sql(other, "SELECT id, cents FROM moved ORDER BY id") == wanted
            assert found.result["migrations"][0]["moved"] == 100
    assert kinds == {"slice planned", "rows", "checkpoint", "batch"}


def test_a_row_that_cannot_be_converted_is_kept_and_the_others_arrive(address: Address) -> None:
    sql(address, "INSERT INTO facts VALUES (200, 'bad', 'x'), (201, 'good', '5')")
    found = run(RowMigration(), address, MIGRATION)
    assert (found.result["migrations"][0]["moved"], found.result["migrations"][0]["failed"]) == (101, 1)
    assert sql(address, "SELECT count(), uniqExact(id) FROM moved") == [(101, 101)]
    assert sql(address, "SELECT row_key FROM enghub_upgrade_failed_row") == [("[200]",)]


def test_a_target_that_cannot_recognise_repeats_is_refused(address: Address) -> None:
    sql(address, "CREATE TABLE plain (id UInt64, cents Int64) ENGINE = MergeTree ORDER BY id")
    changed = {"migrations": [{**MIGRATION["migrations"][0], "target": "plain"}]}
    with pytest.raises(WorkFailed, match="non_replicated_deduplication_window"):
        run(RowMigration(), address, changed)


@pytest.mark.parametrize("change", [{"target": "facts", "mapping": {"name": "amount"}}, {"on_conflict": "update"}])
def test_what_clickhouse_has_not_is_refused_with_what_to_do(address: Address, change: dict[str, Any]) -> None:
    with pytest.raises(WorkFailed, match="ClickHouse has no"):
        run(RowMigration(), address, {"migrations": [{**MIGRATION["migrations"][0], **change}]})


def test_an_older_worker_is_stopped(address: Address) -> None:
    run(SqlScripts(), address, {"sql_scripts": ["a.sql"]}, token=5)
    with pytest.raises(Superseded):
        run(SqlScripts(), address, {"sql_scripts": ["a.sql"]}, token=4)


def test_slices_end_when_their_time_is_over(address: Address) -> None:
    first = run(RowMigration(), address, MIGRATION, budget=Budget.of(0, 60))
    assert first.state is SliceState.MORE
    assert first.cursor["moved"] == 29


@pytest.mark.parametrize(
    ("step", "refused"),
    [
        (factory.step("enghub.SqlScripts", sql_scripts=["a.sql"]), None),
        (factory.step("enghub.TableRebuild", rebuilds=[]), "TableRebuild"),
        (factory.step("com.ft.upgrade.steps.StartupPreProcessStep", sql_scripts=["a.sql"]), None),
        (factory.step("com.ft.upgrade.steps.StartupPreProcessStep", backup={"tables": ["facts"]}), "Backup"),
    ],
)
def test_a_plan_refuses_what_needs_transactions_and_says_which(
    upgrade: Upgrade, step: dict[str, Any], refused: str | None
) -> None:
    upgrade.site(dialect="clickhouse", version="2.16.4")
    upgrade.upload(factory.baseline(upgrade_steps={"startup_pre_process": [step]}), {"a.sql": SCRIPT})
    status, answer = upgrade.execute("2.16.5")
    if refused is None:
        assert status == 202
    else:
        assert status == 400 or status == 422
        assert refused in answer["message"]
        assert "clickhouse" in answer["message"]
