"""The ways by which notices travel. Addresses of robots, servers and receivers are secrets, never kept here. No I/O."""

from dataclasses import dataclass
from enum import StrEnum

from enghub.notices.languages import Reads


class Kind(StrEnum):
    """What a channel speaks."""

    EMAIL = "email"
    """Amazon SES."""
    SMTP = "smtp"
    WEBHOOK = "webhook"
    SNS = "sns"
    DINGTALK = "dingtalk"
    WECOM = "wecom"
    FEISHU = "feishu"

    @property
    def is_mail(self) -> bool:
        """Reaches people by their address; every other kind has one address of its own."""
        return self in {Kind.EMAIL, Kind.SMTP}


PER_MINUTE = {Kind.DINGTALK: 18, Kind.WECOM: 18, Kind.FEISHU: 90}
"""What a robot takes in a minute, a little below its vendor's limit; DingTalk blocks for ten minutes beyond it."""
MAIL, HOOK = "email", "webhook"
"""The channels that are always there: the stage's SES, and webhooks of a publisher's manifest."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel of a tenant."""

    tenant_id: str
    channel_id: str
    name: str
    kind: Kind
    reads: Reads = Reads.BOTH
    """The language of those who read it, where a recipient says none."""
    per_minute: int | None = None
    """Messages in a minute; the kind's own number when None."""
    topic_arn: str = ""
    """Of kind sns; one that the stage allows."""
    is_active: bool = True
    is_deleted: bool = False

    @property
    def budget(self) -> int | None:
        """Messages in a minute, None without a limit."""
        return self.per_minute or PER_MINUTE.get(self.kind)

    @property
    def secret_path(self) -> str:
        """Where its address and credentials are kept, below ``enghub/<stage>/``."""
        return f"notices/{self.tenant_id}/{self.channel_id}"


def built_in(tenant_id: str, channel_id: str) -> Channel | None:
    """Return the channel that every tenant has under this id; one of the tenant's own takes its place."""
    kinds = {MAIL: Kind.EMAIL, HOOK: Kind.WEBHOOK}
    return Channel(tenant_id, channel_id, channel_id, kinds[channel_id]) if channel_id in kinds else None
