"""Indexes: a failure puts them back, the effect is measured (UPG-17)."""

from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from enghub.kit.sql.dialect import Dialect
from enghub.kit.work.errors import WorkFailed
from tests.functional.upgrade.steps import matrix
from tests.functional.upgrade.steps.matrix import Place, Point, nothing, run
from tests.functional.upgrade.steps.scenarios import structure
from tests.functional.upgrade.steps.scenarios.scenario import Scenario, business
from tests.functional.upgrade.steps.test_crash_matrix import Bench


def test_an_index_that_cannot_be_made_puts_the_others_back(place: Place) -> None:
    parameters = {
        "indexes": [
            {"action": "drop", "table": "orders", "name": "i_state"},
            {"table": "orders", "name": "i_unique", "columns": ["state"], "unique": True},
        ]
    }
    with pytest.raises(WorkFailed, match="Index i_unique on orders"):
        run(place, "enghub.IndexOptimisation", parameters)
    assert structure.index_names(place) == {"i_state"}


def test_the_effect_of_indexes_is_measured(place: Place) -> None:
    result = run(place, "enghub.IndexOptimisation", structure.INDEXES).result
    query = result["queries"][0]
    assert query["beforeMs"] > 0
    assert query["afterMs"] > 0
    assert query["planBefore"]
    assert result["optimised"] == 4
    assert result["improvementPercent"] == query["improvementPercent"], "one query alone is the whole"
    assert result["sizesBefore"].keys() == result["sizesAfter"].keys()


def test_indexes_that_were_put_back_are_made_when_the_upgrade_goes_on(place: Place) -> None:
    parameters = {
        "indexes": [
            {"table": "orders", "name": "i_amount", "columns": ["amount"]},
            {"action": "drop", "table": "orders", "name": "i_state"},
            {"table": "orders", "name": "i_unique", "columns": ["state", "ratio"], "unique": True},
        ]
    }
    place.execute("UPDATE orders SET ratio = 1, state = 'same' WHERE id < 3")
    with pytest.raises(WorkFailed, match="Index i_unique on orders"):
        run(place, "enghub.IndexOptimisation", parameters)
    assert structure.index_names(place) == {"i_state"}
    place.execute("UPDATE orders SET ratio = id")
    run(place, "enghub.IndexOptimisation", parameters)
    assert structure.index_names(place) == {"i_amount", "i_unique"}


def test_the_putting_back_of_indexes_can_be_killed_anywhere(tmp_path: Path) -> None:
    rules = [
        {"table": "orders", "name": "i_amount", "columns": ["amount"]},
        {"action": "drop", "table": "orders", "name": "i_state"},
        {"table": "orders", "name": "i_unique", "columns": ["state"], "unique": True},
    ]

    def work(place: Place, point: Point = nothing) -> None:
        with suppress(WorkFailed):
            run(place, "enghub.IndexOptimisation", {"indexes": rules}, point)

    scenario = Scenario("enghub.IndexOptimisation", {"indexes": rules}, business, lambda _: None)
    bench = Bench(scenario, Dialect.SQLITE, tmp_path)
    with bench.place() as place:
        passed = matrix.counted(lambda point: work(place, point))
        expected = matrix.contents(place)
        assert structure.index_names(place) == {"i_state"}
    assert {"index put back", "index dropped"} <= set(passed)
    for number in range(1, len(passed) + 1):
        with bench.place() as place:
            assert matrix.killed_at(number, partial(work, place))
            work(place)
            assert matrix.contents(place) == expected, f"killed at {number}: {passed[number - 1]}"
