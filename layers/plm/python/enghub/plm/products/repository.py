"""What the import and the reading of products need to store and find."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from enghub.plm.products.model import ProductMapping, SyncStatus, WorkingSet


@dataclass(frozen=True, slots=True)
class FoundProducts:
    """One page of mappings; ``cursor`` continues it."""

    mappings: tuple[ProductMapping, ...]
    cursor: str | None


class Products(Protocol):
    """Product mappings and materials of all tenants."""

    def load(self, tenant_id: str, keys: Collection[tuple[str, str]], material_codes: Collection[str]) -> WorkingSet:
        """Return the mappings (by code and version) and materials that exist, read consistently; 100 at most."""

    def save(self, tenant_id: str, working: WorkingSet) -> None:
        """Write what changed in the working set, all or nothing.

        Raises:
            VersionConflict: somebody else wrote one of them after it was loaded.
        """

    def versions(self, tenant_id: str, code: str, limit: int, cursor: str | None) -> FoundProducts:
        """Return the mappings of one product code."""

    def of_material(self, tenant_id: str, material_id: str, limit: int, cursor: str | None) -> FoundProducts:
        """Return the mappings of one material."""

    def in_status(self, tenant_id: str, status: SyncStatus, limit: int, cursor: str | None) -> FoundProducts:
        """Return the mappings of one sync status; a page may hold fewer than ``limit`` and still have a cursor."""
