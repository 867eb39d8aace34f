"""A site: one installation to upgrade. Its credentials are in the secret store, never here (UPG-19)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from enghub.kit.sql.dialect import Dialect
from enghub.upgrade.versions import Version


@dataclass(frozen=True, slots=True)
class Site:
    """Where to upgrade what. `version` is what it runs, as far as executions here know."""

    tenant_id: str
    site_id: str
    name: str
    dialect: Dialect
    hooks: Mapping[str, str]
    components: tuple[str, ...]
    updated_by: str
    updated_at: datetime
    version: str | None = None
    applied: tuple[str, ...] = ()
    """Versions that executions here have run, in order."""
    record_version: int = 0
    audit_sequence: int = 0
    audit_hash: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    resources: Mapping[str, str] = field(default_factory=dict)
    """What it has of memory, disk and cpu, as whoever registered it says (`enghub.upgrade.amounts`)."""

    def secret_name(self, stage: str) -> str:
        """Return the name of the secret with the site's database address and credentials."""
        return f"enghub/{stage}/upgrade/site/{self.tenant_id}/{self.site_id}"

    @property
    def applied_versions(self) -> frozenset[Version]:
        """What the site ran, as numbers."""
        return frozenset(Version.parse(text) for text in self.applied)
