"""The document's generic steps: their parts in order and back."""

import pytest

from enghub.kit.work.errors import WorkFailed
from tests.functional.upgrade.steps.matrix import Place, run
from tests.functional.upgrade.steps.scenarios import rows, stores, structure


def test_a_composite_does_its_phases_work_in_order_and_takes_it_back_in_reverse(small: Place) -> None:
    stores.packaged(small)
    parameters = {**stores.RESOURCES, **stores.CACHES, **structure.INDEXES}
    name = "com.ft.upgrade.steps.StartupPostProcessStep"
    result = run(small, name, parameters).result
    assert list(result) == ["resources", "caches", "indexes"]
    run(small, name, parameters, way="rollback")
    stores.cold(small)
    structure.indexed_as_before(small)
    assert small.files.read("static/pages/index.html") == b"<h1>old</h1>"


def test_a_part_that_fails_takes_nothing_from_the_report_of_those_before_it(small: Place) -> None:
    """The failed report is read most: it shows the checks that passed and the rows that did not move."""
    small.execute("CREATE TABLE amounts (id BIGINT NOT NULL PRIMARY KEY, amount DECIMAL(12,2) NOT NULL)")
    small.execute("UPDATE orders SET amount = NULL WHERE id = 3")
    check = {"id": "ids", "rule": "not_null", "table": "orders", "column": "id"}
    rule = {**rows.ASYNCHRONOUS["async_migrations"][0], "name": "copy"}  # type: ignore[index]
    with pytest.raises(WorkFailed, match="1 rows cannot be moved") as failure:
        run(small, "com.ft.upgrade.steps.OverseasSpecificProcessStep", {"checks": [check], "migrations": [rule]})
    assert failure.value.result["checks"]["outcome"] == "pass"
    assert failure.value.result["migrations"]["migrations"][0]["failed"] == 1
