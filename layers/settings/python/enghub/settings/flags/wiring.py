"""Builds the use cases of feature flags, once per process."""

from functools import cache

from enghub.settings.flags.dynamo import DynamoFlags
from enghub.settings.flags.service import FlagService


@cache
def flags() -> FlagService:
    """Return the use cases of feature flags."""
    return FlagService(DynamoFlags())
