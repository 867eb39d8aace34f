"""Amounts of resources as people write them: `2GB`, `512 MB`, `2cores` (source document, 15.2)."""

import re
from decimal import Decimal

from enghub.core.i18n import Text
from enghub.core.wire import Unfit

_TEXT = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,3})?)\s*([A-Za-z]+)")
_BYTES: dict[str, int] = {
    "b": 1,
    **{f"{letter}{b}": 1024**power for power, letter in enumerate("kmgtp", 1) for b in ("b", "ib")},
}
_CORES: dict[str, int] = {"core": 1, "cores": 1}
_UNITS = {"memory": _BYTES, "disk": _BYTES, "cpu": _CORES}
_NO_AMOUNT = Text("write a number and a unit, as {example}", "请填写数值和单位，如 {example}")
RESOURCES = tuple(_UNITS)
"""The resources that are compared; a manifest may name others, for a person to look at."""


def amount_of(resource: str, text: str) -> Decimal:
    """Return an amount of one of `RESOURCES`, in bytes or cores. Case does not matter; GB and GiB are both 1024 MB.

    Raises:
        Unfit: it is not a number with a unit of that resource.
    """
    units, found = _UNITS[resource], _TEXT.fullmatch(text.strip())
    factor = units.get(found[2].lower()) if found else None
    if found is None or factor is None:
        raise Unfit(_NO_AMOUNT, example="2cores" if units is _CORES else "2GB")
    return Decimal(str(found[1])) * factor
