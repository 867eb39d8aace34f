"""Builds the store of the queue, once per process."""

from dataclasses import dataclass
from functools import cache

from enghub.core import config
from enghub.upgrade.queue.dynamo import DynamoQueue
from enghub.upgrade.queue.model import DEFAULT_LIMIT


@dataclass(frozen=True, slots=True)
class QueueConfig:
    """What the stage says."""

    upgrade_slots: int = DEFAULT_LIMIT


@cache
def queue() -> DynamoQueue:
    """Return the store of slots and queue."""
    return DynamoQueue(default_limit())


def default_limit() -> int:
    """Return the stage's limit, for tenants that set none."""
    limit: int = config.load(QueueConfig).upgrade_slots
    return limit
