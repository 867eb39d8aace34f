"""Keeps frozen dataclasses as JSON text inside an item: exact types back, no attribute list to keep in step."""

from typing import Any, TypeVar

from pydantic import TypeAdapter

T = TypeVar("T")
_adapters: dict[Any, TypeAdapter[Any]] = {}


def _adapter(kind: Any) -> TypeAdapter[Any]:
    """Build a type's reader and writer on its first use."""
    if kind not in _adapters:
        _adapters[kind] = TypeAdapter(kind)
    return _adapters[kind]


def to_text(value: Any) -> str:
    """Return the JSON of a dataclass."""
    return _adapter(type(value)).dump_json(value).decode()


def from_text(kind: type[T], text: str) -> T:
    """Read a dataclass back."""
    read: T = _adapter(kind).validate_json(text)
    return read
