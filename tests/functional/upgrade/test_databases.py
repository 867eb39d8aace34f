"""Checks, row migrations and journals on every database (UPG-14, UPG-16, UPG-19)."""

import socket
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from enghub.kit.databases import session
from enghub.kit.databases.session import Address
from enghub.kit.sql.dialect import Dialect
from enghub.kit.work.errors import WorkFailed
from enghub.kit.work.slices import Budget, Slice
from enghub.upgrade.gateways.databases.kinds import databases_of
from enghub.upgrade.stepping.hooks import Hooks
from enghub.upgrade.stepping.step import Facts, Step, StepContext
from enghub.upgrade.steps.business_check import BusinessCheck
from enghub.upgrade.steps.row_migration import RowMigration
from enghub.upgrade.steps.sql_scripts import SqlScripts
from tests.databases import sql

FACTS = Facts("acme", "01EXECUTION", "EU", "test", "2.16.4", "2.16.5", "2.16.5", "step", "startup_pre_process")


def context(address: Address, parameters: Mapping[str, Any], token: int = 1, **changes: Any) -> StepContext:
    scripts: Mapping[str, str] = changes.pop("scripts", {})
    databases = databases_of(address, token)
    values = {"facts": FACTS, "parameters": parameters, "hooks": Hooks({}), "budget": Budget.of(30, 60), **changes}
    return StepContext(script=scripts.__getitem__, databases=databases, **values)


def run(step: Step, address: Address, parameters: Mapping[str, Any], **changes: Any) -> Slice:
    assert step.validate(parameters) == ()
    return step.run(context(address, parameters, **changes), {})


@pytest.fixture
def orders(address: Address, dialect: Dialect) -> Address:
    kind = "INTEGER" if dialect is Dialect.SQLITE else "BIGINT"
    sql(
        address,
        f"CREATE TABLE customers (id {kind} PRIMARY KEY, name VARCHAR(20))",
        "INSERT INTO customers VALUES (1, 'Ada'), (2, '')",
        f"CREATE TABLE orders (id {kind} PRIMARY KEY, customer_id {kind}, state VARCHAR(20), amount VARCHAR(20), "
        "note VARCHAR(40))",
        "INSERT INTO orders VALUES (1, 1, 'NEW', '10', 'a'), (2, 1, 'PAID', '-5', 'a')",
        "INSERT INTO orders VALUES (3, 9, 'LOST', 'x', 'tab\there'), (4, NULL, NULL, NULL, NULL)",
    )
    return address


@pytest.mark.parametrize(
    ("rule", "count"),
    [
        ({"sql": "SELECT COUNT(*) FROM orders WHERE state = 'LOST'"}, 1),
        ({"rule": "not_null", "column": "customer_id"}, 1),
        ({"rule": "not_blank", "table": "customers", "column": "name"}, 1),
        ({"rule": "unique", "columns": ["note"]}, 2),
        ({"rule": "unique", "columns": ["note", "id"]}, 0),
        ({"rule": "range", "column": "id", "minimum": 2, "maximum": 3}, 2),
        ({"rule": "enum", "column": "state", "values": ["NEW", "PAID"]}, 1),
        ({"rule": "illegal_characters", "column": "note"}, 1),
        ({"rule": "illegal_characters", "column": "note", "pattern": "[^a-z]"}, 1),
        ({"rule": "max_length", "column": "note", "length": 1}, 1),
        ({"rule": "type", "column": "amount", "wanted": "integer"}, 1),
        ({"rule": "type", "column": "amount", "wanted": "date", "where": "amount IS NOT NULL"}, 3),
        ({"rule": "references", "column": "customer_id", "other_table": "customers", "other_column": "id"}, 1),
    ],
    ids=lambda value: value.get("rule", "sql") if isinstance(value, dict) else None,
)
def test_a_rule_counts_the_rows_that_break_it(orders: Address, rule: dict[str, Any], count: int) -> None:
    found = run(BusinessCheck(), orders, {"checks": [{"id": "x", "table": "orders", "threshold": 9, **rule}]})
    assert found.result["checks"][0]["count"] == count


