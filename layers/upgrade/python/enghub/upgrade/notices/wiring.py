"""Builds the notices, once per process."""

from dataclasses import dataclass
from functools import cache

from enghub.core import config
from enghub.upgrade.executions.dynamo import DynamoExecutions
from enghub.upgrade.manifests.dynamo import DynamoManifests
from enghub.upgrade.manifests.model import Revision
from enghub.upgrade.notices.dynamo import DynamoRequests
from enghub.upgrade.notices.metrics import count_end
from enghub.upgrade.notices.service import Notices
from enghub.upgrade.versions import Version


@dataclass(frozen=True, slots=True)
class NoticeConfig:
    """What a stage says about links in notices."""

    public_url: str = ""


@cache
def notices() -> Notices:
    """Return the use case."""
    base = config.load(NoticeConfig).public_url.rstrip("/")
    manifests = DynamoManifests()

    def report_url(execution_id: str) -> str | None:
        return f"{base}/api/v1/upgrade/report/{execution_id}?format=html" if base else None

    def in_force(tenant_id: str, version: Version) -> Revision | None:
        head = manifests.head(tenant_id, version)
        return None if head is None else manifests.revision(tenant_id, version, head.active or head.latest)

    return Notices(
        executions=DynamoExecutions(),
        revisions=manifests.revisions,
        in_force=in_force,
        requests=DynamoRequests(),
        report_url=report_url,
        count_end=count_end,
    )
