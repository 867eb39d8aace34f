"""That somebody took configuration out, in the audit: each export is a subject of its own."""

from collections.abc import Mapping
from typing import Any

from enghub.core import audit, ids
from enghub.core.commits import AuditEntry, Link, subject
from enghub.core.identity import Origin
from enghub.core.transactions import transact
from enghub.settings.configs.model import Owner


class DynamoExportLog:
    """See ``ExportLog``."""

    def exported(self, owner: Owner, origin: Origin, facts: Mapping[str, Any]) -> None:
        """One write: the audit entry."""
        about = subject("config_export", "", ids.new_id(origin.at))
        told = {"layer": owner.layer.value, "userId": owner.user_id, **facts}
        transact(audit.to_put(AuditEntry(origin, "config_export.made", about, None, told, Link())))
