"""Reads values by their declared type; what does not read is refused with 40001 (CFG-02, REQ-008 7.3.2)."""

import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from enghub.core.i18n import Filled, Text
from enghub.core.strictjson import Unreadable, parse_json
from enghub.settings.configs import proposals, texts
from enghub.settings.configs.errors import ConfigValueMalformed
from enghub.settings.configs.model import ConfigType

MAX_VALUE_BYTES = 32 * 1024
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,37})(\.[0-9]{1,37})?([eE][+-]?[0-9]{1,3})?")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def parse(value: str, config_type: ConfigType) -> Any:
    """Return what the text means: str, Decimal, bool, the JSON value, or the XML root element.

    Raises:
        ConfigValueMalformed: 40001, with ``expectedType`` and ``actualValue``.
    """
    if len(value.encode("utf-8", "surrogatepass")) > MAX_VALUE_BYTES:
        raise _malformed(value, config_type, texts.AT_MOST.filled(most=MAX_VALUE_BYTES, unit=texts.BYTES))
    if _CONTROL.search(value):
        raise _malformed(value, config_type, texts.CONTROL)
    reader = _READERS[config_type]
    return reader(value)


def _number(value: str) -> Decimal:
    if not _NUMBER.fullmatch(value):
        raise _malformed(value, ConfigType.NUMBER, texts.DIGITS)
    return Decimal(value)


def _boolean(value: str) -> bool:
    if value not in {"true", "false"}:
        raise _malformed(value, ConfigType.BOOLEAN, texts.TRUE_OR_FALSE)
    return value == "true"


MAX_DIGITS = 1_000
"""Of a number inside a JSON value, and of its exponent: it is kept as it was written, never computed with."""


def _json(value: str) -> Any:
    try:
        return parse_json(value, digits=MAX_DIGITS, exponent=MAX_DIGITS)
    except Unreadable as error:
        raise _malformed(value, ConfigType.JSON, error.text) from error
    except (ValueError, InvalidOperation) as error:
        raise _malformed(value, ConfigType.JSON, texts.NOT_READ.filled(why=str(error)[:200])) from error


def _xml(value: str) -> Any:
    from defusedxml.common import DefusedXmlException  # noqa: PLC0415 - only XML values pay for it
    from defusedxml.ElementTree import ParseError, fromstring  # noqa: PLC0415

    try:
        return fromstring(value, forbid_dtd=True)
    except DefusedXmlException as error:
        raise _malformed(value, ConfigType.XML, texts.NO_ENTITIES) from error
    except (ParseError, ValueError) as error:
        raise _malformed(value, ConfigType.XML, texts.NOT_READ.filled(why=str(error)[:200])) from error


_READERS: dict[ConfigType, Callable[[str], Any]] = {
    ConfigType.STRING: str,
    ConfigType.NUMBER: _number,
    ConfigType.BOOLEAN: _boolean,
    ConfigType.JSON: _json,
    ConfigType.XML: _xml,
}


def shown(value: str) -> str:
    """Return as much of a value as an error message repeats."""
    return value if len(value) <= 100 else f"{value[:100]}…"


def _malformed(value: str, expected: ConfigType, problem: Text | Filled) -> ConfigValueMalformed:
    return ConfigValueMalformed(
        field="configValue",
        expected_type=expected,
        actual_value=shown(value),
        problem=problem,
        suggestion=proposals.of_type(value, expected),
    )
