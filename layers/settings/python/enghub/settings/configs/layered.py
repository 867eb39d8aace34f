"""How the layers of one JSON value are put together: objects merge, everything else replaces (CFG-01). Pure."""

from collections.abc import Sequence
from typing import Any

from enghub.core.strictjson import parse_json, write_json

_DIGITS = 1_000


def merged(texts: Sequence[str]) -> tuple[str, int]:
    """Return the value of JSON ``texts``, nearest first, and how many of them took part.

    A layer that holds no object hides those behind it. One that takes part alone keeps its text.
    """
    values: list[dict[str, Any]] = []
    for text in texts:
        value = parse_json(text, digits=_DIGITS, exponent=_DIGITS)
        if not isinstance(value, dict):
            break
        values.append(value)
    if len(values) < 2:
        return texts[0], 1
    whole: dict[str, Any] = {}
    for value in reversed(values):
        whole = _over(value, whole)
    return write_json(whole), len(values)


def is_object(text: str) -> bool:
    """Tell whether a JSON text is an object, which others are merged into."""
    return text.lstrip().startswith("{")


def _over(near: dict[str, Any], far: dict[str, Any]) -> dict[str, Any]:
    both = {name: (near[name], far[name]) for name in near if name in far}
    deep = {name: _over(*pair) for name, pair in both.items() if all(isinstance(side, dict) for side in pair)}
    return {**far, **near, **deep}
