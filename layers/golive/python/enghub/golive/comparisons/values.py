"""Values of two databases by their meaning: what differs in representation alone is equal, nothing else (OPS-06). Pure.

Numbers compare by value (12.50 = 12.5, true = 1), fixed-length text without its padding, times with a zone as
instants, JSON without the order of its members. What would lose something (rounding, zero dates, case) is declared.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

Canonical = str | bytes | None
ZERO_DATES = frozenset({"0000-00-00", "0000-00-00 00:00:00", "0000-00-00 00:00:00.000000"})


@dataclass(frozen=True, slots=True)
class ColumnRule:
    """What is known and declared of a pair of columns."""

    source: str
    target: str
    padded: bool = False
    """CHAR(n) on either side."""
    is_json: bool = False
    zero_date_is_null: bool = False
    ignore_case: bool = False
    trim: bool = False
    """Blanks at the end say nothing."""
    tolerance: Decimal | None = None
    """Numbers may differ by so much, times by so many seconds."""
    source_zone: str = ""
    """The zone of times that the source keeps without one."""
    target_zone: str = ""


_JSON = ColumnRule("", "")


def canonical(value: Any, rule: ColumnRule, zone: str = "") -> Canonical:
    """Return one text for everything that means the same; None for NULL alone."""
    if value is None or (rule.zero_date_is_null and value in ZERO_DATES):
        return None
    for kinds, write in _FORMS:
        if isinstance(value, kinds):
            return write(value, rule, zone)
    return f"o:{value}"


def _number(value: Any, _: ColumnRule, __: str) -> str:
    found = value if isinstance(value, Decimal) else Decimal(repr(value) if isinstance(value, float) else int(value))
    if not found.is_finite():
        return f"n:{found}"
    text = format(found, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "n:0" if text in {"-0", ""} else f"n:{text}"


def _text(value: str, rule: ColumnRule, _: str) -> str:
    if rule.is_json:
        return _json(json.loads(value, parse_float=Decimal), rule, "")
    found = value.rstrip(" ") if rule.padded or rule.trim else value
    return "t:" + (found.casefold() if rule.ignore_case else found)


def _instant(value: datetime, _: ColumnRule, zone: str) -> str:
    if value.tzinfo is None and zone:
        value = value.replace(tzinfo=ZoneInfo(zone))
    if value.tzinfo is not None:
        value = value.astimezone(UTC).replace(tzinfo=None)
    return f"d:{value.isoformat(timespec='microseconds')}"


def _bytes(value: Any, _: ColumnRule, __: str) -> str:
    return f"b:{bytes(value).hex()}"


def _json(value: Any, _: ColumnRule, __: str) -> str:
    return "j:" + json.dumps(_meant(value), sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _meant(value: Any) -> Any:
    """Return JSON in which numbers are their meaning, told apart from texts."""
    if isinstance(value, dict):
        return {name: _meant(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_meant(one) for one in value]
    if isinstance(value, str):
        return f"'{value}"
    is_number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    return _number(value, _JSON, "") if is_number else value


def _span(value: Any, _: ColumnRule, __: str) -> str:
    if isinstance(value, time):
        value = timedelta(hours=value.hour, minutes=value.minute, seconds=value.second, microseconds=value.microsecond)
    return f"s:{value // timedelta(microseconds=1)}"


_FORMS: Sequence[tuple[Any, Callable[[Any, ColumnRule, str], str]]] = (
    (str, _text),
    ((bool, int, Decimal, float), _number),
    (datetime, _instant),
    (date, lambda value, _, __: f"d:{value.isoformat()}"),
    ((bytes, bytearray, memoryview), _bytes),
    ((time, timedelta), _span),
    (UUID, lambda value, _, __: f"t:{value}"),
    ((dict, list), _json),
)


def same(source: Any, target: Any, rule: ColumnRule) -> bool:
    """Tell whether two values mean the same."""
    left, right = canonical(source, rule, rule.source_zone), canonical(target, rule, rule.target_zone)
    if left == right:
        return True
    if rule.tolerance is None or not isinstance(left, str) or not isinstance(right, str) or left[:2] != right[:2]:
        return False
    return _distance(left, right) <= rule.tolerance


def _distance(left: str, right: str) -> Decimal:
    """Return how far apart two numbers, times or spans are, in units or seconds; endless where they cannot be."""
    if left[0] == "n":
        return abs(Decimal(left[2:]) - Decimal(right[2:]))
    if left[0] == "s":
        return abs(Decimal(left[2:]) - Decimal(right[2:])) / 1_000_000
    if left[0] == "d" and len(left) > 12 and len(right) > 12:
        apart = abs(datetime.fromisoformat(left[2:]) - datetime.fromisoformat(right[2:]))
        return Decimal(apart // timedelta(microseconds=1)) / 1_000_000
    return Decimal("Infinity")


def digest(row: Sequence[Any], rules: Sequence[ColumnRule], *, of_target: bool) -> bytes:
    """Return 16 bytes for a row: each value with its length, so that no two rows run together; NULL is its own mark."""
    made = hashlib.blake2b(digest_size=16)
    for value, rule in zip(row, rules, strict=True):
        found = canonical(value, rule, rule.target_zone if of_target else rule.source_zone)
        data = b"" if found is None else str(found).encode("utf-8", "surrogatepass")
        made.update(b"\x00" if found is None else b"\x01" + len(data).to_bytes(8, "big") + data)
    return made.digest()


def shown(value: Any) -> str:
    """Return a value for a list of differences, shortened."""
    if value is None:
        return "NULL"
    text = bytes(value).hex() if isinstance(value, bytes | bytearray | memoryview) else str(value)
    return text if len(text) <= 200 else text[:199] + "…"


def rules_of(
    names: Sequence[str],
    types: Mapping[str, tuple[str, str]],
    declared: Mapping[str, ColumnRule],
    targets: Mapping[str, str],
) -> tuple[ColumnRule, ...]:
    """Return the rule of each column: what both types say (``CHAR(5)``, ``JSON``), and what was declared."""
    found = []
    for name in names:
        kinds = {kind.upper().partition("(")[0].strip() for kind in types[name]}
        given = declared.get(name) or ColumnRule(name, targets.get(name, name))
        found.append(
            ColumnRule(
                source=name,
                target=targets.get(name, name),
                padded=bool(kinds & {"CHAR", "BPCHAR", "NCHAR"}),
                is_json=bool(kinds & {"JSON", "JSONB"}),
                zero_date_is_null=given.zero_date_is_null,
                ignore_case=given.ignore_case,
                trim=given.trim,
                tolerance=given.tolerance,
                source_zone=given.source_zone,
                target_zone=given.target_zone,
            )
        )
    return tuple(found)
