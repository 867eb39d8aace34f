"""Explosion: what a number of pieces of a product needs, through all levels (PLM-02).

Every quantity is exact until the end: Decimal where no division leaves a remainder, else fractions ("1 per 248").
An order's quantity is rounded once, up, to the decimals of its own unit and then to the line's multiple; the order of
what is added is attrition, set-up, multiple.
"""

import decimal
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import Any

from enghub.plm.boms.model import NOTHING, ONE, Bom, BomLine
from enghub.plm.boms.structure import Structure, ordered
from enghub.plm.units.errors import UnitsDiffer
from enghub.plm.units.model import Unit, UnitTable

Number = Any
"""Decimal or Fraction: one kind in one explosion."""
_EXACT = decimal.Context(prec=200, traps=[decimal.Inexact, decimal.InvalidOperation, decimal.DivisionByZero])
MOST_USED = 100
"""Lines that an answer names of one component."""
_WIDE = decimal.Context(prec=200)
_SHOWN = Decimal("0.0000000001")


@dataclass(frozen=True, slots=True)
class Requirement:
    """How much of one component is needed: ``quantity`` as used with attrition and set-up, ``order_quantity`` rounded.

    ``level`` is its lowest place in the structure. ``used`` names the lines: product, sequence.
    """

    component: str
    level: int
    quantity: Decimal
    order_quantity: Decimal
    unit: str
    is_key: bool
    has_bom: bool
    alternates: tuple[str, ...]
    used: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Explosion:
    """The requirements of an order, level by level; phantoms are no requirement, what is not fitted is none either."""

    product: str
    version: str | None
    quantity: Decimal
    requirements: tuple[Requirement, ...]
    without_version: tuple[str, ...]


@dataclass(slots=True)
class _Need:
    """What is known of a component while the levels are walked."""

    unit: Unit
    level: int = 0
    flow: Number = NOTHING
    """All that passes through it: what its own BOM is multiplied by."""
    demand: Number = NOTHING
    """What is needed of itself: not as a phantom."""
    is_demanded: bool = False
    is_key: bool = False
    multiple: Decimal | None = None
    alternates: tuple[str, ...] = ()
    used: list[tuple[str, int]] = field(default_factory=list)


def explode(root: str, quantity: Decimal, structure: Structure, units: UnitTable) -> Explosion:
    """Return what ``quantity`` of ``root`` needs; linear in the lines of the structure.

    Raises:
        BomLoop: with the way round.
        UnknownUnit, UnitsDiffer: a line's unit is not in the list, or does not fit the component's others.
    """
    way = ordered(root, lambda product: (line.component for line in structure.lines(product)))
    try:
        with decimal.localcontext(_EXACT):
            needs = _Walk(structure, units, Decimal).needs(way, quantity)
    except decimal.Inexact:
        needs = _Walk(structure, units, Fraction).needs(way, quantity)
    found = [_requirement(part, needs[part], structure) for part in way[1:] if needs[part].is_demanded]
    bom = structure.boms.get(root)
    found.sort(key=lambda one: (one.level, one.component))
    return Explosion(root, bom.version if bom else None, quantity, tuple(found), structure.without_version)


