"""Product mappings and materials in DynamoDB.

Keys: mapping ``T#<tenant>#PRODUCT#<code>`` / ``V#<version>``, material ``T#<tenant>#MATERIAL#<code>`` / ``MATERIAL``.
Index ``gsi1`` finds mappings by material id, ``gsi2`` by sync status, spread over SHARDS partitions so that a full
sync does not write into one.
"""

import hashlib
from collections.abc import Collection
from typing import Any

from enghub.core.aggregates import Aggregate
from enghub.core.codec import Key, Layout
from enghub.core.dynamo import CURSOR, key, parts, read_many
from enghub.core.errors import Invalid
from enghub.core.transactions import transact
from enghub.plm.products.journal import journal_entry
from enghub.plm.products.model import Material, ProductMapping, Stamp, SyncStatus, WorkingSet
from enghub.plm.products.repository import FoundProducts

SHARDS = 4


def _mapping_key(tenant_id: str, code: str, version: str) -> Key:
    return key("T", tenant_id, "PRODUCT", code), key("V", version)


def _material_key(tenant_id: str, code: str) -> Key:
    return key("T", tenant_id, "MATERIAL", code), "MATERIAL"


def status_key(tenant_id: str, status: SyncStatus, shard: int) -> str:
    """Return the partition of ``gsi2`` that lists mappings of a status."""
    return key("T", tenant_id, "PRODUCT-STATUS", status.value, shard)


def _tenant(pk: str, _: str) -> dict[str, Any]:
    return {"tenant_id": parts(pk)[1]}


def _lists(mapping: ProductMapping) -> dict[str, str | None]:
    name, tenant_id = key(mapping.code, mapping.version), mapping.tenant_id
    shard = hashlib.sha256(mapping.code.encode()).digest()[0] % SHARDS
    return {
        "gsi1pk": key("T", tenant_id, "PRODUCT-MATERIAL", mapping.material_id) if mapping.material_id else None,
        "gsi1sk": name if mapping.material_id else None,
        "gsi2pk": status_key(tenant_id, mapping.status, shard),
        "gsi2sk": name,
    }


MAPPINGS = Aggregate(
    ProductMapping,
    "PRODUCT",
    key=lambda mapping: _mapping_key(mapping.tenant_id, mapping.code, mapping.version),
    layout=Layout(names={"version": "product_version"}, given=("tenant_id",), of_key=_tenant),
    more=_lists,
    name="product",
    identity=lambda mapping: key(*mapping.key),
)
MATERIALS = Aggregate(
    Material,
    "MATERIAL",
    key=lambda material: _material_key(material.tenant_id, material.code),
    layout=Layout(given=("tenant_id",), of_key=_tenant),
    name="material",
    identity=lambda material: material.code,
)


class DynamoProducts:
    """The Products of ``repository`` on the context's table."""

    def load(self, tenant_id: str, keys: Collection[tuple[str, str]], material_codes: Collection[str]) -> WorkingSet:
        """See Products. One BatchGetItem."""
        mapping_keys = {_mapping_key(tenant_id, *pair): pair for pair in keys}
        material_keys = {_material_key(tenant_id, code): code for code in material_codes}
        found = read_many([*mapping_keys, *material_keys]) if mapping_keys or material_keys else {}
        images: dict[object, object] = dict(found)
        return WorkingSet(
            {pair: MAPPINGS.kept(found[at]) for at, pair in mapping_keys.items() if at in found},
            {code: MATERIALS.kept(found[at]) for at, code in material_keys.items() if at in found},
            images=images,
        )

    def save(self, tenant_id: str, working: WorkingSet, stamp: Stamp) -> None:
        """See Products. One TransactWriteItems with one journal entry, none when nothing changed."""
        mappings, materials = working.loaded_mappings, working.loaded_materials
        writes = [
            *(MAPPINGS.write(working.mappings[at], mappings.get(at)) for at in sorted(working.changed_mappings)),
            *(
                MATERIALS.write(working.materials[code], materials.get(code))
                for code in sorted(working.changed_materials)
            ),
        ]
        if writes:
            changed = [
                *(_mapping_key(tenant_id, *at) for at in sorted(working.changed_mappings)),
                *(_material_key(tenant_id, code) for code in sorted(working.changed_materials)),
            ]
            transact(*writes, journal_entry(stamp, [(place, working.images.get(place)) for place in changed]))

    def versions(self, tenant_id: str, code: str, limit: int, cursor: str | None) -> FoundProducts:
        """See Products."""
        page = MAPPINGS.page(key("T", tenant_id, "PRODUCT", code), prefix="V#", limit=limit, cursor=cursor)
        return FoundProducts(page.items, page.cursor)

    def of_material(self, tenant_id: str, material_id: str, limit: int, cursor: str | None) -> FoundProducts:
        """See Products."""
        pk = key("T", tenant_id, "PRODUCT-MATERIAL", material_id)
        page = MAPPINGS.page(pk, index="gsi1", limit=limit, cursor=cursor)
        return FoundProducts(page.items, page.cursor)

    def in_status(self, tenant_id: str, status: SyncStatus, limit: int, cursor: str | None) -> FoundProducts:
        """See Products. One partition after the other; the cursor begins with the partition's number."""
        shard, inner = _read_cursor(cursor)
        found: list[ProductMapping] = []
        while shard < SHARDS and len(found) < limit:
            page = MAPPINGS.page(
                status_key(tenant_id, status, shard), index="gsi2", limit=limit - len(found), cursor=inner
            )
            found.extend(page.items)
            inner = page.cursor
            shard += inner is None
        return FoundProducts(tuple(found), f"{shard}.{inner or ''}" if shard < SHARDS else None)


def _read_cursor(cursor: str | None) -> tuple[int, str | None]:
    shard, dot, inner = (cursor or "0.").partition(".")
    if not dot or shard not in {str(number) for number in range(SHARDS)}:
        raise Invalid(field="cursor", problem=CURSOR)
    return int(shard), inner or None
