"""Numbers as texts, read exactly by the format that a connection declares: no number tells its own (PLM-24).

Python's ``Decimal`` takes ``1_000``, ``NaN``, ``1e3`` and full-width digits; an expression engine takes the first, too.
Here each is no number, so that whoever wrote it is asked.
"""

import re
from collections.abc import Mapping
from decimal import Decimal

from enghub.plm.connections.rules import NumberFormat

MOST_CHARACTERS = 40
_FORMS: Mapping[NumberFormat, re.Pattern[str]] = {
    NumberFormat.POINT: re.compile(r"-?[0-9]+(\.[0-9]+)?"),
    NumberFormat.POINT_WITH_GROUPS: re.compile(r"-?([0-9]{1,3}(,[0-9]{3})+|[0-9]+)(\.[0-9]+)?"),
    NumberFormat.COMMA: re.compile(r"-?[0-9]+(,[0-9]+)?"),
    NumberFormat.COMMA_WITH_GROUPS: re.compile(r"-?([0-9]{1,3}(\.[0-9]{3})+|[0-9]+)(,[0-9]+)?"),
}
_POINTS = frozenset({NumberFormat.POINT, NumberFormat.POINT_WITH_GROUPS})


def exact_number(text: str, written: NumberFormat) -> Decimal | None:
    """Return the number that a text writes in a format; None where it writes none, and of a negative zero."""
    text = text.strip(" ")
    if len(text) > MOST_CHARACTERS or not _FORMS[written].fullmatch(text):
        return None
    plain = text.replace(",", "") if written in _POINTS else text.replace(".", "").replace(",", ".")
    found = Decimal(plain)
    return None if not found and plain.startswith("-") else found


def as_text(number: Decimal) -> str:
    """Return a number as everything here writes it: plain digits and a point, no zeros behind that say nothing."""
    text = f"{number:f}"
    return (text.rstrip("0").rstrip(".") or "0") if "." in text else text


def formatted(number: Decimal, written: NumberFormat) -> str:
    """Return a number as a connection writes it, without groups."""
    text = as_text(number)
    return text if written in _POINTS else text.replace(".", ",")
