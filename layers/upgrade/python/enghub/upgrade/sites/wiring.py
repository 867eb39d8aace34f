"""Builds the store of sites, once per process."""

from functools import cache

from enghub.core import config
from enghub.core.config import CoreConfig
from enghub.upgrade.sites.dynamo import DynamoSites


@cache
def sites() -> DynamoSites:
    """Return the store of sites."""
    return DynamoSites()


def stage() -> str:
    """Return the stage's name, part of the sites' secrets."""
    name: str = config.load(CoreConfig).stage
    return name
