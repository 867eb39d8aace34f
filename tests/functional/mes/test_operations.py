"""Every operation of manufacturing with generated requests: no answer that its document does not account for."""

import pytest

from tests.factories.http import a_principal
from tests.factories.operations import Gateway, operations, unexplained
from tools.rights import declared

EXPLAINED = {
    "create_work_order": "shift(Date)?: name both",
    "edit_work_order": "shift(Date)?: name both",
    "list_work_orders": "status: name exactly one|dueFrom: due dates go with a status",
    "report_production": "goodQty: report at least one|defectTypes: it (is required|goes with|names one type twice)",
}
"""Rules over several fields."""


@pytest.mark.parametrize("operation", operations("mes"))
def test_every_answer_is_accounted_for(account: object, operation: str) -> None:
    account("mes")  # type: ignore[operator]
    caller = a_principal(*declared())
    found = unexplained(Gateway("mes", caller, {}), operation, EXPLAINED)
    assert not found, "\n".join(found)
