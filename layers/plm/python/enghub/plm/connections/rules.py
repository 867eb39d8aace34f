"""What a tenant says about a connection beside its secrets: identity, revisions, zone, overlap (PLM-01, PLM-03)."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from enghub.plm.identities.model import AS_WRITTEN, IdentityRules, RevisionOrder, RevisionScheme

MOST_OVERLAP_MINUTES = 7 * 24 * 60
MOST_MESSAGES_PER_MINUTE = 1_000_000


class NumberFormat(StrEnum):
    """How the connection writes numbers in texts: declared, because no number tells."""

    POINT = "POINT"
    """1234.5"""
    POINT_WITH_GROUPS = "POINT_WITH_GROUPS"
    """1,234.5"""
    COMMA = "COMMA"
    """1234,5"""
    COMMA_WITH_GROUPS = "COMMA_WITH_GROUPS"
    """1.234,5"""


class FileEncoding(StrEnum):
    """How the connection's files are encoded: declared, because bytes of one are often valid in another."""

    UTF_8 = "UTF_8"
    """With or without a byte order mark."""
    UTF_16 = "UTF_16"
    """With a byte order mark."""
    GB18030 = "GB18030"

    @property
    def codec(self) -> str:
        """What Python calls it."""
        return {"UTF_8": "utf-8-sig", "UTF_16": "utf-16", "GB18030": "gb18030"}[self.value]


@dataclass(frozen=True, slots=True)
class ConnectionRules:
    """The rules of one connection; without any said, those of the defaults."""

    tenant_id: str
    name: str
    identity: IdentityRules = AS_WRITTEN
    revisions: RevisionScheme = RevisionScheme.PLAIN
    zone: str = "UTC"
    overlap_minutes: int = 10
    """An incremental run looks back this far before the watermark: clocks differ, commits come late (C11)."""
    number_format: NumberFormat = NumberFormat.POINT
    file_encoding: FileEncoding = FileEncoding.UTF_8
    webhook_status: int = 202
    """What the webhook answers to a notice that it takes: 202, or 200 as the source document has it."""

    messages_per_minute: int = 6000
    """Messages of a broker that are taken for the connection; others wait at the broker."""

    @property
    def overlap(self) -> timedelta:
        """How far an incremental run looks back."""
        return timedelta(minutes=self.overlap_minutes)

    @property
    def order(self) -> RevisionOrder:
        """The order of its revisions."""
        return RevisionOrder(self.revisions)
