"""Product mappings and materials in DynamoDB.

Keys: mapping ``T#<tenant>#PRODUCT#<code>`` / ``V#<version>``, material ``T#<tenant>#MATERIAL#<code>`` / ``MATERIAL``.
Index ``gsi1`` finds mappings by material id, ``gsi2`` by sync status, spread over SHARDS partitions so that a full
sync does not write into one.
"""

import hashlib
from collections.abc import Callable, Collection

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from enghub.core.dynamo import InstantAttribute, RawItem, Record, key, read_many
from enghub.core.errors import Invalid, VersionConflict
from enghub.core.transactions import Put, absent, transact
from enghub.plm.products.model import (
    Lifecycle,
    MappingType,
    Material,
    Outcome,
    ProductMapping,
    Shelf,
    SyncStatus,
)
from enghub.plm.products.repository import FoundProducts

SHARDS = 4


class MappingRecord(Record):
    """One product mapping."""

    ENTITY = "PRODUCT"

    code = UnicodeAttribute()
    product_version = UnicodeAttribute()
    name = UnicodeAttribute()
    object_id = UnicodeAttribute()
    lifecycle = UnicodeAttribute(null=True)
    mapping_type = UnicodeAttribute(null=True)
    material_id = UnicodeAttribute(null=True)
    material_code = UnicodeAttribute(null=True)
    status = UnicodeAttribute()
    failure = UnicodeAttribute(null=True)
    plm_updated_at = InstantAttribute()
    last_sync_at = InstantAttribute()
    run_id = UnicodeAttribute()
    outcome = UnicodeAttribute()
    revision = NumberAttribute()


class MaterialRecord(Record):
    """One material."""

    ENTITY = "MATERIAL"

    material_id = UnicodeAttribute()
    code = UnicodeAttribute()
    name = UnicodeAttribute()
    unit = UnicodeAttribute()
    group = UnicodeAttribute()
    mapping_type = UnicodeAttribute()
    owner = UnicodeAttribute()
    source_updated_at = InstantAttribute()
    revision = NumberAttribute()


class DynamoProducts:
    """The Products of ``repository`` on the context's table."""

    def load(self, tenant_id: str, keys: Collection[tuple[str, str]], material_codes: Collection[str]) -> Shelf:
        """See Products. One BatchGetItem."""
        mapping_keys = [_mapping_key(tenant_id, *pair) for pair in keys]
        material_keys = [_material_key(tenant_id, code) for code in material_codes]
        found = read_many([*mapping_keys, *material_keys]) if mapping_keys or material_keys else {}
        mappings = [_mapping(MappingRecord.from_raw_data(found[place])) for place in mapping_keys if place in found]
        materials = [_material(MaterialRecord.from_raw_data(found[place])) for place in material_keys if place in found]
        return Shelf(
            {mapping.key: mapping for mapping in mappings}, {material.code: material for material in materials}
        )

    def save(self, tenant_id: str, shelf: Shelf) -> None:
        """See Products. One TransactWriteItems, none when nothing changed."""
        writes = [
            *(_put(_mapping_record(tenant_id, shelf.mappings[place])) for place in sorted(shelf.changed_mappings)),
            *(_put(_material_record(tenant_id, shelf.materials[code])) for code in sorted(shelf.changed_materials)),
        ]
        if writes:
            transact(*writes)

    def versions(self, tenant_id: str, code: str, limit: int, cursor: str | None) -> FoundProducts:
        """See Products."""
        page = MappingRecord.page(key("T", tenant_id, "PRODUCT", code), prefix="V#", limit=limit, cursor=cursor)
        return FoundProducts(tuple(_mapping(record) for record in page.items), page.cursor)

    def of_material(self, tenant_id: str, material_id: str, limit: int, cursor: str | None) -> FoundProducts:
        """See Products."""
        pk = key("T", tenant_id, "PRODUCT-MATERIAL", material_id)
        page = MappingRecord.page(pk, index="gsi1", limit=limit, cursor=cursor)
        return FoundProducts(tuple(_mapping(record) for record in page.items), page.cursor)

    def in_status(self, tenant_id: str, status: SyncStatus, limit: int, cursor: str | None) -> FoundProducts:
        """See Products. One partition after the other; the cursor begins with the partition's number."""
        shard, inner = _read_cursor(cursor)
        found: list[ProductMapping] = []
        while shard < SHARDS and len(found) < limit:
            page = MappingRecord.page(
                _status_key(tenant_id, status, shard), index="gsi2", limit=limit - len(found), cursor=inner
            )
            found.extend(_mapping(record) for record in page.items)
            inner = page.cursor
            shard += inner is None
        return FoundProducts(tuple(found), f"{shard}.{inner or ''}" if shard < SHARDS else None)


