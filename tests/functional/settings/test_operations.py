"""Every operation of configuration with generated requests: no answer that its document does not account for."""

import pytest

from tests.factories.http import a_principal
from tests.factories.operations import Gateway, operations, unexplained
from tools.rights import declared

_VERSION = "version: neither is there|If-Match: .* is no ETag"
EXPLAINED = {
    "delete_config": _VERSION,
    "patch_config": _VERSION,
    "replace_config": _VERSION,
}
"""The version is a field of the body or an ETag in If-Match; batch, import, export and rollback are no keys."""


@pytest.mark.parametrize("operation", operations("settings"))
def test_every_answer_is_accounted_for(account: object, operation: str) -> None:
    account("settings")  # type: ignore[operator]
    found = unexplained(Gateway("settings", a_principal(*declared())), operation, EXPLAINED)
    assert not found, "\n".join(found)
