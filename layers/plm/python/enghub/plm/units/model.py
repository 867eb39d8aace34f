"""Units of quantity: a closed list per tenant. A general library reads ``pcs`` as parsec and ``EA`` as exa-ampere."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from enghub.plm.units.errors import UnitListRefused, UnknownUnit

MOST_UNITS = 200


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit: ``factor`` of the dimension's reference unit; an order's quantity has ``decimals`` decimals."""

    code: str
    dimension: str
    factor: Decimal
    decimals: int
    also: tuple[str, ...] = ()
    """Other spellings of the same unit."""


def _unit(code: str, dimension: str, factor: str, decimals: int, *also: str) -> Unit:
    return Unit(code, dimension, Decimal(factor), decimals, also)


USUAL = (
    _unit("PCS", "COUNT", "1", 0, "pcs", "PC", "pc", "EA", "ea", "个", "件"),
    _unit("KPCS", "COUNT", "1000", 4, "kpcs", "千件"),
    _unit("DOZ", "COUNT", "12", 4, "doz", "打"),
    _unit("PAIR", "COUNT", "2", 4, "pair", "对", "双"),
    _unit("SET", "SET", "1", 0, "set", "套"),
    _unit("KG", "MASS", "1", 4, "kg", "千克", "公斤"),
    _unit("G", "MASS", "0.001", 4, "g", "克"),
    _unit("MG", "MASS", "0.000001", 4, "mg", "毫克"),
    _unit("TON", "MASS", "1000", 4, "ton", "t", "吨"),
    _unit("M", "LENGTH", "1", 4, "m", "米"),
    _unit("CM", "LENGTH", "0.01", 4, "cm", "厘米"),
    _unit("MM", "LENGTH", "0.001", 4, "mm", "毫米"),
    _unit("L", "VOLUME", "1", 4, "l", "升"),
    _unit("ML", "VOLUME", "0.001", 4, "ml", "毫升"),
    _unit("M2", "AREA", "1", 4, "m2", "㎡", "平方米"),
    _unit("SHEET", "SHEET", "1", 0, "sheet", "张"),
    _unit("ROLL", "ROLL", "1", 0, "roll", "卷"),
)
"""The list of a tenant that has none of its own; a ton is the metric one."""


@dataclass(frozen=True, slots=True)
class UnitTable:
    """A tenant's units; every spelling names exactly one."""

    tenant_id: str
    units: tuple[Unit, ...] = USUAL
    _by_name: Mapping[str, Unit] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        names: dict[str, Unit] = {}
        for place, unit in enumerate(self.units):
            for name in (unit.code, *unit.also):
                if name in names:
                    raise UnitListRefused(field=f"units.{place}", unit=name)
                names[name] = unit
        object.__setattr__(self, "_by_name", names)

    def unit(self, name: str, field_name: str = "unit") -> Unit:
        """Return the unit that ``name`` spells, exactly as listed.

        Raises:
            UnknownUnit: it is not in the list.
        """
        found = self._by_name.get(name)
        if found is None:
            known = ", ".join(unit.code for unit in self.units)
            raise UnknownUnit(field=field_name, unit=name, known=known)
        return found
