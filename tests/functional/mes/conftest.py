"""A factory floor on an account in memory."""

from collections.abc import Callable
from typing import Any

import pytest

from enghub.core import outbox
from enghub.core.clock import system_clock
from enghub.core.outbox import OutboxRecord
from tests.factories.mes import Floor

Told = Callable[[], list[tuple[str, dict[str, Any]]]]


@pytest.fixture
def floor(account: Any) -> Floor:
    """The mes functions on an empty table."""
    account("mes")
    return Floor()


def waiting() -> list[OutboxRecord]:
    """Return every event waiting in the outbox, oldest first."""
    found: list[OutboxRecord] = []
    for shard in range(outbox.SHARDS):
        found += outbox.pending(shard, system_clock())
    return sorted(found, key=lambda record: record.message_id)


@pytest.fixture
def told() -> Told:
    """Return type and data of every event waiting in the outbox, oldest first."""
    return lambda: [(record.message_type, outbox.body_of(record)["data"]) for record in waiting()]


@pytest.fixture
def envelopes() -> Callable[[], list[dict[str, Any]]]:
    """Return every event waiting in the outbox, whole."""
    return lambda: [outbox.body_of(record) for record in waiting()]
