"""Where-used: every product that contains a part, up to the top ones, with how much of it (PLM-02)."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from enghub.plm.boms.errors import BomTooLarge
from enghub.plm.boms.explosion import per_base, shown
from enghub.plm.boms.model import Bom, BomLine, Moment
from enghub.plm.boms.structure import MOST_ASSEMBLIES, Load, Structure, ordered
from enghub.plm.units.model import UnitTable

Parents = Callable[[Collection[str]], Mapping[str, Collection[str]]]
"""Returns, for each of some parts, the products that may contain it; a store's index, which may name too many."""


@dataclass(frozen=True, slots=True)
class Use:
    """One product that contains the part.

    ``level`` counts from the part, by the longest way. ``quantity`` is of the part per one of the product, None where
    it is used as an alternate only. ``is_top``: nothing in force contains it. ``through``: the direct components by
    which it gets there. ``is_key``: a key component on the way, ``as_alternate``: only in another part's place.
    """

    product: str
    version: str
    level: int
    quantity: Decimal | None
    unit: str
    is_top: bool
    is_key: bool
    as_alternate: bool
    through: tuple[str, ...]


@dataclass(slots=True)
class _Way:
    level: int = 0
    quantity: Fraction | None = None
    is_key: bool = False
    through: tuple[str, ...] = ()


def load_up(part: str, moment: Moment, load: Load, parents: Parents) -> tuple[Structure, Mapping[str, list[str]]]:
    """Return the BOMs in force above ``part``, and who contains whom; two calls per level.

    Raises:
        BomTooLarge: there are more than 20,000 assemblies.
    """
    boms: dict[str, Bom] = {}
    containing: dict[str, list[str]] = {}
    lacking: list[str] = []
    tried: set[str] = set()
    structure = Structure(boms, moment)
    level = [part]
    while level:
        above = parents(level)
        wanted = {product for found in above.values() for product in found} - tried
        tried |= wanted
        loaded = load(sorted(wanted))
        lacking.extend(sorted(product for product, bom in loaded.items() if bom is None))
        boms.update((product, bom) for product, bom in loaded.items() if bom is not None)
        if len(boms) > MOST_ASSEMBLIES:
            raise BomTooLarge(most=MOST_ASSEMBLIES)
        inside = {product: _parts(structure, product) for found in above.values() for product in found}
        following: dict[str, None] = {}
        for child in level:
            containing[child] = [product for product in sorted(above.get(child, ())) if child in inside[product]]
            following.update((product, None) for product in containing[child] if product not in containing)
        level = [product for product in following if product not in containing]
    return Structure(boms, moment, tuple(sorted(set(lacking)))), containing


def _parts(structure: Structure, product: str) -> frozenset[str]:
    return frozenset(
        part for line in structure.lines(product) if line.is_fitted for part in (line.component, *line.alternates)
    )


def where_used(
    part: str, structure: Structure, containing: Mapping[str, list[str]], units: UnitTable
) -> tuple[Use, ...]:
    """Return every product that contains ``part``, lowest first; linear in the lines above it.

    Raises:
        BomLoop: with the way round.
        UnknownUnit
    """
    way = ordered(part, lambda product: containing.get(product, ()), upward=True)
    ways: dict[str, _Way] = {part: _Way(quantity=Fraction(1))}
    for child in way:
        for product in containing.get(child, ()):
            found = ways.setdefault(product, _Way())
            _carry(found, ways[child], child, _lines(child, product, structure, units))
    found_uses = [
        Use(
            product=product,
            version=structure.boms[product].version,
            level=ways[product].level,
            quantity=None if (amount := ways[product].quantity) is None else shown(amount),
            unit=_unit_of(part, structure, containing),
            is_top=not containing.get(product),
            is_key=ways[product].is_key,
            as_alternate=ways[product].quantity is None,
            through=ways[product].through,
        )
        for product in way[1:]
    ]
    return tuple(sorted(found_uses, key=lambda use: (use.level, use.product)))


def _carry(into: _Way, below: _Way, child: str, lines: Iterable[tuple[BomLine, Fraction]]) -> None:
    """Bring what is known of ``child`` up to a product whose ``lines`` contain it, each with its quantity per one."""
    into.level = max(into.level, below.level + 1)
    into.through = (*into.through, child) if len(into.through) < 100 else into.through
    for line, amount in lines:
        into.is_key = into.is_key or below.is_key or line.is_key
        if below.quantity is not None:
            into.quantity = below.quantity * amount + (into.quantity or 0)


def _lines(child: str, product: str, structure: Structure, units: UnitTable) -> Iterator[tuple[BomLine, Fraction]]:
    """Yield the lines of a product that contain ``child``, with how much of it one product needs.

    In the child's base unit; a purchased part counts in the line's own.
    """
    bom, below = structure.boms[product], structure.boms.get(child)
    for line in structure.lines(product):
        if line.is_fitted and line.component == child:
            unit = units.unit(line.unit, f"{product} line {line.sequence}")
            wanted = units.unit(below.base_unit, "baseUnit") if below else unit
            yield line, per_base(bom, line) * Fraction(unit.factor) / Fraction(wanted.factor)


def _unit_of(part: str, structure: Structure, containing: Mapping[str, list[str]]) -> str:
    for product in containing.get(part, ()):
        for line in structure.lines(product):
            if line.component == part:
                return line.unit
    return "PCS"
