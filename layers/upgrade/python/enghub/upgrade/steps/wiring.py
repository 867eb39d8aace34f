"""Builds the worker that runs steps: the only one that needs the gateways to the sites."""

from enghub.core import config
from enghub.core.config import CoreConfig
from enghub.upgrade.executions.dynamo import DynamoExecutions
from enghub.upgrade.executions.engine import Engine
from enghub.upgrade.gateways.sites import SiteGateway
from enghub.upgrade.manifests.dynamo import DynamoManifests
from enghub.upgrade.sites.dynamo import DynamoSites


def engine() -> Engine:
    """Return a worker for one slice."""
    stage, store = config.load(CoreConfig).stage, DynamoSites()
    return Engine(
        executions=DynamoExecutions(),
        site=lambda tenant_id, site_id: SiteGateway(store.get(tenant_id, site_id), stage),
        script=DynamoManifests().script,
    )
