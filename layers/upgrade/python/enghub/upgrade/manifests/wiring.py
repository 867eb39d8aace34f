"""Builds the use cases of manifests."""

from functools import cache

from enghub.upgrade.manifests.dynamo import DynamoManifests
from enghub.upgrade.manifests.service import ManifestService


@cache
def manifests() -> ManifestService:
    """Return the use cases of manifests."""
    return ManifestService(DynamoManifests())
