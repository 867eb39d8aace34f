"""Typed keys, written by ``python -m enghub_client keys``; and which keys no source reads any more."""

import keyword
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

T = TypeVar("T")
KINDS = {"STRING": "str", "XML": "str", "NUMBER": "int | Decimal", "BOOLEAN": "bool", "JSON": "Any"}
"""What a declared type is in Python."""
TEXTS = frozenset({".py", ".js", ".ts", ".tsx", ".jsx", ".java", ".kt", ".go", ".cs", ".sql", ".yaml", ".yml", ".toml"})
"""Ends of names of files in which keys may be named."""
SKIPPED = frozenset({".git", ".venv", "node_modules", "__pycache__", "build", "dist"})


@dataclass(frozen=True)
class Key(Generic[T]):
    """A setting's key; ``Client.get`` returns its type."""

    name: str


def name_of(config_key: str) -> str:
    """Return the key as a name of Python: ``line.maxSpeed`` is LINE_MAX_SPEED."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", config_key)
    found = re.sub(r"[^A-Za-z0-9]+", "_", words).strip("_").upper()
    return f"{found}_" if keyword.iskeyword(found) else found


def source_of(kinds: Mapping[str, str]) -> str:
    """Return a module with a typed key for each setting; ``kinds`` are declared types by key.

    Raises:
        ValueError: two keys have one name.
    """
    names: dict[str, str] = {}
    lines = []
    for config_key in sorted(kinds):
        name = name_of(config_key)
        if name in names:
            raise ValueError(f"{names[name]} and {config_key} are both {name}: rename one of them")
        names[name] = config_key
        lines.append(f'{name}: Key[{KINDS[kinds[config_key]]}] = Key("{config_key}")')
    typing = ["from typing import Any"] if any(kind == "JSON" for kind in kinds.values()) else []
    decimals = ["from decimal import Decimal"] if "NUMBER" in kinds.values() else []
    head = ['"""Settings, by `python -m enghub_client keys`; write it anew, do not edit."""', ""]
    imports = [*decimals, *typing, *([""] if decimals or typing else []), "from enghub_client import Key", ""]
    return "\n".join([*head, *imports, *lines, ""])


def unread(config_keys: Iterable[str], roots: Sequence[Path], generated: Sequence[Path] = ()) -> list[str]:
    """Return the keys that no source below ``roots`` names, neither whole nor by its typed name.

    A module that ``source_of`` wrote names all of them, and is passed over. A key that is put together at run time is
    not found: look before you delete.
    """
    passed = {path.resolve() for path in generated}
    waiting = {config_key: _pattern(config_key) for config_key in config_keys}
    for root in roots:
        for path in sorted(root.rglob("*")) if root.is_dir() else [root]:
            is_source = path.suffix in TEXTS and not SKIPPED.intersection(path.parts)
            if waiting and is_source and path.is_file() and path.resolve() not in passed:
                text = path.read_text("utf-8", errors="replace")
                waiting = {key: pattern for key, pattern in waiting.items() if not pattern.search(text)}
    return sorted(waiting)


def _pattern(config_key: str) -> re.Pattern[str]:
    whole = rf"(?<![A-Za-z0-9._-]){re.escape(config_key)}(?![A-Za-z0-9_-]|\.[A-Za-z0-9])"
    return re.compile(rf"{whole}|\b{name_of(config_key)}\b")
