"""Builds the use cases of feature flags, once per process."""

from functools import cache

from enghub.settings.flags.dynamo import DynamoFlags
from enghub.settings.flags.service import FlagService


@cache
def reader() -> FlagService:
    """Return the use cases that read, and make what was approved."""
    return FlagService(DynamoFlags())


@cache
def flags() -> FlagService:
    """Return the use cases that change flags and segments, as far as rules of approval let them."""
    from enghub.settings.configs.wiring import approving  # noqa: PLC0415 - who reads needs no approval
    from enghub.settings.flags.approving import gate  # noqa: PLC0415

    return FlagService(DynamoFlags(), gate(approving()))
