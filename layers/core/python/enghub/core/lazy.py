"""Modules that are loaded when they are first used: who never needs a package never pays for its import.

if TYPE_CHECKING:
    import sqlglot
else:
    sqlglot = lazy("sqlglot")
"""

from importlib import import_module
from typing import Any


class Lazy:
    """Stands for a module."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(import_module(self._name), attribute)


def lazy(name: str) -> Any:
    """Return what stands for a module until one of its attributes is asked for."""
    return Lazy(name)
