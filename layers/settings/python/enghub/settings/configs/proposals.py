"""What to write instead: a valid value or range for every value that is refused (CFG-24). Pure.

A proposal is a suggestion for a person; nothing is ever stored that was not sent so.
"""

import re
from collections.abc import Collection, Mapping
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import Any

EXAMPLES: Mapping[str, str] = {
    "STRING": "text",
    "NUMBER": "3600",
    "BOOLEAN": "true",
    "JSON": '{"name": "value"}',
    "XML": "<name>value</name>",
}
_TRUE = {"true", "yes", "y", "on", "1", "是", "enabled"}
_FALSE = {"false", "no", "n", "off", "0", "否", "disabled"}


def key(text: str, reserved: Collection[str]) -> str:
    """Return the nearest key that is possible."""
    found = re.sub(r"[^A-Za-z0-9._-]+", ".", text.strip()).strip(".")[:250]
    if not found or not found[0].isalpha():
        found = f"k.{found}".rstrip(".")
    return f"{found}.value" if found.lower() in reserved else found


def of_type(text: str, kind: str) -> str:
    """Return what the text most likely means in that type, or an example of one."""
    plain = text.strip()
    if kind == "BOOLEAN":
        return "false" if plain.lower() in _FALSE else "true"
    if kind == "NUMBER":
        digits = re.sub(r"[_, ]", "", plain)
        for tried in (digits, *re.findall(r"-?\d+(?:\.\d+)?", digits)):
            try:
                number = Decimal(tried)
            except InvalidOperation:
                continue
            if number.is_finite() and abs(number.adjusted()) < 37:
                return format(number.normalize(), "f")
    return EXAMPLES[kind]


def of_rule(rule: Mapping[str, Any], text: str, parsed: Any) -> Any:
    """Return the nearest value that satisfies a rule of type range or enum, or the form that others demand."""
    lowest, highest = rule.get("min"), rule.get("max")
    match rule.get("type"):
        case "range":
            near = lowest if lowest is not None and parsed < lowest else highest
            return str(near)
        case "length":
            return {"minLength": lowest, "maxLength": highest}
        case "enum":
            close = get_close_matches(text, rule["values"], 1, 0.0)
            return close[0] if close else rule["values"][0]
        case "pattern":
            return {"pattern": rule["pattern"]}
        case "properties":
            return {"required": rule.get("required", [])}
        case _:
            return {"schema": rule.get("schema")}
