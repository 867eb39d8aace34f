"""Builds the planner."""

from functools import cache

from enghub.upgrade.manifests.dynamo import DynamoManifests
from enghub.upgrade.planning.service import Planner
from enghub.upgrade.sites.dynamo import DynamoSites


@cache
def planner() -> Planner:
    """Return the planner."""
    return Planner(DynamoManifests(), DynamoSites())
