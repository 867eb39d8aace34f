"""A route of the API, as a context declares it; the API stack turns all of them into one REST API."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Route:
    """``method`` and ``path`` answered by ``function_name``; ``public`` ones verify the caller themselves."""

    method: str
    path: str
    function_name: str
    public: bool = False


def in_order(routes: Iterable[Route]) -> list[Route]:
    """Return ``routes`` by path and method.

    Raises:
        ValueError: two answer the same, or name the variable at one place differently (API Gateway allows one name).
    """
    found = sorted(routes, key=lambda route: (route.path, route.method))
    taken: dict[tuple[str, str], Route] = {}
    variables: dict[str, str] = {}
    for route in found:
        other = taken.setdefault((route.method, route.path), route)
        if other is not route:
            message = f"{route.method} {route.path}: {route.function_name} and {other.function_name} both answer it"
            raise ValueError(message)
        parts = route.path.strip("/").split("/")
        for place, part in enumerate(parts):
            before = "/".join(parts[:place])
            if part.startswith("{") and variables.setdefault(before, part) != part:
                message = f"{route.path}: another route calls {part} {variables[before]}; choose one name"
                raise ValueError(message)
    return found
