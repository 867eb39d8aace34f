"""Records that say nothing of some of their fields: what is not said stays as it is stored (PLM-03, SOAP).

Absent (KEEP), null and "" are three things: keep what is stored, say that there is nothing, an empty text.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Any

from enghub.core.commits import Kept
from enghub.plm.products.model import Material, ProductMapping, WorkingSet


class Absent(Enum):
    """A field that its record does not hold."""

    KEEP = "KEEP"


KEEP = Absent.KEEP
OPTIONAL = ("productName", "productGroup", "unit", "lifecycleState", "mappingType", "materialCode")
"""Fields that a record may leave out where it changes a product that is known."""


def is_partial(raw: Mapping[str, Any]) -> bool:
    """Tell whether a record leaves fields out."""
    return any(raw.get(name) is KEEP for name in OPTIONAL)


def completed(
    raw: Mapping[str, Any], mapping: Kept[ProductMapping] | None, material: Kept[Material] | None
) -> Mapping[str, Any]:
    """Return a record with what is stored in place of what it leaves out; of a product that is new, without it."""
    stored: dict[str, Any] = {}
    if mapping is not None:
        found = mapping.value
        stored |= {"productName": found.name, "lifecycleState": found.lifecycle, "mappingType": found.mapping_type}
        stored["materialCode"] = found.material_code
    if material is not None:
        stored |= {"productGroup": material.value.group, "unit": material.value.unit}
    return {
        name: stored.get(name) if value is KEEP else value
        for name, value in raw.items()
        if value is not KEEP or stored.get(name) is not None
    }


def differs(before: WorkingSet, after: WorkingSet) -> bool:
    """Tell whether a mapping that records were completed from was written meanwhile."""
    return any(after.loaded_mappings.get(at) != kept for at, kept in before.loaded_mappings.items())
