"""Rows and scripts."""

from tests.functional.upgrade.steps import matrix
from tests.functional.upgrade.steps.matrix import Place
from tests.functional.upgrade.steps.scenarios.scenario import ROWS, Scenario, business

ASYNCHRONOUS = {
    "async_migrations": [
        {
            "name": "amounts",
            "source": "orders",
            "target": "amounts",
            "mapping": {"id": "id", "amount": "amount"},
            "batch_size": 4,
            "max_batch_size": 4,
        }
    ],
    "load": {"sql": "SELECT 1", "limit": 5, "check_seconds": 0},
}
MIGRATION = {
    "migrations": [
        {
            "name": "double",
            "source": "orders",
            "mapping": {"amount": {"expression": "amount * 2"}},
            "batch_size": 4,
            "max_batch_size": 4,
        }
    ]
}
SCRIPTS = {
    "up.sql": "CREATE TABLE counter (n INTEGER); INSERT INTO counter VALUES (1); UPDATE counter SET n = n + 1; "
    "ALTER TABLE counter ADD COLUMN m INTEGER DEFAULT 7; CREATE INDEX i_n ON counter (n); "
    "UPDATE counter SET n = n * 5;",
    "down.sql": "UPDATE total SET n = n + 1; DROP TABLE counter; UPDATE total SET n = n * 2;",
}
SQL = {"sql_scripts": ["up.sql"], "rollback_scripts": ["down.sql"]}


def with_amounts(place: Place) -> None:
    business(place)
    place.execute("CREATE TABLE amounts (id BIGINT NOT NULL PRIMARY KEY, amount DECIMAL(12,2))")


def copied(place: Place) -> None:
    assert place.rows("SELECT COUNT(*) FROM amounts") == [(ROWS,)]


def doubled(place: Place) -> None:
    assert place.rows("SELECT COUNT(*) FROM orders WHERE amount > 22") == [(1,)]


def with_total(place: Place) -> None:
    place.execute("CREATE TABLE total (n INTEGER)", "INSERT INTO total VALUES (1)")


def scripted(place: Place) -> None:
    assert place.rows("SELECT n, m FROM counter") == [(10, 7)]


def scripted_already(place: Place) -> None:
    with_total(place)
    matrix.run(place, "enghub.SqlScripts", SQL, scripts=SCRIPTS)


def unscripted(place: Place) -> None:
    assert place.rows("SELECT n FROM total") == [(4,)]


SCENARIOS: dict[str, Scenario] = {
    "asynchronous": Scenario("enghub.AsynchronousMigration", ASYNCHRONOUS, with_amounts, copied),
    "rows": Scenario("enghub.RowMigration", MIGRATION, business, doubled),
    "scripts": Scenario("enghub.SqlScripts", SQL, with_total, scripted, changes={"scripts": SCRIPTS}),
    "scripts undone": Scenario(
        "enghub.SqlScripts", SQL, scripted_already, unscripted, "rollback", changes={"scripts": SCRIPTS}
    ),
    "rollback scripts": Scenario(
        "enghub.RollbackScripts",
        {"rollback_scripts": ["down.sql"]},
        scripted_already,
        unscripted,
        changes={"scripts": SCRIPTS, "step_id": "back"},
    ),
}
