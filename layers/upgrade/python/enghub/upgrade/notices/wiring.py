"""Builds the notices, once per process."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from enghub.core import config, secrets
from enghub.core.config import CoreConfig
from enghub.core.errors import NotFound
from enghub.kit.outbound.calls import Outbound
from enghub.kit.outbound.stage import stage_policy
from enghub.upgrade.executions.dynamo import DynamoExecutions
from enghub.upgrade.gateways.emails import Emails
from enghub.upgrade.gateways.monitoring import count_end
from enghub.upgrade.gateways.webhooks import Webhooks
from enghub.upgrade.manifests.dynamo import DynamoManifests
from enghub.upgrade.manifests.model import Revision
from enghub.upgrade.notices.dynamo import DynamoMarks
from enghub.upgrade.notices.model import Channel
from enghub.upgrade.notices.service import Notices
from enghub.upgrade.versions import Version


@dataclass(frozen=True, slots=True)
class NoticeConfig:
    """What a stage says about notices."""

    notice_sender: str = ""
    public_url: str = ""


@cache
def notices() -> Notices:
    """Return the use case."""
    stage, found = config.load(CoreConfig).stage, config.load(NoticeConfig)

    def signing(tenant_id: str) -> Sequence[str]:
        try:
            kept = secrets.secret(f"enghub/{stage}/upgrade/notices/{tenant_id}")
        except NotFound:
            return ()
        return [text for text in kept.get("webhookSecrets", ()) if text]

    def report_url(execution_id: str) -> str | None:
        base = found.public_url.rstrip("/")
        return f"{base}/api/v1/upgrade/report/{execution_id}?format=html" if base else None

    manifests = DynamoManifests()

    def in_force(tenant_id: str, version: Version) -> Revision | None:
        head = manifests.head(tenant_id, version)
        return None if head is None else manifests.revision(tenant_id, version, head.active or head.latest)

    senders = {
        Channel.EMAIL: Emails(found.notice_sender).send,
        Channel.WEBHOOK: Webhooks(signing, Outbound(stage_policy())).send,
        Channel.METRICS: count_end,
    }
    return Notices(
        executions=DynamoExecutions(),
        revisions=manifests.revisions,
        in_force=in_force,
        marks=DynamoMarks(),
        senders=senders,
        report_url=report_url,
    )