def _read_cursor(cursor: str | None) -> tuple[int, str | None]:
    shard, dot, inner = (cursor or "0.").partition(".")
    if not dot or shard not in {str(number) for number in range(SHARDS)}:
        raise Invalid(field="cursor", problem="take it unchanged from the previous page of the same list")
    return int(shard), inner or None


def _put(record: MappingRecord | MaterialRecord) -> Put:
    revision = int(record.revision)
    condition = absent() if revision == 1 else type(record).revision == revision - 1
    return Put(record, condition, _outdated(revision - 1))


def _outdated(expected: int) -> Callable[[RawItem | None], Exception]:
    def refusal(item: RawItem | None) -> Exception:
        return VersionConflict(expected=expected, actual=int(item["revision"]["N"]) if item else 0)

    return refusal


def _mapping_key(tenant_id: str, code: str, version: str) -> tuple[str, str]:
    return key("T", tenant_id, "PRODUCT", code), key("V", version)


def _material_key(tenant_id: str, code: str) -> tuple[str, str]:
    return key("T", tenant_id, "MATERIAL", code), "MATERIAL"


def _status_key(tenant_id: str, status: SyncStatus, shard: int) -> str:
    return key("T", tenant_id, "PRODUCT-STATUS", status.value, shard)


def _mapping_record(tenant_id: str, mapping: ProductMapping) -> MappingRecord:
    pk, sk = _mapping_key(tenant_id, mapping.code, mapping.version)
    name = key(mapping.code, mapping.version)
    shard = hashlib.sha256(mapping.code.encode()).digest()[0] % SHARDS
    return MappingRecord(
        pk=pk,
        sk=sk,
        gsi1pk=key("T", tenant_id, "PRODUCT-MATERIAL", mapping.material_id) if mapping.material_id else None,
        gsi1sk=name if mapping.material_id else None,
        gsi2pk=_status_key(tenant_id, mapping.status, shard),
        gsi2sk=name,
        code=mapping.code,
        product_version=mapping.version,
        name=mapping.name,
        object_id=mapping.object_id,
        lifecycle=mapping.lifecycle and mapping.lifecycle.value,
        mapping_type=mapping.mapping_type and mapping.mapping_type.value,
        material_id=mapping.material_id,
        material_code=mapping.material_code,
        status=mapping.status.value,
        failure=mapping.failure,
        plm_updated_at=mapping.plm_updated_at,
        last_sync_at=mapping.last_sync_at,
        run_id=mapping.run_id,
        outcome=mapping.outcome.value,
        revision=mapping.revision,
    )


def _mapping(record: MappingRecord) -> ProductMapping:
    return ProductMapping(
        code=record.code,
        version=record.product_version,
        name=record.name,
        object_id=record.object_id,
        lifecycle=Lifecycle(record.lifecycle) if record.lifecycle else None,
        mapping_type=MappingType(record.mapping_type) if record.mapping_type else None,
        material_id=record.material_id,
        material_code=record.material_code,
        status=SyncStatus(record.status),
        failure=record.failure,
        plm_updated_at=record.plm_updated_at,
        last_sync_at=record.last_sync_at,
        run_id=record.run_id,
        outcome=Outcome(record.outcome),
        revision=int(record.revision),
    )


def _material_record(tenant_id: str, material: Material) -> MaterialRecord:
    pk, sk = _material_key(tenant_id, material.code)
    return MaterialRecord(
        pk=pk,
        sk=sk,
        material_id=material.material_id,
        code=material.code,
        name=material.name,
        unit=material.unit,
        group=material.group,
        mapping_type=material.mapping_type.value,
        owner=material.owner,
        source_updated_at=material.source_updated_at,
        revision=material.revision,
    )


def _material(record: MaterialRecord) -> Material:
    return Material(
        material_id=record.material_id,
        code=record.code,
        name=record.name,
        unit=record.unit,
        group=record.group,
        mapping_type=MappingType(record.mapping_type),
        owner=record.owner,
        source_updated_at=record.source_updated_at,
        revision=int(record.revision),
    )
