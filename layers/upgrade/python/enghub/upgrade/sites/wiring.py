"""Builds the store of sites."""

from functools import cache

from enghub.core import config
from enghub.core.config import CoreConfig
from enghub.upgrade.sites.dynamo import DynamoSites


def stage() -> str:
    """Return the stage's name."""
    name: str = config.load(CoreConfig).stage
    return name


@cache
def sites() -> DynamoSites:
    """Return the store of sites."""
    return DynamoSites()