def test_thresholds_severities_and_versions_decide(orders: Address) -> None:
    lost = {"sql": "SELECT COUNT(*) FROM orders WHERE state = 'LOST'"}
    warned = run(BusinessCheck(), orders, {"checks": [{"id": "w", "severity": "warn", **lost}]})
    assert warned.result["outcome"] == "warning"
    others = run(BusinessCheck(), orders, {"checks": [{"id": "o", "min_version": "2.17.0", **lost}]})
    assert others.result["checks"][0]["outcome"] == "skipped"
    with pytest.raises(WorkFailed, match=r"lost orders: 1 > 0 \(find them\)") as failed:
        run(BusinessCheck(), orders, {"checks": [{"id": "f", "name": "lost orders", "advice": "find them", **lost}]})
    assert failed.value.result["outcome"] == "fail"


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        ("DELETE FROM orders", "not one plain SELECT"),
        ("SELECT COUNT(*) FROM nowhere", "could not run"),
        ("SELECT name FROM customers", "must return one number"),
    ],
)
def test_a_check_that_is_no_check_stops_the_step(orders: Address, statement: str, text: str) -> None:
    with pytest.raises(WorkFailed, match=text):
        run(BusinessCheck(), orders, {"checks": [{"id": "x", "sql": statement}]})


def test_a_check_has_a_time_limit(orders: Address, dialect: Dialect) -> None:
    numbers = ", ".join(f"({n})" for n in range(100))
    sql(orders, "CREATE TABLE n (v INTEGER)", f"INSERT INTO n VALUES {numbers}")
    slow = "SELECT COUNT(*) FROM n a, n b, n c, n d, n e"
    with pytest.raises(WorkFailed, match="could not run"):
        run(BusinessCheck(), orders, {"checks": [{"id": "slow", "sql": slow, "timeout_seconds": 1}]})


MOVE = {
    "name": "orders",
    "source": "orders",
    "target": "orders_v2",
    "mapping": {
        "id": "id",
        "state": {"column": "state", "map": {"NEW": "N", "PAID": "P"}, "default": "?"},
        "cents": {"column": "amount", "transform": ["trim", "empty_to_null"], "default": "0"},
        "origin": {"value": "legacy"},
        "twice": {"expression": "id * 2"},
    },
    "batch_size": 2,
}


@pytest.fixture
def target(orders: Address, dialect: Dialect) -> Address:
    kind = "INTEGER" if dialect is Dialect.SQLITE else "BIGINT"
    sql(
        orders,
        f"CREATE TABLE orders_v2 (id {kind} PRIMARY KEY, state VARCHAR(2) NOT NULL, cents VARCHAR(20), "
        f"origin VARCHAR(10), twice {kind})",
    )
    return orders


def test_rows_are_mapped_and_transformed_inside_the_database(target: Address) -> None:
    found = run(RowMigration(), target, {"migrations": [MOVE]})
    assert found.result["migrations"][0]["moved"] == 4
    assert sql(target, "SELECT * FROM orders_v2 ORDER BY id") == [
        (1, "N", "10", "legacy", 2),
        (2, "P", "-5", "legacy", 4),
        (3, "?", "x", "legacy", 6),
        (4, "?", "0", "legacy", 8),
    ]


def test_a_finished_migration_moves_nothing_again(target: Address) -> None:
    run(RowMigration(), target, {"migrations": [MOVE]})
    sql(target, "DELETE FROM orders_v2 WHERE id = 1")
    run(RowMigration(), target, {"migrations": [MOVE]})
    assert sql(target, "SELECT COUNT(*) FROM orders_v2") == [(3,)]
    with pytest.raises(WorkFailed, match="begun with other rules: its 4 moved rows"):
        run(RowMigration(), target, {"migrations": [{**MOVE, "where": "id > 1"}]})


def test_rows_that_cannot_be_moved_are_kept_by_their_key_up_to_the_limit(target: Address) -> None:
    sql(target, "INSERT INTO orders_v2 (id, state) VALUES (2, 'x'), (4, 'y')")
    found = run(RowMigration(), target, {"migrations": [{**MOVE, "max_failed_rows": 2}]})
    assert (found.result["migrations"][0]["moved"], found.result["migrations"][0]["failed"]) == (2, 2)
    assert sql(target, "SELECT row_key FROM enghub_upgrade_failed_row ORDER BY row_key") == [("[2]",), ("[4]",)]
    sql(target, "DELETE FROM enghub_upgrade_checkpoint", "DELETE FROM orders_v2 WHERE id IN (1, 3)")
    with pytest.raises(WorkFailed, match="1 rows cannot be moved, 0 are allowed"):
        run(RowMigration(), target, {"migrations": [MOVE]})


