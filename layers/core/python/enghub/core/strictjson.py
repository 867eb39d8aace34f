"""JSON read strictly: what two readers could understand differently is refused."""

import json
from decimal import Decimal
from typing import Any


def parse_json(text: str) -> Any:
    """Read JSON strictly: decimals exact, no NaN or Infinity, no repeated member names.

    Raises:
        json.JSONDecodeError: the text is no such JSON.
    """

    def constant(name: str) -> Any:
        raise json.JSONDecodeError(f"{name} is no JSON number", text, 0)

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise json.JSONDecodeError("a member name is repeated", text, 0)
        return found

    try:
        return json.loads(text, parse_float=Decimal, parse_constant=constant, object_pairs_hook=members)
    except RecursionError as error:
        raise json.JSONDecodeError("nested too deeply", text, 0) from error


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
