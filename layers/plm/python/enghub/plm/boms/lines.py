"""Reads lines of a BOM as a source's mapping makes them: texts, by the connection's number format (PLM-24). Pure.

A line that cannot be read is a Rejection by its place. Not fitted (DNP) and excluded from the BOM are two flags: the
first keeps the line, which then needs nothing, the second leaves it out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from enghub.plm.boms.designators import check_count
from enghub.plm.boms.errors import DesignatorsRefused
from enghub.plm.boms.model import NOTHING, BomLine
from enghub.plm.connections.numbers import exact_number
from enghub.plm.connections.rules import ConnectionRules
from enghub.plm.identities.errors import LookAlike
from enghub.plm.products.model import Rejection
from enghub.plm.products.reading import PLACE, PROBLEM
from enghub.plm.products.reasons import Reason

STEP = 10
MOST_WHOLE, MOST_DECIMALS = 10, 4
MOST_SEQUENCE = 999_999
_FLAGS: Mapping[str, bool] = {"true": True, "false": False}


class Wrong(Exception):
    """A line, or a BOM, that cannot be read: reason, field, value."""

    def __init__(self, reason: Reason, field: str, value: Any = "") -> None:
        super().__init__(f"{reason} {field}")
        self.reason, self.field, self.value = reason, field, str(value)[:100]


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads fields of one line."""

    raw: Mapping[str, Any]
    rules: ConnectionRules

    def text(self, name: str, longest: int, default: str = "") -> str:
        """Return a text without blanks around it, ``default`` where there is none.

        Raises:
            Wrong: it is no text, too long, or holds what nobody sees.
        """
        value = self.raw.get(name)
        if value is None or (isinstance(value, str) and not value.strip()):
            return default
        if not isinstance(value, str) or len(value) > longest or not value.isprintable():
            raise Wrong(Reason.FORMAT, name, value)
        return value.strip()

    def part(self, name: str) -> str:
        """Return a part number as the connection's rules make it; raises as ``text``."""
        text = self.text(name, 200)
        try:
            part = self.rules.identity.part_number(text, name)
        except LookAlike as error:
            raise Wrong(Reason.LOOK_ALIKE, name, text) from error
        if len(part) > 50:
            raise Wrong(Reason.FORMAT, name, text)
        return part

    def number(self, name: str, default: Decimal | None) -> Decimal | None:
        """Return a number of at most 10 digits and 4 decimals, not below zero; raises as ``text``."""
        value = self.raw.get(name)
        if value is None or (isinstance(value, str) and not value.strip()):
            return default
        found = self._exact(value)
        if found is None or found < 0 or found >= 10**MOST_WHOLE or -_exponent(found) > MOST_DECIMALS:
            raise Wrong(Reason.NUMBER, name, value)
        return found

    def _exact(self, value: Any) -> Decimal | None:
        if isinstance(value, str):
            return exact_number(value, self.rules.number_format)
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            return None
        found = Decimal(value)
        return found if found.is_finite() and not (found.is_signed() and not found) else None

    def flag(self, name: str, default: bool) -> bool:
        """Return a flag: ``true``, ``false`` or nothing; raises as ``text``."""
        value = self.raw.get(name)
        if isinstance(value, bool):
            return value
        text = self.text(name, 20)
        if not text:
            return default
        if text.lower() not in _FLAGS:
            raise Wrong(Reason.UNKNOWN_VALUE, name, text)
        return _FLAGS[text.lower()]

    def day(self, name: str) -> date | None:
        """Return a day, None where there is none; raises as ``text``."""
        text = self.text(name, 10)
        try:
            return date.fromisoformat(text) if text else None
        except ValueError as error:
            raise Wrong(Reason.FORMAT, name, text) from error


def _exponent(number: Decimal) -> int:
    return int(number.normalize().as_tuple().exponent)


def is_excluded(raw: Mapping[str, Any], rules: ConnectionRules) -> bool:
    """Tell whether a line is none of the BOM; raises Wrong."""
    return Reader(raw, rules).flag("isExcluded", default=False)


def line_of(raw: Mapping[str, Any], number: int, rules: ConnectionRules) -> BomLine | Rejection:
    """Return a line, or why it is none; ``number`` is its place among the lines, from 1."""
    if PROBLEM in raw:
        reason, field, value = raw[PROBLEM]
        return rejection(raw, Wrong(Reason(reason), field, value))
    try:
        return _line(Reader(raw, rules), number)
    except Wrong as wrong:
        return rejection(raw, wrong)
    except DesignatorsRefused as error:
        return rejection(raw, Wrong(Reason.DESIGNATORS, "designators", error))


def rejection(raw: Mapping[str, Any], wrong: Wrong, product: str = "", version: str = "") -> Rejection:
    """Return why a line, or a BOM, is not taken."""
    found = Rejection(str(raw.get("component") or "")[:64], wrong.reason, wrong.field, wrong.value, product, version)
    return replace(found, place=str(raw.get(PLACE, "")))


def _line(read: Reader, number: int) -> BomLine:
    component, quantity = read.part("component"), read.number("quantity", None)
    for name, found in (("component", component or None), ("quantity", quantity)):
        if found is None:
            raise Wrong(Reason.REQUIRED, name)
    sequence = read.number("sequence", Decimal(number * STEP))
    if sequence is None or sequence != int(sequence) or sequence > MOST_SEQUENCE:
        raise Wrong(Reason.FORMAT, "sequence", sequence)
    designators = read.text("designators", 2000)
    if designators:
        check_count(designators, quantity or NOTHING)
    alternates = [one for one in read.text("alternates", 2600).split(",") if one.strip()]
    return BomLine(
        sequence=int(sequence),
        component=component,
        quantity=quantity or NOTHING,
        unit=read.text("unit", 20, "PCS"),
        is_key=read.flag("isKeyComponent", default=False),
        is_phantom=read.flag("isPhantom", default=False),
        is_fitted=read.flag("isFitted", default=True),
        scrap_percent=read.number("scrapPercent", NOTHING) or NOTHING,
        fixed_quantity=read.number("fixedQuantity", NOTHING) or NOTHING,
        multiple=read.number("multiple", None) or None,
        alternates=tuple(Reader({"alternates": one}, read.rules).part("alternates") for one in alternates),
        designators=designators,
        effective_from=read.day("effectiveFrom"),
        effective_to=read.day("effectiveTo"),
    )
