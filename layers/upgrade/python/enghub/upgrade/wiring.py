"""Builds what works on sites: the engine."""

from enghub.core import config
from enghub.upgrade.drift.wiring import drifts
from enghub.upgrade.executions.dynamo import DynamoExecutions
from enghub.upgrade.executions.engine import Engine
from enghub.upgrade.gateways.sites import SiteGateway
from enghub.upgrade.gateways.stores import StoreConfig
from enghub.upgrade.manifests.dynamo import DynamoManifests
from enghub.upgrade.sites.wiring import sites, stage


def engine() -> Engine:
    """Return a worker for one slice."""
    bucket = config.load(StoreConfig).bucket_name
    return Engine(
        executions=DynamoExecutions(),
        site=lambda tenant_id, site_id: SiteGateway(sites().get(tenant_id, site_id), stage(), bucket),
        script=DynamoManifests().script,
        drifts=drifts(),
    )
