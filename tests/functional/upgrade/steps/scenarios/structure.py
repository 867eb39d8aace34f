"""Tables rebuilt, indexes, settings of the database."""

from typing import Any

from enghub.kit.sql.dialect import Dialect
from tests.functional.upgrade.steps import matrix
from tests.functional.upgrade.steps.matrix import Place
from tests.functional.upgrade.steps.scenarios.scenario import ROWS, Scenario, business


def rebuild(dialect: Dialect) -> dict[str, Any]:
    key = "INTEGER PRIMARY KEY" if dialect is Dialect.SQLITE else "BIGINT PRIMARY KEY"
    engine = " ENGINE=InnoDB" if dialect.is_mysql else ""
    rule = {
        "table": "orders",
        "create": f"CREATE TABLE ${{table}} (id {key}, state VARCHAR(20) NOT NULL, cents BIGINT, note TEXT){engine}",
        "mapping": {
            "id": "id",
            "state": {"column": "state", "transform": ["upper"]},
            "cents": {"expression": "amount * 100"},
            "note": "note",
        },
        "change_column": "changed",
        "sums": {"id": "id"},
        "after": ["CREATE INDEX i_cents ON ${table} (cents)"],
        "batch_size": 5,
        "max_batch_size": 5,
    }
    return {"rebuilds": [rule]}


def rebuilt(place: Place) -> None:
    assert place.rows("SELECT COUNT(*), MIN(state), SUM(cents) FROM orders") == [(ROWS, "S0", 6875)]
    assert place.rows("SELECT COUNT(*) FROM order_ids") == [(ROWS,)]
    place.execute("INSERT INTO items (order_id) VALUES (3)")


def rebuilt_before(place: Place) -> None:
    business(place)
    matrix.run(place, "enghub.TableRebuild", rebuild(place.dialect))


def old_form(place: Place) -> None:
    assert place.rows("SELECT COUNT(*), MIN(state) FROM orders") == [(ROWS, "s0")]
    assert place.rows("SELECT COUNT(*) FROM order_ids") == [(ROWS,)]
    place.execute("INSERT INTO items (order_id) VALUES (3)")


INDEXES = {
    "indexes": [
        {"table": "orders", "name": "i_amount", "columns": ["amount", "state"]},
        {"action": "drop", "table": "orders", "name": "i_state"},
        {"table": "items", "name": "i_order", "columns": ["order_id"]},
        {"action": "rebuild", "table": "items", "name": "i_order"},
    ],
    "analyze": ["orders"],
    "index_probes": [{"name": "by amount", "sql": "SELECT COUNT(*) FROM orders WHERE amount > 3", "times": 1}],
}


def indexed(place: Place) -> None:
    assert index_names(place) == {"i_amount", "i_order"}


def indexed_already(place: Place) -> None:
    business(place)
    matrix.run(place, "enghub.IndexOptimisation", INDEXES)


def indexed_as_before(place: Place) -> None:
    assert index_names(place) == {"i_state"}


def index_names(place: Place) -> set[str]:
    tables = {
        Dialect.SQLITE: "SELECT name FROM sqlite_master WHERE type = 'index'",
        Dialect.MARIADB: "SELECT INDEX_NAME FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE()",
        Dialect.POSTGRESQL: "SELECT indexname FROM pg_indexes WHERE schemaname = 'public'",
    }
    return {name for (name,) in place.rows(tables[place.dialect]) if name.startswith("i_")}


def tuning(dialect: Dialect) -> dict[str, Any]:
    where = " ON orders" if dialect.is_mysql else ""
    measure = "SELECT COUNT(*) FROM orders WHERE note = 'x'"

    def change(name: str, at_least: float) -> dict[str, Any]:
        index = f"i_{name}"
        return {
            "name": name,
            "apply": [f"CREATE INDEX {index} ON orders (amount)"],
            "revert": [f"DROP INDEX {index}{where}"],
            "measure": measure,
            "times": 1,
            "min_improvement_percent": at_least,
        }

    return {"tuning": [change("useless", 100), change("kept", -10_000)]}


def tuned(place: Place) -> None:
    assert index_names(place) == {"i_state", "i_kept"}


def tuned_already(place: Place) -> None:
    business(place)
    matrix.run(place, "enghub.PerformanceTuning", tuning(place.dialect))


SCENARIOS: dict[str, Scenario] = {
    "rebuild": Scenario("enghub.TableRebuild", rebuild, business, rebuilt),
    "rebuild undone": Scenario("enghub.TableRebuild", rebuild, rebuilt_before, old_form, "rollback"),
    "indexes": Scenario("enghub.IndexOptimisation", INDEXES, business, indexed),
    "indexes undone": Scenario("enghub.IndexOptimisation", INDEXES, indexed_already, indexed_as_before, "rollback"),
    "tuning": Scenario("enghub.PerformanceTuning", tuning, business, tuned),
    "tuning undone": Scenario("enghub.PerformanceTuning", tuning, tuned_already, indexed_as_before, "rollback"),
}
