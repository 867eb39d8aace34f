"""What upgrades depend on, and how each is asked."""

from collections.abc import Mapping

from enghub.core import config
from enghub.core.config import CoreConfig
from enghub.upgrade.gateways import dependencies
from enghub.upgrade.health.manifests import in_force
from enghub.upgrade.health.service import Probe
from enghub.upgrade.manifests.dynamo import DynamoManifests


def probes() -> Mapping[str, Probe]:
    """Return the probes by the name that people read."""
    core = config.load(CoreConfig)
    manifests = DynamoManifests()
    dependencies.connect()
    return {
        "table": lambda tenant_id: dependencies.table(core.table_name, tenant_id),
        "stateMachine": lambda _: dependencies.state_machine(),
        "secretStore": lambda tenant_id: dependencies.secret_store(f"enghub/{core.stage}/upgrade/notices/{tenant_id}"),
        "bucket": dependencies.bucket,
        "manifests": lambda tenant_id: in_force(manifests, tenant_id),
        "disk": lambda _: dependencies.disk(),
    }
