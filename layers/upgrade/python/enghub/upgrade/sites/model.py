"""A site: one installation to upgrade (UPG-19). Its credentials are in the secret store, never here.

The source document's *site* (局点), which manifests, routes (`/sites`) and people use: one installation of the business
system, with its database, files and services. Not ISA-95's site, the level of a plant below the enterprise: that is a
*factory* everywhere in EngHub, and one factory may run several sites of this kind, or none.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from enghub.kit.sql.dialect import Dialect
from enghub.upgrade.versions import Version


@dataclass(frozen=True, slots=True)
class Site:
    """One installation, the target system of upgrades. `version` is what it runs, as far as executions here know."""

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
    tags: Mapping[str, str] = field(default_factory=dict)
    resources: Mapping[str, str] = field(default_factory=dict)
    """What it has of memory, disk and cpu, as whoever registered it says (`enghub.upgrade.amounts`)."""

    variables: Mapping[str, str] = field(default_factory=dict)
    """Its own values for variables of manifests."""

    def secret_name(self, stage: str) -> str:
        """Return the name of the secret with the site's database address and credentials."""
        return f"enghub/{stage}/upgrade/site/{self.tenant_id}/{self.site_id}"

    @property
    def applied_versions(self) -> frozenset[Version]:
        """What the site ran, as numbers."""
        return frozenset(Version.parse(text) for text in self.applied)
