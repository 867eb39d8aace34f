"""Reference designators: ``R1-R4,R7`` names five places, ``J1-A`` names one."""

import re
from decimal import Decimal

from enghub.core.i18n import Text
from enghub.plm.boms.errors import DesignatorsRefused

_RANGE = re.compile(r"([A-Za-z]+)([0-9]+)\s*[-~]\s*([A-Za-z]+)([0-9]+)")
_SPLIT = re.compile(r"[,;\s]+")
_PARTS = re.compile(r"[0-9]+|[^0-9]+")
MOST = 2000
_MIXED = Text("a range has one prefix: {one} and {other} differ", "区间前缀必须相同：{one} 与 {other}")
_LONG = Text("it names more than {most} places", "位号超过 {most} 个")
_COUNT = Text("it names {found} places, the quantity is {quantity}", "共 {found} 个位号，与用量 {quantity} 不符")


def expanded(text: str, field: str = "designators") -> tuple[str, ...]:
    """Return every place, each once, in the order in which people count (R2 before R10).

    Blanks, commas and semicolons separate. A dash makes a range only between two numbered names of one prefix
    (``R3-R1`` is R1, R2, R3); in ``J1-A`` it is part of the name.

    Raises:
        DesignatorsRefused: a range mixes prefixes, or there are more than 2,000 places.
    """
    found: dict[str, None] = {}
    for token in _SPLIT.split(re.sub(r"\s*-\s*", "-", text.strip())):
        match = _RANGE.fullmatch(token)
        if match is None:
            found.update({token: None} if token else {})
            continue
        prefix, first, other, last = match[1], int(match[2]), match[3], int(match[4])
        if prefix != other:
            raise _refused(field, text, _MIXED.filled(one=prefix, other=other))
        low, high = sorted((first, last))
        if high - low >= MOST:
            raise _refused(field, text, _LONG.filled(most=MOST))
        found.update((f"{prefix}{number}", None) for number in range(low, high + 1))
    if len(found) > MOST:
        raise _refused(field, text, _LONG.filled(most=MOST))
    return tuple(sorted(found, key=natural))


def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """Return what sorts as people count."""
    return tuple((1, int(part), "") if part.isdigit() else (0, 0, part) for part in _PARTS.findall(name))


def check_count(text: str, quantity: Decimal, field: str = "designators") -> None:
    """Refuse designators whose number is not the quantity.

    Raises:
        DesignatorsRefused
    """
    found = len(expanded(text, field))
    if found != quantity:
        raise _refused(field, text, _COUNT.filled(found=found, quantity=quantity))


def _refused(field: str, text: str, problem: object) -> DesignatorsRefused:
    return DesignatorsRefused(field=field, designators=text[:200], problem=problem)
