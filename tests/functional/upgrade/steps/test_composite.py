"""The document's generic steps: their parts in order and back."""

from tests.functional.upgrade.steps import scenarios
from tests.functional.upgrade.steps.matrix import Place, run


def test_a_composite_does_its_phases_work_in_order_and_takes_it_back_in_reverse(small: Place) -> None:
    scenarios.packaged(small)
    parameters = {**scenarios.RESOURCES, **scenarios.CACHES, **scenarios.INDEXES}
    name = "com.ft.upgrade.steps.StartupPostProcessStep"
    result = run(small, name, parameters).result
    assert list(result) == ["resources", "caches", "indexes"]
    run(small, name, parameters, way="rollback")
    scenarios.cold(small)
    scenarios.indexed_as_before(small)
    assert small.files.read("static/pages/index.html") == b"<h1>old</h1>"
