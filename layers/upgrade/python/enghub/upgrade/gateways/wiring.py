"""Builds what works on sites: the engine."""

from enghub.upgrade.executions.dynamo import DynamoExecutions
from enghub.upgrade.executions.engine import Engine
from enghub.upgrade.gateways.sites import SiteGateway
from enghub.upgrade.manifests.dynamo import DynamoManifests
from enghub.upgrade.sites.wiring import sites, stage


def engine() -> Engine:
    """Return a worker for one slice."""
    return Engine(
        executions=DynamoExecutions(),
        site=lambda tenant_id, site_id: SiteGateway(sites().get(tenant_id, site_id), stage()),
        script=DynamoManifests().script,
    )
