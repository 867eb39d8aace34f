"""Versions as semver.org 2.0 orders them: numbers as numbers, a pre-release before its release, builds alike."""

import re
from functools import total_ordering

_FORM = re.compile(
    r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)"
    r"(?:-((?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)(?:\.(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*))*))?"
    r"(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
)
LONGEST = 256
Parsed = tuple[tuple[int, int, int], int, tuple[tuple[int, int, str], ...]]
"""Orders as the versions do: core, 0 for a pre-release and 1 for a release, the pre-release's parts."""


@total_ordering
class Version:
    """One version; build metadata does not count."""

    __slots__ = ("_order",)

    def __init__(self, order: Parsed) -> None:
        self._order = order

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Version) and self._order == other._order

    def __lt__(self, other: "Version") -> bool:
        return self._order < other._order

    def __hash__(self) -> int:
        return hash(self._order)


def version(text: object) -> Version | None:
    """Return the version a text says, None where it says none; a number is none either."""
    if not isinstance(text, str) or len(text) > LONGEST:
        return None
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    core = (int(found[1]), int(found[2]), int(found[3]))
    if found[4] is None:
        return Version((core, 1, ()))
    return Version((core, 0, tuple(_part(part) for part in found[4].split("."))))


def _part(text: str) -> tuple[int, int, str]:
    return (0, int(text), "") if text.isdigit() else (1, 0, text)
