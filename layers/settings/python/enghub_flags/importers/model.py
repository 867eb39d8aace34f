"""What an importer says: flags and segments as our documents, and what could not be carried over, with the reason.

An importer carries a flag whole or not at all: what our engine would answer otherwise than the original is refused by
name, never guessed. ``notes`` are where both differ for contexts that the original takes and ours does not.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Document = dict[str, Any]


class NotCarried(Exception):
    """A part of a definition has no equal here; the text says which and why, in English and Chinese."""

    def __init__(self, english: str, chinese: str) -> None:
        super().__init__(english)
        self.text = (english, chinese)


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report."""

    flag: str
    english: str
    chinese: str


@dataclass(slots=True)
class Converted:
    """What became of a file of definitions; ``engine`` is name and version, whose results the flags give."""

    engine: str
    flags: list[Document] = field(default_factory=list)
    segments: list[Document] = field(default_factory=list)
    refused: list[Finding] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)

    def note(self, flag: str, english: str, chinese: str) -> None:
        """Keep a note, once."""
        found = Finding(flag, english, chinese)
        if found not in self.notes:
            self.notes.append(found)


def boolean_flag(key: str, *, enabled: bool, rules: list[Document], fallthrough: str, salt: str) -> Document:
    """Return the document of a flag that is on or off."""
    return {
        "key": key,
        "valueType": "BOOLEAN",
        "isEnabled": enabled,
        "salt": salt,
        "variants": [{"name": "on", "value": True}, {"name": "off", "value": False}],
        "offVariant": "off",
        "rules": rules,
        "fallthrough": {"variant": fallthrough},
    }


def value_type(values: list[Any]) -> str:
    """Return the one type of values.

    Raises:
        NotCarried: they are of several.
    """
    kinds = {_kind(value) for value in values}
    if kinds == {"INTEGER", "FLOAT"}:
        return "FLOAT"
    if len(kinds) != 1:
        raise NotCarried("its values are of several types", "取值类型不一致")
    return kinds.pop()


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "BOOLEAN"
    if isinstance(value, int):
        return "INTEGER"
    if isinstance(value, float):
        return "FLOAT"
    if isinstance(value, str):
        return "STRING"
    if isinstance(value, dict | list):
        return "OBJECT"
    raise NotCarried("one of its values is null", "存在空值")


def text_of(found: Mapping[str, Any], name: str) -> str:
    """Return a member that must be a text.

    Raises:
        NotCarried
    """
    value = found.get(name)
    if not isinstance(value, str) or not value:
        raise NotCarried(f"{name} is no text", f"{name} 不是文本")
    return value
