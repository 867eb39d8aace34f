"""Every operation of notices with generated requests: no answer that its document does not account for."""

import pytest

from tests.factories.http import a_principal
from tests.factories.operations import Gateway, operations, unexplained
from tests.functional.notices.conftest import Notices
from tools.rights import declared

EXPLAINED = {
    "put_channel": "topicArn: ",
    "put_rule": r"channels\.\d+: ",
}
"""A topic goes with one kind and is one that the stage allows; a rule names channels that exist."""


@pytest.mark.parametrize("operation", operations("notices"))
def test_every_answer_is_accounted_for(notices: Notices, operation: str) -> None:
    found = unexplained(Gateway("notices", a_principal(*declared())), operation, EXPLAINED)
    assert not found, "\n".join(found)
