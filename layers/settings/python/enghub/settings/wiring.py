"""Builds the services of this context from their stores, once per process."""

from functools import cache

from enghub.settings.configs.dynamo import DynamoConfigs
from enghub.settings.configs.service import ConfigService


@cache
def configs() -> ConfigService:
    """Return the use cases of configuration items."""
    return ConfigService(DynamoConfigs())
