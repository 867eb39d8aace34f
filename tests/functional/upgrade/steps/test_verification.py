"""Verification: every rule is reported, figures are compared by value, a database's refusal is an outcome (UPG-16)."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from enghub.kit.databases.errors import DatabaseUnreachable
from enghub.kit.databases.session import Address
from enghub.kit.work.errors import WorkFailed
from enghub.upgrade.gateways.databases.kinds import databases_of
from tests.functional.upgrade.steps.matrix import Place, run
from tests.functional.upgrade.steps.scenarios import upkeep
from tests.functional.upgrade.steps.scenarios.scenario import ROWS


def comparison(name: str, left: dict[str, Any], **other: Any) -> dict[str, Any]:
    return {"name": name, "left": left, **other}


def test_counts_and_sums_are_compared_by_their_value(place: Place) -> None:
    place.execute("CREATE TABLE totals (amount DECIMAL(20,4))", "INSERT INTO totals SELECT SUM(amount) FROM orders")
    found = run(
        place,
        "enghub.Verification",
        {
            "comparisons": [
                comparison("rows", {"table": "orders"}, value=ROWS),
                comparison("as text", {"table": "orders"}, value=f"{ROWS}.0"),
                comparison(
                    "sums",
                    {"table": "orders", "column": "amount"},
                    measure="sum",
                    right={"table": "totals", "column": "amount"},
                ),
            ]
        },
    ).result["verification"]
    assert [(outcome["rule"], outcome["passed"]) for outcome in found] == [
        ("rows", True),
        ("as text", True),
        ("sums", True),
    ]


def test_a_rule_that_cannot_run_fails_and_the_others_are_reported_all_the_same(place: Place) -> None:
    rules = [comparison("nowhere", {"table": "nowhere"}), comparison("rows", {"table": "orders"}, value=ROWS - 1)]
    check = {"id": "amounts", "rule": "range", "table": "orders", "column": "amount", "minimum": 5, "advice": "raise"}
    with pytest.raises(WorkFailed, match=r"nowhere: The site's database refuses: .*; rows: 11 against 10; amounts: 4"):
        run(place, "enghub.Verification", {"comparisons": rules, "business_checks": [check]})


def test_a_database_that_does_not_answer_is_unhealthy_and_its_service_restarted(small: Place, tmp_path: Path) -> None:
    place = replace(small, hooks=upkeep.Services(tmp_path))
    away = Address(small.address.dialect, sa.make_url("sqlite+pysqlite:////nowhere/at/all.db"))
    check = {"name": "db", "kind": "database", "service": "mariadb", "attempts": 1}
    with pytest.raises(WorkFailed, match="Not healthy: db") as failure:
        run(place, "enghub.HealthChecks", {"health_checks": [check]}, databases=databases_of(away, 1))
    assert failure.value.result["restarts"] == {"mariadb": 1}


def test_a_lock_that_passes_is_waited_for_and_counts_as_no_try(small: Place) -> None:
    """Nobody expects a step's bookkeeping to fail; the engine comes back after `DatabaseUnreachable`."""
    check = {"name": "rows", "left": {"table": "orders"}, "value": ROWS}
    holder = sa.create_engine(small.address.url, poolclass=sa.NullPool)
    with holder.connect() as held:
        held.exec_driver_sql("BEGIN EXCLUSIVE")
        with pytest.raises(DatabaseUnreachable, match="database is locked"):
            run(small, "enghub.Verification", {"comparisons": [check]})
