"""Bills of material in DynamoDB.

Keys: version ``T#<tenant>#BOM#<product>`` / ``V#<version>``, the product's list of versions beside it under
``VERSIONS``; who uses a part ``T#<tenant>#BOM-USED#<part>`` / ``<shard>``, a set of products. Sets, because a structure
is then read level by level in batches of 100; one changed line writes its version and, where a part came or went, the
set of that part (decision 0080).
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from pynamodb.expressions.operand import Value

from enghub.core.aggregates import Aggregate
from enghub.core.codec import Key, Layout
from enghub.core.commits import Kept
from enghub.core.dynamo import Attr, key, parts, read_many
from enghub.core.transactions import Update, Write, transact
from enghub.plm.boms.model import Bom, Moment, Versions
from enghub.plm.boms.repository import BomCommit
from enghub.plm.products.journal import journal_entry
from enghub.plm.products.model import Stamp

SHARDS = 2
"""Sets of one part: a set holds about 15,000 products, and writers of one part meet less often."""
SETS_AT_ONCE = 85
"""With version, list, audit, outbox and claim below the 100 items of one transaction."""


def _bom_key(tenant_id: str, product: str, version: str) -> Key:
    return key("T", tenant_id, "BOM", product), key("V", version)


def _versions_key(tenant_id: str, product: str) -> Key:
    return key("T", tenant_id, "BOM", product), "VERSIONS"


def _used_keys(tenant_id: str, part: str) -> list[Key]:
    return [(key("T", tenant_id, "BOM-USED", part), str(shard)) for shard in range(SHARDS)]


def used_key(bom: Bom, part: str) -> Key:
    """Return the set of ``part`` that names the product."""
    shard = hashlib.sha256(bom.product.encode()).digest()[0] % SHARDS
    return _used_keys(bom.tenant_id, part)[shard]


def _tenant(pk: str, _: str) -> dict[str, Any]:
    _, tenant_id, _, product = parts(pk)
    return {"tenant_id": tenant_id, "product": product}


BOMS = Aggregate(
    Bom,
    "BOM",
    key=lambda bom: _bom_key(bom.tenant_id, bom.product, bom.version),
    layout=Layout(names={"version": "bom_version"}, given=("tenant_id", "product"), of_key=_tenant),
    name="bom",
    identity=lambda bom: key(bom.product, bom.version),
    shows=lambda bom: {
        "base_quantity": bom.base_quantity,
        "effective_from": bom.effective_from,
        "effective_to": bom.effective_to,
        "lines": len(bom.lines),
    },
)
VERSIONS = Aggregate(
    Versions,
    "BOM_VERSIONS",
    key=lambda found: _versions_key(found.tenant_id, found.product),
    layout=Layout(given=("tenant_id", "product"), of_key=_tenant),
    name="bom_versions",
    identity=lambda found: found.product,
)


class DynamoBoms:
    """The Boms of ``repository`` on the context's table."""

    def versions(self, tenant_id: str, product: str) -> Kept[Versions] | None:
        """See Boms."""
        return VERSIONS.read(_versions_key(tenant_id, product))

    def get(self, tenant_id: str, product: str, version: str) -> Kept[Bom] | None:
        """See Boms."""
        return BOMS.read(_bom_key(tenant_id, product, version))

    def all_of(self, tenant_id: str, versions: Versions) -> list[Bom]:
        """See Boms."""
        keys = [_bom_key(tenant_id, versions.product, span.version) for span in versions.spans]
        found = BOMS.get_many(keys)
        return [found[place] for place in keys if place in found]

    def in_force(self, tenant_id: str, products: Collection[str], moment: Moment) -> Mapping[str, Bom | None]:
        """See Boms. Two BatchGetItem per 100 products."""
        lists = VERSIONS.get_many([_versions_key(tenant_id, product) for product in products])
        chosen = {found.product: found.chosen(moment) for found in lists.values()}
        wanted = {
            product: _bom_key(tenant_id, product, version) for product, version in chosen.items() if version is not None
        }
        boms = BOMS.get_many(list(wanted.values()))
        return {product: boms.get(wanted[product]) if product in wanted else None for product in chosen}

    def parents(self, tenant_id: str, parts: Collection[str]) -> Mapping[str, Collection[str]]:
        """See Boms. One BatchGetItem per 50 parts."""
        places = {place: part for part in parts for place in _used_keys(tenant_id, part)}
        keys = list(places)
        found: dict[str, set[str]] = {part: set() for part in parts}
        for start in range(0, len(keys), 100):
            for place, item in read_many(keys[start : start + 100]).items():
                found[places[place]].update(item.get("products", {}).get("SS", ()))
        return found

    def save(self, change: BomCommit) -> Kept[Bom]:
        """See Boms.

        Of a version with very many new parts the first ones are listed before it is stored: the index may name a
        product that does not contain the part, readers look at the product itself; it never misses one.
        """
        bom = change.commit.after
        added = sorted(bom.parts - change.parts_before - change.parts_elsewhere)
        gone = change.parts_before - bom.parts - change.parts_elsewhere if change.stamp is None else ()
        removed = sorted(gone)[:SETS_AT_ONCE]
        at_once = SETS_AT_ONCE - len(removed)
        early, late = added[: max(len(added) - at_once, 0)], added[max(len(added) - at_once, 0) :]
        for start in range(0, len(early), 100):
            transact(*_used(bom, early[start : start + 100], is_added=True))
        return BOMS.save(
            change.commit,
            VERSIONS.write(change.versions, change.versions_before),
            *_used(bom, late, is_added=True),
            *_used(bom, removed, is_added=False),
            *_journal(bom, change.stamp),
        )


def _journal(bom: Bom, stamp: Stamp | None) -> list[Write]:
    """Return the write that keeps what a run's BOM and its list were; sets of parts may name too much, never less."""
    if stamp is None:
        return []
    places = [_bom_key(bom.tenant_id, bom.product, bom.version), _versions_key(bom.tenant_id, bom.product)]
    found = read_many(places)
    return [journal_entry(stamp, [(place, found.get(place)) for place in places])]


def _used(bom: Bom, parts: Iterable[str], *, is_added: bool) -> list[Write]:
    entity, products = Attr("entity"), Attr("products")
    mine = Value({"SS": [bom.product]})
    return [
        Update(
            used_key(bom, part),
            [products.add(mine), entity.set("BOM_USED")] if is_added else [products.delete(mine)],
        )
        for part in parts
    ]
