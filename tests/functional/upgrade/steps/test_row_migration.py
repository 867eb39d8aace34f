"""Row migrations: in the end every row has arrived, also those that came meanwhile (UPG-16, UPG-18)."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from enghub.kit.sql.dialect import Dialect
from enghub.kit.work.errors import WorkFailed
from tests.functional.upgrade.steps import matrix
from tests.functional.upgrade.steps.matrix import Place, run
from tests.functional.upgrade.steps.scenarios.rows import ASYNCHRONOUS
from tests.functional.upgrade.steps.scenarios.scenario import ROWS, Scenario, business
from tests.functional.upgrade.steps.test_crash_matrix import Bench

COPY: dict[str, Any] = ASYNCHRONOUS["async_migrations"][0]  # type: ignore[index]
BOTH = [("enghub.RowMigration", "migrations"), ("enghub.AsynchronousMigration", "async_migrations")]


def table(place: Place) -> None:
    place.execute("CREATE TABLE amounts (id BIGINT NOT NULL PRIMARY KEY, amount DECIMAL(12,2))")


@pytest.mark.parametrize(("name", "parameter"), BOTH)
def test_rows_that_appear_behind_the_position_arrive_too(place: Place, name: str, parameter: str) -> None:
    table(place)
    wrote: list[str] = []

    def meanwhile(point: str) -> None:
        if point == "batch" and not wrote:
            wrote.append(point)
            place.execute("INSERT INTO orders (id, state, amount) VALUES (-7, 'late', 1)")

    found = run(place, name, {parameter: [{**COPY, "sums": {"amount": "amount"}}]}, point=meanwhile).result[
        "migrations"
    ]
    assert place.rows("SELECT COUNT(*) FROM amounts WHERE id = -7") == [(1,)]
    assert (found[0]["movedLater"], found[0]["missing"], found[0]["verified"]) == (1, 0, True)
    place.execute("DELETE FROM amounts WHERE id = -7")
    again = run(place, name, {parameter: [{**COPY, "sums": {"amount": "amount"}}]}).result["migrations"]
    assert place.rows("SELECT COUNT(*) FROM amounts WHERE id = -7") == [(0,)], "deleted by people since"
    assert again == found


@pytest.mark.parametrize(("name", "parameter"), BOTH)
def test_a_table_that_is_written_on_and_on_fails_the_step_and_its_resume_ends_it(
    small: Place, name: str, parameter: str
) -> None:
    table(small)
    wrote: list[int] = []

    def meanwhile(point: str) -> None:
        if point == "batch":
            wrote.append(-len(wrote) - 1)
            small.execute(f"INSERT INTO orders (id, state, amount) VALUES ({wrote[-1]}, 'late', 1)")

    with pytest.raises(WorkFailed, match="rows of orders are not in amounts, 0 could not be moved: make sure that"):
        run(small, name, {parameter: [COPY]}, point=meanwhile)
    run(small, name, {parameter: [COPY]})
    assert small.rows("SELECT COUNT(*) FROM amounts") == [(ROWS + len(wrote),)]


@pytest.mark.parametrize(("name", "parameter"), BOTH)
def test_while_the_system_runs_what_the_target_lacks_is_told_and_not_brought_back(
    small: Place, name: str, parameter: str
) -> None:
    table(small)
    running = replace(small.context({}).facts, phase="post_upgrade")
    deleted: list[str] = []

    def meanwhile(point: str) -> None:
        if point == "batch" and not deleted:
            deleted.append(point)
            small.execute("DELETE FROM amounts WHERE id = (SELECT MIN(id) FROM amounts)")

    rule = {**COPY, "batch_size": 2, "max_batch_size": 2}
    result = run(small, name, {parameter: [rule]}, point=meanwhile, facts=running).result
    assert small.rows("SELECT COUNT(*) FROM amounts") == [(ROWS - 1,)]
    assert (result["migrations"][0]["missing"], result["migrations"][0]["movedLater"]) == (1, 0)
    assert "1 rows of orders are not in amounts and were not moved" in result["attention"][0]["en"]


def test_late_rows_are_moved_while_the_system_runs_where_the_manifest_says_so(small: Place) -> None:
    table(small)
    running = replace(small.context({}).facts, phase="post_upgrade")
    wrote: list[str] = []

    def meanwhile(point: str) -> None:
        if point == "batch" and not wrote:
            wrote.append(point)
            small.execute("INSERT INTO orders (id, state, amount) VALUES (-7, 'late', 1)")

    rule = {**COPY, "late_rows": "move"}
    result = run(small, "enghub.RowMigration", {"migrations": [rule]}, point=meanwhile, facts=running).result
    assert small.rows("SELECT COUNT(*) FROM amounts WHERE id = -7") == [(1,)]
    assert result["attention"] == []


def test_sums_that_differ_fail_the_migration(place: Place) -> None:
    table(place)
    rule = {**COPY, "mapping": {"id": "id", "amount": {"expression": "amount * 2"}}, "sums": {"amount": "amount"}}
    with pytest.raises(WorkFailed, match=r"the sum of amount is 68\.75\d* in orders and 137\.5\d* in amounts"):
        run(place, "enghub.RowMigration", {"migrations": [rule]})


def test_a_target_with_a_key_of_its_own_is_not_compared_by_key(small: Place) -> None:
    small.execute("CREATE TABLE amounts (id INTEGER PRIMARY KEY, amount DECIMAL(12,2))")
    rule = {**COPY, "mapping": {"id": {"expression": "id + 1000"}, "amount": "amount"}}
    found = run(small, "enghub.RowMigration", {"migrations": [rule]}).result["migrations"][0]
    assert (found["missing"], found["verified"], found["moved"]) == (None, False, ROWS)


def test_the_moving_of_what_came_later_can_be_killed_anywhere(tmp_path: Path) -> None:
    def late(place: Place) -> None:
        business(place)
        table(place)
        run(place, "enghub.RowMigration", {"migrations": [COPY]})
        place.execute("DELETE FROM enghub_upgrade_checkpoint WHERE task = 'amounts.rest'")  # as if killed before that
        place.execute(*(f"INSERT INTO orders (id, state, amount) VALUES (-{n}, 'late', {n})" for n in range(1, 7)))

    scenario = Scenario("enghub.RowMigration", {"migrations": [COPY]}, late, lambda _: None)
    bench = Bench(scenario, Dialect.SQLITE, tmp_path)
    with bench.place() as place:
        passed = matrix.counted(lambda point: scenario.work(place, point))
        expected = matrix.contents(place)
        assert place.rows("SELECT COUNT(*) FROM amounts") == [(ROWS + 6,)]
    assert "batch" in passed
    for number in range(1, len(passed) + 1):
        with bench.place() as place:
            assert matrix.killed_at(number, partial(scenario.work, place))
            scenario.work(place)
            assert matrix.contents(place) == expected, f"killed at {number}: {passed[number - 1]}"


def test_a_row_too_many_is_moved_when_it_was_corrected(place: Place) -> None:
    """Passed over, it would never arrive, and nobody would hear of it: the resumed step succeeds."""
    place.execute("CREATE TABLE amounts (id BIGINT NOT NULL PRIMARY KEY, amount DECIMAL(12,2) NOT NULL)")
    place.execute("UPDATE orders SET amount = NULL WHERE id IN (3, 7)")
    first = {"name": "first", "source": "items", "mapping": {"order_id": "order_id"}}
    rule = {"migrations": [first, {**COPY, "max_failed_rows": 1}]}
    with pytest.raises(WorkFailed, match="2 rows cannot be moved, 1 are allowed") as failure:
        run(place, "enghub.RowMigration", rule)
    told = [(found["name"], found["failed"]) for found in failure.value.result["migrations"]]
    assert told == [("first", 0), ("amounts", 2)]
    assert place.rows("SELECT COUNT(*) FROM enghub_upgrade_failed_row") == [(2,)]
    place.execute("UPDATE orders SET amount = 7 WHERE id = 7")
    found = run(place, "enghub.RowMigration", rule).result["migrations"][1]
    assert (found["moved"], found["failed"], found["missing"]) == (ROWS - 1, 1, 1)
    assert place.rows("SELECT amount FROM amounts WHERE id = 7") == [(7,)]
    assert place.rows("SELECT row_key FROM enghub_upgrade_failed_row") == [("[3]",)]