@dataclass(slots=True)
class _Walk:
    """One way through the levels, with one kind of number."""

    structure: Structure
    units: UnitTable
    number: type
    found: dict[str, _Need] = field(default_factory=dict)

    def needs(self, way: Iterable[str], quantity: Decimal) -> Mapping[str, _Need]:
        for product in way:
            bom = self.structure.boms.get(product)
            need = self.found.get(product)
            if need is None:
                unit = self.units.unit(bom.base_unit if bom else "PCS", "baseUnit")
                need = self.found[product] = _Need(unit, flow=self.number(quantity))
            if bom is not None:
                wanted = self.units.unit(bom.base_unit, "baseUnit")
                orders = self._converted(product, need.flow, need.unit, wanted)
                if bom.base_quantity != ONE:
                    orders /= self.number(bom.base_quantity)
                for line in self.structure.lines(product):
                    self._add(need.level, bom.product, line, orders)
        return self.found

    def _add(self, level: int, product: str, line: BomLine, orders: Number) -> None:
        unit = self.units.unit(line.unit, f"{product} line {line.sequence}")
        need = self.found.get(line.component)
        if need is None:
            need = self.found[line.component] = _Need(unit, flow=self.number(0), demand=self.number(0))
        need.level = max(need.level, level + 1)
        amount = self._converted(line.component, self._amount(line, orders), unit, need.unit)
        need.flow += amount
        if line.is_phantom:
            return
        need.demand += amount
        need.is_demanded = True
        need.is_key = need.is_key or line.is_key
        if len(need.used) < MOST_USED:
            need.used.append((product, line.sequence))
        if line.alternates:
            need.alternates = tuple(dict.fromkeys((*need.alternates, *line.alternates)))
        if line.multiple is not None:
            need.multiple = max(line.multiple, need.multiple or NOTHING)

    def _amount(self, line: BomLine, orders: Number) -> Number:
        number = self.number
        if not line.is_fitted or not orders:
            return number(0)
        amount = orders * number(line.quantity)
        if line.scrap_percent:
            amount += amount * number(line.scrap_percent) / number(100)
        if line.fixed_quantity:
            amount += number(line.fixed_quantity)
        return amount

    def _converted(self, part: str, amount: Number, unit: Unit, wanted: Unit) -> Number:
        if unit is wanted:
            return amount
        if unit.dimension != wanted.dimension:
            raise UnitsDiffer(component=part, unit=unit.code, other=wanted.code)
        return amount * self.number(unit.factor) / self.number(wanted.factor)


def _requirement(part: str, need: _Need, structure: Structure) -> Requirement:
    return Requirement(
        component=part,
        level=need.level,
        quantity=shown(need.demand),
        order_quantity=order_quantity(need.demand, need.unit.decimals, need.multiple),
        unit=need.unit.code,
        is_key=need.is_key,
        has_bom=part in structure.boms,
        alternates=need.alternates,
        used=tuple(need.used),
    )


def order_quantity(needed: Number, decimals: int, multiple: Decimal | None) -> Decimal:
    """Return what is ordered of ``needed``: rounded up to the unit's decimals, then to the multiple; once."""
    if isinstance(needed, Decimal) and multiple is None:
        step = ONE.scaleb(-decimals)
        with decimal.localcontext() as exact:
            exact.prec = 200
            return _plain(needed.quantize(step, rounding=decimal.ROUND_CEILING))
    exact_need = Fraction(needed)
    rounded = Fraction(ceil(exact_need * 10**decimals), 10**decimals)
    if multiple is not None:
        rounded = ceil(rounded / Fraction(multiple)) * Fraction(multiple)
    return _plain(Decimal(rounded.numerator) / Decimal(rounded.denominator))


def shown(number: Number) -> Decimal:
    """Return a quantity as it is shown: exact where it ends, else with ten decimals."""
    if isinstance(number, Fraction):
        numerator, denominator = Decimal(number.numerator), Decimal(number.denominator)
        try:
            number = _EXACT.divide(numerator, denominator)
        except decimal.Inexact:
            number = _WIDE.quantize(_WIDE.divide(numerator, denominator), _SHOWN)
    return _plain(number)


def _plain(number: Decimal) -> Decimal:
    """Return the number without trailing zeros and without an exponent."""
    short = number.normalize(_WIDE)
    return short.quantize(ONE, context=_WIDE) if short.as_tuple().exponent > 0 else short  # type: ignore[operator]


def per_base(bom: Bom, line: BomLine) -> Fraction:
    """Return how much of a line one unit of the product needs, attrition included, set-up not."""
    return Fraction(line.quantity) * (1 + Fraction(line.scrap_percent) / 100) / Fraction(bom.base_quantity)
