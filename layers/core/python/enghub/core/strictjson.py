"""JSON read strictly: what two readers could understand differently, or what only costs time, is refused."""

import json
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from enghub.core.i18n import Filled, Text

MAX_DEPTH = 64
MAX_DIGITS = 38
MAX_EXPONENT = 125
"""Digits and exponent of a number, as DynamoDB holds them; a number of more would also cost seconds to compute with."""


class Unreadable(json.JSONDecodeError):
    """It is JSON that is not read; ``text`` says why, for the caller, and ``field`` where."""

    def __init__(self, text: Text | Filled, field: str = "body") -> None:
        super().__init__(text.render("en"), "", 0)
        self.text, self.field = text, field


_NOT_A_NUMBER = Text("NaN and Infinity are no JSON numbers", "NaN 与 Infinity 不是 JSON 数字")
_REPEATED = Text("a member name is repeated in one object", "同一对象中成员名重复")
_TOO_LONG = Text(
    "a number has more than {digits} digits or an exponent beyond {exponent}",
    "数字超过 {digits} 位或指数超出 ±{exponent}",
)
_TOO_DEEP = Text(f"it is nested more than {MAX_DEPTH} deep", f"嵌套超过 {MAX_DEPTH} 层")
_NOT_UNICODE = Text("it holds text that is not valid Unicode", "包含无效的 Unicode 字符")


def parse_json(text: str, *, digits: int = MAX_DIGITS, exponent: int = MAX_EXPONENT) -> Any:
    """Read JSON strictly: decimals exact and bounded, no NaN or Infinity, no repeated names, valid Unicode.

    ``digits`` and ``exponent`` are wider where a text is only kept, never computed with.

    Raises:
        json.JSONDecodeError: the text is no such JSON (``Unreadable`` where it is JSON, but not read).
    """
    too_long = _TOO_LONG.filled(digits=digits, exponent=exponent)

    def decimal(number: str) -> Decimal:
        try:
            read = Decimal(number[: digits + 20])
        except InvalidOperation as error:  # an exponent beyond what Decimal holds
            raise Unreadable(too_long) from error
        if len(number) > digits + 20 or len(read.as_tuple().digits) > digits or abs(read.adjusted()) > exponent:
            raise Unreadable(too_long)
        return read

    def integer(number: str) -> int:
        if len(number.lstrip("-")) > digits:
            raise Unreadable(too_long)
        return int(number)

    try:
        value = json.loads(
            text, parse_float=decimal, parse_int=integer, parse_constant=_constant, object_pairs_hook=_members
        )
    except RecursionError as error:
        raise Unreadable(_TOO_DEEP) from error
    if text.count("[") + text.count("{") > MAX_DEPTH and _depth(value) > MAX_DEPTH:
        raise Unreadable(_TOO_DEEP)
    if "\\ud" in text or "\\uD" in text or not text.isascii():
        _check_unicode(value)
    return value


def _constant(_: str) -> Any:
    raise Unreadable(_NOT_A_NUMBER)


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Unreadable(_REPEATED)
    return found


def _depth(value: Any) -> int:
    level, depth = [value], 0
    while level:
        depth += 1
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
    return depth


def _check_unicode(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError as error:
        raise Unreadable(_NOT_UNICODE, next(_surrogates(value, ()), "body")) from error


def _surrogates(value: Any, place: tuple[str, ...]) -> Iterator[str]:
    if isinstance(value, dict):
        for name, one in value.items():
            shown = name.encode("ascii", "backslashreplace").decode()
            yield from _surrogates(one, (*place, shown))
            yield from _surrogates(name, (*place, shown))
    if isinstance(value, list):
        for number, one in enumerate(value):
            yield from _surrogates(one, (*place, str(number)))
    if isinstance(value, str) and not _is_unicode(value):
        yield ".".join(place) or "body"


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


def write_json(value: Any) -> str:
    """Return JSON text with every digit of a Decimal."""
    if isinstance(value, dict):
        return (
            "{" + ",".join(f"{json.dumps(name, ensure_ascii=False)}:{write_json(v)}" for name, v in value.items()) + "}"
        )
    if isinstance(value, list):
        return "[" + ",".join(map(write_json, value)) + "]"
    if isinstance(value, Decimal):
        return str(value)
    return json.dumps(value, ensure_ascii=False)
