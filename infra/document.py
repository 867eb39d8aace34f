"""The published OpenAPI document as the stacks read it: which function answers what, and under which prefix.

``tools/openapi.py`` makes it from the handlers; a stack adds functions, never routes.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from infra.sources import ROOT

FILE = ROOT / "docs" / "openapi.json"
VERBS = frozenset({"get", "put", "post", "delete", "patch", "head"})


@dataclass(frozen=True, slots=True, order=True)
class Route:
    """``method`` and ``path``, answered by the function ``name`` of ``context``; ``public`` ones verify the caller."""

    path: str
    method: str
    context: str
    name: str
    public: bool = False
    form: bool = False
    """Its body is a form with files, which the gateway hands on as base64."""


@cache
def published() -> tuple[Route, ...]:
    """Return the routes of ``docs/openapi.json``."""
    return routes_of(json.loads(FILE.read_text(encoding="utf-8")))


def routes_of(document: Mapping[str, Any]) -> tuple[Route, ...]:
    """Return the routes of ``document`` by path and method.

    Raises:
        ValueError: an operation names no function, or the variable at one place has two names (API Gateway allows one).
    """
    found = sorted(
        _route(path, verb, operation)
        for path, item in document["paths"].items()
        for verb, operation in item.items()
        if verb in VERBS
    )
    _check_variables(found)
    return tuple(found)


def prefix_of(path: str, prefixes: Mapping[str, Iterable[str]]) -> tuple[str, str]:
    """Return the context and the prefix that ``path`` lies under.

    Raises:
        ValueError: it lies under none, or under several.
    """
    found = [
        (context, prefix)
        for context, listed in prefixes.items()
        for prefix in listed
        if f"{path}/".startswith(f"/{prefix}/")
    ]
    if len(found) != 1:
        message = f"{path} lies under {len(found)} prefixes of infra/stage.py, not one: {found}"
        raise ValueError(message)
    return found[0]


def _route(path: str, verb: str, operation: Mapping[str, Any]) -> Route:
    function = operation.get("x-enghub-function", "")
    context, _, name = function.partition("/")
    if not name:
        message = f"{verb.upper()} {path} names no function: x-enghub-function is {function!r}"
        raise ValueError(message)
    return Route(
        path, verb.upper(), context, name, bool(operation.get("x-enghub-public")), bool(operation.get("x-enghub-form"))
    )


def _check_variables(routes: Iterable[Route]) -> None:
    variables: dict[str, str] = {}
    for route in routes:
        parts = route.path.strip("/").split("/")
        for place, part in enumerate(parts):
            before = "/".join(parts[:place])
            if part.startswith("{") and variables.setdefault(before, part) != part:
                message = f"{route.path}: another route calls {part} {variables[before]}; choose one name"
                raise ValueError(message)
