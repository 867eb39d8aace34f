"""Builds the worker that runs steps: the only one that needs the gateways to the sites."""

from dataclasses import dataclass

from enghub.core import config
from enghub.core.config import CoreConfig
from enghub.upgrade.executions.dynamo import DynamoExecutions
from enghub.upgrade.executions.engine import Engine
from enghub.upgrade.gateways.sites import SiteGateway
from enghub.upgrade.manifests.dynamo import DynamoManifests
from enghub.upgrade.sites.dynamo import DynamoSites


@dataclass(frozen=True, slots=True)
class StoreConfig:
    """Where packages and backups are; without it sites declare their own."""

    artifact_bucket: str = ""


def engine() -> Engine:
    """Return a worker for one slice."""
    stage, store = config.load(CoreConfig).stage, DynamoSites()
    bucket = config.load(StoreConfig).artifact_bucket
    return Engine(
        executions=DynamoExecutions(),
        site=lambda tenant_id, site_id: SiteGateway(store.get(tenant_id, site_id), stage, bucket),
        script=DynamoManifests().script,
    )