@pytest.mark.parametrize(("mode", "state"), [("skip", "old"), ("update", "N")])
def test_rows_that_are_there_already_are_skipped_or_updated(target: Address, mode: str, state: str) -> None:
    sql(target, "INSERT INTO orders_v2 (id, state) VALUES (1, 'o')")
    run(RowMigration(), target, {"migrations": [{**MOVE, "on_conflict": mode}]})
    assert sql(target, "SELECT state FROM orders_v2 WHERE id = 1") == [(state[0],)]
    assert sql(target, "SELECT COUNT(*) FROM orders_v2") == [(4,)]


def test_a_composite_key_is_walked_in_its_order(address: Address, dialect: Dialect) -> None:
    sql(
        address,
        "CREATE TABLE a (x VARCHAR(10) NOT NULL, y INTEGER NOT NULL, v INTEGER, PRIMARY KEY (x, y))",
        "INSERT INTO a VALUES ('a', 1, 1), ('a', 2, 1), ('a', 3, 1), ('b', 1, 1), ('c', 1, 1), ('c', 2, 1)",
    )
    rules = {
        "name": "a",
        "source": "a",
        "mapping": {"v": {"expression": "v + 10"}},
        "batch_size": 2,
        "max_batch_size": 2,
    }
    run(RowMigration(), address, {"migrations": [rules]})
    assert sql(address, "SELECT COUNT(*), MIN(v), MAX(v) FROM a") == [(6, 11, 11)]


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"source": "nowhere"}, "table nowhere does not exist"),
        ({"mapping": {"missing": "id"}}, "orders_v2 has no column missing"),
        ({"mapping": {"id": "missing"}}, "orders has no column missing"),
        ({"key": ["customer_id"]}, "key column customer_id holds nulls"),
        ({"where": "nonsense = 1"}, "the database refuses its rules"),
    ],
)
def test_rules_that_do_not_fit_say_why(target: Address, changes: dict[str, Any], text: str) -> None:
    with pytest.raises(WorkFailed, match=text.replace("(", r"\(")):
        run(RowMigration(), target, {"migrations": [{**MOVE, **changes}]})


def test_a_script_and_its_rollback_can_go_up_down_and_up(orders: Address) -> None:
    scripts = {
        "up.sql": "CREATE TABLE extra (id INTEGER); INSERT INTO extra VALUES (1);",
        "down.sql": "DROP TABLE extra;",
    }
    parameters = {"sql_scripts": ["up.sql"], "rollback_scripts": ["down.sql"]}
    for _ in range(2):
        first = run(SqlScripts(), orders, parameters, scripts=scripts).result
        assert sql(orders, "SELECT COUNT(*) FROM extra") == [(1,)]
        assert run(SqlScripts(), orders, parameters, scripts=scripts).result == first
        SqlScripts().rollback(context(orders, parameters, scripts=scripts), {})
        with pytest.raises(sa.exc.DBAPIError):
            sql(orders, "SELECT COUNT(*) FROM extra")


@pytest.mark.parametrize("transaction", ["script", "statement"])
def test_what_a_step_tells_of_its_scripts_is_the_same_however_many_slices_it_took(
    orders: Address, dialect: Dialect, transaction: str
) -> None:
    scripts = {f"{n}.sql": f"INSERT INTO customers VALUES ({n}, 'a'), ({n}0, 'b');" for n in (3, 4, 5)}
    parameters = {"sql_scripts": [*scripts], "transaction": transaction}
    cursor: Mapping[str, Any] = {}
    logged: list[str] = []
    state, slices = "more", 0
    while state != "done":
        one = context(
            orders, parameters, scripts=scripts, budget=Budget.of(0, 600), log=lambda *told: logged.append(told[1])
        )
        found = SqlScripts().run(one, cursor)
        state, cursor, slices = found.state, found.cursor, slices + 1
    assert slices == 3
    whole = transaction == "script" and dialect.rolls_back_structure
    told: dict[str, Any] = {"statements": 1, "ran": 1, "skipped": 0, "foundApplied": 0, "rows": 2, "boundParts": 0}
    told["transaction"] = "script" if whole else "statement"
    assert found.result["scripts"] == [{"script": path, **told} for path in scripts]
    assert logged == [f"{path}: 1 run, 0 had run, 2 rows" for path in scripts]
    other = replace(FACTS, execution_id="01ANOTHER")
    later = run(SqlScripts(), orders, parameters, scripts=scripts, facts=other).result["scripts"]
    assert [(one["ran"], one["skipped"], one["rows"]) for one in later] == [(0, 1, 0)] * 3


