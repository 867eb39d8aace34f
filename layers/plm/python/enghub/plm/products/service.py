"""The use case of finding products."""

from dataclasses import dataclass

from enghub.plm.products.model import SyncStatus, material_id
from enghub.plm.products.repository import FoundProducts, Products


@dataclass(frozen=True, slots=True)
class ProductCatalogue:
    """Finds mappings by PLM code, by QMS material, by sync status (PLM-01)."""

    products: Products

    def versions(self, tenant_id: str, code: str, limit: int, cursor: str | None) -> FoundProducts:
        """Return the mappings of one product code."""
        return self.products.versions(tenant_id, code, limit, cursor)

    def of_material(
        self, tenant_id: str, code: str | None, identifier: str | None, limit: int, cursor: str | None
    ) -> FoundProducts:
        """Return the mappings of the material with this code, or with this id."""
        wanted = identifier or material_id(tenant_id, code or "")
        return self.products.of_material(tenant_id, wanted, limit, cursor)

    def in_status(self, tenant_id: str, status: SyncStatus, limit: int, cursor: str | None) -> FoundProducts:
        """Return the mappings of one sync status."""
        return self.products.in_status(tenant_id, status, limit, cursor)
