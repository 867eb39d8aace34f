"""What pydantic found wrong with a request, as one of our errors that names the field."""

from collections.abc import Iterable, Mapping
from typing import Any

from enghub.core.errors import Invalid

MAX_SHOWN = 20
_HINTS = {
    "missing": "is required",
    "extra_forbidden": "is not known here: remove it",
    "json_invalid": "is not valid JSON",
    "string_unicode": "holds text that is not valid Unicode",
}


def invalid(found: Iterable[Mapping[str, Any]]) -> Invalid:
    """Return the error for what pydantic found; ``errors`` lists up to 20 of them."""
    problems = [{"field": _field(one), "problem": _problem(one)} for one in found]
    return Invalid(**problems[0], errors=problems[:MAX_SHOWN])


def _field(found: Mapping[str, Any]) -> str:
    place = [part for part in found["loc"] if not (found["type"] == "json_invalid" and isinstance(part, int))]
    if len(place) > 1 and place[0] in {"body", "query", "path", "header"}:
        place = place[1:]
    return ".".join(map(str, place)) or "body"


def _problem(found: Mapping[str, Any]) -> str:
    kind: str = found["type"]
    text: str = found.get("msg", kind)
    return _HINTS.get(kind) or text.removeprefix("Value error, ")
