"""A factory floor on an account in memory."""

from typing import Any

import pytest

from tests.factories.mes import Floor


@pytest.fixture
def floor(account: Any) -> Floor:
    account("mes")
    return Floor()
