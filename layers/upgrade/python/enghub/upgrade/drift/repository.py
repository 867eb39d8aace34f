"""The port of records."""

from typing import Protocol

from enghub.upgrade.drift.model import Record


class Records(Protocol):
    """What versions have at sites."""

    def get(self, tenant_id: str, site_id: str, version: str) -> Record | None:
        """Return what a version has at a site, None when no upgrade has recorded it."""

    def put(self, record: Record) -> bool:
        """Keep a record in place of an earlier one; False when it is too big to be kept."""

    def renew(self, tenant_id: str, site_id: str, version: str, token: int) -> None:
        """Let a record, if there is one, hold after a writer with that token."""
