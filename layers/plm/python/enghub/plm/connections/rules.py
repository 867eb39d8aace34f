"""What a tenant says about a connection beside its secrets: identity, revisions, zone, overlap (PLM-01, PLM-03)."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from enghub.plm.identities.model import AS_WRITTEN, IdentityRules, RevisionOrder, RevisionScheme

MOST_OVERLAP_MINUTES = 7 * 24 * 60


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
    webhook_status: int = 202
    """What the webhook answers to a notice that it takes: 202, or 200 as the source document has it."""

    @property
    def overlap(self) -> timedelta:
        """How far an incremental run looks back."""
        return timedelta(minutes=self.overlap_minutes)

    @property
    def order(self) -> RevisionOrder:
        """The order of its revisions."""
        return RevisionOrder(self.revisions)
