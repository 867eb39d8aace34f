"""Bills of material for tests: `a_bom("A", ("B", 2), ("C", 3, {"is_phantom": True}))`."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from enghub.plm.boms.explosion import Explosion, explode
from enghub.plm.boms.model import Bom, BomLine, Moment
from enghub.plm.boms.structure import Load, load_down
from enghub.plm.boms.whereused import Use, load_up, where_used
from enghub.plm.units.model import UnitTable

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
UNITS = UnitTable("acme")
Line = tuple[Any, ...]


def a_line(sequence: int, component: str, quantity: Any = 1, fields: Mapping[str, Any] | None = None) -> BomLine:
    return replace(BomLine(sequence, component, Decimal(str(quantity)), "PCS"), **(fields or {}))


def a_bom(product: str, *lines: Line, **fields: Any) -> Bom:
    made = tuple(a_line(place * 10, *line) for place, line in enumerate(lines, 1))
    return replace(Bom("acme", product, fields.pop("version", "A"), made, NOW, NOW), **fields)


class Shelf:
    """BOMs in memory, one version each, loaded as a store does."""

    def __init__(self, *boms: Bom, moment: Moment | None = None) -> None:
        self.boms = {bom.product: bom for bom in boms}
        self.moment = moment or Moment(at=NOW)

    def load(self, products: Collection[str]) -> Mapping[str, Bom | None]:
        return {product: self.boms[product] for product in products if product in self.boms}

    def parents(self, parts: Collection[str]) -> Mapping[str, Collection[str]]:
        return {part: [bom.product for bom in self.boms.values() if part in bom.parts] for part in parts}

    def exploded(self, product: str, quantity: Any = 1) -> Explosion:
        load: Load = self.load
        return explode(product, Decimal(str(quantity)), load_down(product, self.moment, load), UNITS)

    def needs(self, product: str, quantity: Any = 1) -> dict[str, str]:
        found = self.exploded(product, quantity).requirements
        return {one.component: str(one.quantity) for one in found}

    def ordered(self, product: str, quantity: Any = 1) -> dict[str, str]:
        found = self.exploded(product, quantity).requirements
        return {one.component: str(one.order_quantity) for one in found}

    def uses(self, part: str) -> dict[str, Use]:
        structure, containing = load_up(part, self.moment, self.load, self.parents)
        return {use.product: use for use in where_used(part, structure, containing, UNITS)}
