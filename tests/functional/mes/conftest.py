"""A factory floor on an account in memory."""

from collections.abc import Callable
from typing import Any

import pytest

from enghub.core import outbox
from tests.factories.mes import Floor
from tests.factories.stored import waiting

Told = Callable[[], list[tuple[str, dict[str, Any]]]]


@pytest.fixture
def floor(account: Any) -> Floor:
    """The mes functions on an empty table."""
    account("mes")
    return Floor()


@pytest.fixture
def told() -> Told:
    """Return type and data of every event waiting in the outbox, oldest first."""
    return lambda: [(record.message_type, outbox.body_of(record)["data"]) for record in waiting()]


@pytest.fixture
def envelopes() -> Callable[[], list[dict[str, Any]]]:
    """Return every event waiting in the outbox, whole."""
    return lambda: [outbox.body_of(record) for record in waiting()]
