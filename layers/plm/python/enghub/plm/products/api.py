"""Answers about product mappings."""

from enghub.core import wire
from enghub.plm.products.model import Lifecycle, MappingType, ProductMapping, SyncStatus
from enghub.plm.products.repository import FoundProducts


class ProductMappingResponse(wire.Response):
    """A mapping of a PLM product version to a QMS material (PLM-01)."""

    plm_product_code: str
    plm_product_version: str
    plm_product_name: str
    lifecycle_state: Lifecycle | None
    qms_material_id: str | None
    qms_material_code: str | None
    mapping_type: MappingType | None
    sync_status: SyncStatus
    failure: str | None
    plm_updated_at: wire.Instant
    last_sync_at: wire.Instant
    connection: str
    gone_at: wire.Instant | None

    @classmethod
    def of(cls, mapping: ProductMapping) -> "ProductMappingResponse":
        """Return the answer for ``mapping``."""
        return cls(
            plm_product_code=mapping.code,
            plm_product_version=mapping.version,
            plm_product_name=mapping.name,
            lifecycle_state=mapping.lifecycle,
            qms_material_id=mapping.material_id,
            qms_material_code=mapping.material_code,
            mapping_type=mapping.mapping_type,
            sync_status=mapping.status,
            failure=mapping.failure,
            plm_updated_at=mapping.plm_updated_at,
            last_sync_at=mapping.last_sync_at,
            connection=mapping.connection,
            gone_at=mapping.gone_at,
        )


class ProductMappingList(wire.Response):
    """A page of mappings."""

    items: tuple[ProductMappingResponse, ...]
    cursor: str | None

    @classmethod
    def of(cls, found: FoundProducts) -> "ProductMappingList":
        """Return the answer for a page."""
        return cls(
            items=tuple(ProductMappingResponse.of(found_one) for found_one in found.mappings), cursor=found.cursor
        )
