"""What suppliers' links need of a store."""

from dataclasses import dataclass
from typing import Protocol

from enghub.core.commits import Commit, Kept
from enghub.plm.supplier_links.model import SupplierLink


@dataclass(frozen=True, slots=True)
class FoundLinks:
    """One page; ``cursor`` continues it."""

    links: tuple[SupplierLink, ...]
    cursor: str | None


class SupplierLinks(Protocol):
    """The suppliers' links of all tenants."""

    def get(self, tenant_id: str, link_id: str) -> Kept[SupplierLink] | None:
        """Return one, read consistently."""

    def save(self, commit: Commit[SupplierLink]) -> Kept[SupplierLink]:
        """Store a change; raises VersionConflict."""

    def of_ppap(self, tenant_id: str, ppap_id: str, limit: int, cursor: str | None) -> FoundLinks:
        """Return those of a PPAP."""
