"""Reads a PLM record: required fields, formats, values (PLM-03). A bad one is a Rejection, no exception."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from enghub.core import clock
from enghub.plm.identities.errors import LookAlike
from enghub.plm.identities.model import AS_WRITTEN, IdentityRules
from enghub.plm.products.model import Lifecycle, MappingType, PlmProduct, Rejection
from enghub.plm.products.reasons import Reason

E = TypeVar("E", bound=StrEnum)

CODE = re.compile(r"[A-Z0-9][A-Z0-9._-]{2,49}")
VERSION = re.compile(r"[A-Z0-9][A-Z0-9.]{0,19}")
MATERIAL_CODE = re.compile(r"[A-Z0-9][A-Z0-9._-]{2,49}")
CLOCK_TOLERANCE = timedelta(minutes=5)
"""How far ahead of ours the PLM's clock may be."""


PLACE, PROBLEM = "#place", "#problem"
"""Members that the reader of a file adds: where a record stands, and what is wrong with it (reason, field, value)."""
BOM_LINES = "bomLines"
"""The member of a record that holds the lines of the product's BOM, a list of objects."""
FIELDS = frozenset(
    {
        *(BOM_LINES, "bomVersion"),
        *("objectId", "productCode", "productVersion", "productName", "productGroup"),
        *("unit", "lifecycleState", "mappingType", "materialCode", "updatedAt"),
    }
)
"""Members of a record that are read."""


def identity(raw: Mapping[str, Any], rules: IdentityRules = AS_WRITTEN) -> tuple[str, str] | None:
    """Return the code and version that a record names, None where ``read`` refuses them."""
    reader = _Reader(raw, rules)
    code, version = reader.part_number("productCode"), reader.matching("productVersion", VERSION)
    return (code, version) if code and version else None


def read(raw: Mapping[str, Any], now: datetime, rules: IdentityRules = AS_WRITTEN) -> PlmProduct | Rejection:
    """Return the product in a PLM record, or why it is none (PLM-03: required fields, formats, values).

    Its code is the part number that the connection's ``rules`` make of it (PLM-01).
    """
    reader = _Reader(raw, rules)
    place = str(raw.get(PLACE, ""))
    if PROBLEM in raw:
        told, name_of_field, value = raw[PROBLEM]
        return Rejection(reader.object_id, Reason(told), name_of_field, _storable(value)[:100], place=place)
    code = reader.part_number("productCode")
    reader.identified()
    version = reader.matching("productVersion", VERSION)
    updated_at = reader.instant("updatedAt", now)
    name = reader.text("productName", 200)
    unit = reader.text("unit", 20)
    group = reader.text("productGroup", 50)
    lifecycle = reader.one_of("lifecycleState", Lifecycle)
    mapping_type = reader.one_of("mappingType", MappingType)
    names_none = raw.get("materialCode") is None  # which an empty text is not: that names one, wrongly
    material_code = f"MAT-{code}"[:50] if names_none else reader.matching("materialCode", MATERIAL_CODE)
    if mapping_type is MappingType.ONE_TO_MANY and names_none:
        reader.refuse(Reason.MATERIAL_REQUIRED, "materialCode")
    if reader.problem is not None or updated_at is None or lifecycle is None or mapping_type is None:
        reason, name_of_field, value = reader.problem or (Reason.REQUIRED, "", "")
        return Rejection(reader.object_id, reason, name_of_field, value, code, version, updated_at, place)
    return PlmProduct(
        reader.object_id, code, version, name, unit, group, lifecycle, mapping_type, material_code, updated_at, place
    )


@dataclass(slots=True)
class _Reader:
    """Reads fields of one record and keeps the first problem."""

    raw: Mapping[str, Any]
    rules: IdentityRules = AS_WRITTEN
    problem: tuple[Reason, str, str] | None = None

    @property
    def object_id(self) -> str:
        return _storable(self.raw.get("objectId") or "")[:64]

    def identified(self) -> None:
        """Refuse a record that has no object id: it could be told from no other."""
        given = self.raw.get("objectId")
        if not given:
            self.refuse(Reason.REQUIRED, "objectId")
        elif not isinstance(given, str) or not given.isprintable() or len(given) > 64:
            self.refuse(Reason.FORMAT, "objectId", given)

    def refuse(self, reason: Reason, name: str, value: Any = "") -> None:
        if self.problem is None:
            self.problem = (reason, name, _storable(value)[:100])

    def part_number(self, name: str) -> str:
        value = self.text(name, 200)
        try:
            part = self.rules.part_number(value, name)
        except LookAlike:
            self.refuse(Reason.LOOK_ALIKE, name, value)
            return ""
        if value and not CODE.fullmatch(part):
            self.refuse(Reason.FORMAT, name, value)
            return ""
        return part

    def text(self, name: str, longest: int) -> str:
        value = self.raw.get(name)
        if value is None or (isinstance(value, str) and not value.strip()):
            self.refuse(Reason.REQUIRED, name)
            return ""
        if not isinstance(value, str) or len(value) > longest or not value.isprintable():
            self.refuse(Reason.FORMAT, name, value)
            return ""
        return value.strip()

    def matching(self, name: str, pattern: re.Pattern[str]) -> str:
        value = self.text(name, 200)
        if value and not pattern.fullmatch(value):
            self.refuse(Reason.FORMAT, name, value)
            return ""
        return value

    def one_of(self, name: str, values: type[E]) -> E | None:
        value = self.text(name, 200)
        if not value:
            return None
        if value not in values.__members__:
            self.refuse(Reason.UNKNOWN_VALUE, name, value)
            return None
        return values(value)

    def instant(self, name: str, now: datetime) -> datetime | None:
        value = self.text(name, 40)
        if not value:
            return None
        try:
            at = clock.from_text(value)
        except (ValueError, OverflowError):
            self.refuse(Reason.FORMAT, name, value)
            return None
        if at > now + CLOCK_TOLERANCE:
            self.refuse(Reason.IN_FUTURE, name, value)
            return None
        return at


def _storable(value: Any) -> str:
    """Return text that every store takes: a lone surrogate is written out (C7)."""
    return str(value).encode("utf-8", "backslashreplace").decode()
