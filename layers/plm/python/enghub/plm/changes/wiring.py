"""Builds the change service from its ports, once per process."""

from functools import cache

from enghub.core.clock import system_clock
from enghub.plm.changes.dynamo import DynamoChangeOrders
from enghub.plm.changes.service import Changes


@cache
def changes() -> Changes:
    """Return the engineering changes."""
    return Changes(DynamoChangeOrders(), system_clock)
