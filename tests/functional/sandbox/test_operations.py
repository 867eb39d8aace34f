"""Every operation of the sandbox with generated requests: no answer that its document does not account for."""

import pytest

from tests.factories.http import a_principal
from tests.factories.operations import Gateway, operations, unexplained


@pytest.mark.parametrize("operation", operations("sandbox"))
def test_every_answer_is_accounted_for(account: object, operation: str) -> None:
    account("sandbox")  # type: ignore[operator]
    found = unexplained(Gateway("sandbox", a_principal()), operation, {})
    assert not found, "\n".join(found)
