"""Builds what exports the audit, once per process."""

from functools import cache

from enghub.settings.audits.dynamo import DynamoAudits
from enghub.settings.audits.service import AuditExport


@cache
def export() -> AuditExport:
    """Return the use case."""
    return AuditExport(DynamoAudits())