def test_a_failing_script_leaves_what_its_database_cannot_take_back_and_says_so(
    orders: Address, dialect: Dialect
) -> None:
    scripts = {"s.sql": "CREATE TABLE extra (id INTEGER);\nINSERT INTO nowhere VALUES (1);"}
    with pytest.raises(WorkFailed) as failed:
        run(SqlScripts(), orders, {"sql_scripts": ["s.sql"]}, scripts=scripts)
    assert "s.sql, statement 2 of 2 (line 2) failed" in str(failed.value)
    tables = sa.inspect(sa.create_engine(orders.url, poolclass=sa.NullPool)).get_table_names()
    assert ("extra" in tables) is dialect.is_mysql
    expected = "1 statement(s) before it are committed" if dialect.is_mysql else "Nothing of this script is committed"
    assert expected in str(failed.value)


def test_what_would_break_the_journal_is_refused_before_anything_runs(orders: Address) -> None:
    scripts = {"s.sql": "CREATE TABLE extra (id INTEGER);\nROLLBACK;"}
    with pytest.raises(WorkFailed, match="line 2: `ROLLBACK` cannot be journalled"):
        run(SqlScripts(), orders, {"sql_scripts": ["s.sql"]}, scripts=scripts)
    assert "extra" not in sa.inspect(sa.create_engine(orders.url, poolclass=sa.NullPool)).get_table_names()


def test_a_check_asks_a_silent_database_three_times_and_stops(
    address: Address, dialect: Dialect, monkeypatch: pytest.MonkeyPatch
) -> None:
    if dialect is Dialect.SQLITE:
        return  # nobody has to answer
    monkeypatch.setattr(session, "CONNECT_SECONDS", 1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(0)
        away = Address(dialect, address.url.set(host="127.0.0.1", port=silent.getsockname()[1]))
        rule = {"id": "x", "sql": "SELECT COUNT(*) FROM orders", "timeout_seconds": 1}
        with pytest.raises(WorkFailed, match="database did not answer three times") as failed:
            run(BusinessCheck(), away, {"checks": [rule]})
        assert not failed.value.retryable
        for _ in range(3):
            silent.accept()[0].close()
        with pytest.raises(BlockingIOError):
            silent.accept()


def test_values_are_translated_and_converted_exactly(address: Address, dialect: Dialect) -> None:
    long = "1.123456789012345678901234567890"
    kind = "DECIMAL(65, 30)" if dialect.is_mysql else "NUMERIC"
    sql(
        address,
        "CREATE TABLE a (id INTEGER PRIMARY KEY, c VARCHAR(5), n VARCHAR(60))",
        f"INSERT INTO a VALUES (1, 'Y', '{long}'), (2, 'y', '-0.5')",
        f"CREATE TABLE b (id INTEGER PRIMARY KEY, c INTEGER, n {kind})",
    )
    mapping = {
        "id": "id",
        "c": {"column": "c", "map": {"Y": 1, "y": 2}},
        "n": {"column": "n", "transform": ["decimal"]},
    }
    run(RowMigration(), address, {"migrations": [{"name": "m", "source": "a", "target": "b", "mapping": mapping}]})
    assert sql(address, "SELECT c FROM b ORDER BY id") == [(1,), (2,)]
    if dialect is not Dialect.SQLITE:  # its numbers are floats
        assert str(sql(address, "SELECT n FROM b WHERE id = 1")[0][0]) == long
