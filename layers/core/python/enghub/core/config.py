"""The only reader of the process environment: one frozen dataclass per function.

A function declares what it needs as a dataclass; ``load`` fills it from variables with the upper-case field names and
says by name what is missing.
"""

import os
from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields
from functools import cache
from typing import Any, TypeVar, get_type_hints

C = TypeVar("C")

_READERS: dict[Any, Callable[[str], Any]] = {
    str: str,
    int: int,
    float: float,
    bool: lambda text: text.lower() in {"1", "true", "yes"},
}


class MissingSettingError(RuntimeError):
    """A variable that a function needs is not set; the text names it."""


@dataclass(frozen=True, slots=True)
class CoreConfig:
    """What every function knows: its stage, its context and that context's table."""

    stage: str
    context: str
    table_name: str


@cache
def load(cls: type[C]) -> C:
    """Return the one instance of ``cls``, filled from the environment.

    Fields may be ``str``, ``int``, ``float`` or ``bool``; a field with a default is optional.

    Raises:
        MissingSettingError: a required variable is unset, or does not read as the type of its field.
    """
    hints = get_type_hints(cls)
    values: dict[str, Any] = {}
    for field in fields(cls):  # type: ignore[arg-type]
        name = field.name.upper()
        text = os.environ.get(name)
        if text is None:
            if field.default is MISSING:
                message = f"{cls.__name__} needs the environment variable {name}"
                raise MissingSettingError(message)
            continue
        try:
            values[field.name] = _READERS[hints[field.name]](text)
        except ValueError as error:
            message = f"{name} does not read as {hints[field.name].__name__}"
            raise MissingSettingError(message) from error
    return cls(**values)


def export(name: str, value: str) -> None:
    """Set a variable for libraries that read the environment themselves."""
    os.environ[name] = value
