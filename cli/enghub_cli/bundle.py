"""A folder of manifests with their scripts, read without the hub's own rules, which judge what is sent (UPG-01)."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from enghub_cli.errors import Stop
from enghub_cli.hub import REFUSED

_SCRIPT_KEYS = frozenset({"sql_scripts", "rollback_scripts", "config_files", "scripts"})
"""Parameters of steps that name files of the package, as the hub reads them."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A manifest, and those of its scripts that are there."""

    file: Path
    document: dict[str, Any]
    scripts: dict[str, str]

    @property
    def version(self) -> str:
        """The version it upgrades to."""
        return str(self.document["version"])

    @property
    def body(self) -> dict[str, Any]:
        """What is sent."""
        return {"manifest": self.document, "scripts": self.scripts}


def packages_of(folder: Path) -> list[Packed]:
    """Return the manifests of a folder, oldest version first.

    Raises:
        Stop: a file is no manifest, a script no text, or there is none.
    """
    found = sorted(map(_packed, folder.glob("*.json")), key=lambda one: (_number(one), one.file.name))
    if not found:
        message = f"{folder} has no manifest (*.json)"
        raise Stop(message, REFUSED)
    return found


def script_paths(document: Any) -> tuple[str, ...]:
    """Return every script that the steps of a manifest name, each once."""
    parts = (document.get(name) for name in ("upgrade_steps", "rollback_steps"))
    return tuple(dict.fromkeys(path for part in parts for path in _paths(part)))


def _paths(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in _SCRIPT_KEYS and isinstance(inner, list):
                yield from (item for item in inner if isinstance(item, str))
            yield from _paths(inner)
    elif isinstance(value, list):
        for item in value:
            yield from _paths(item)


def _packed(file: Path) -> Packed:
    try:
        document = json.loads(file.read_text("utf-8"))
    except ValueError as error:
        message = f"{file} is no manifest: {error}"
        raise Stop(message, REFUSED) from error
    if not isinstance(document, dict) or not isinstance(document.get("version"), str):
        message = f"{file} is no manifest: it is no object with a `version`"
        raise Stop(message, REFUSED)
    return Packed(file, document, {path: _text(file.parent / path) for path in _there(file.parent, document)})


def _there(folder: Path, document: dict[str, Any]) -> list[str]:
    """Return the scripts that are files of the folder; the hub names those that are not."""
    inside = folder.resolve()
    return [
        path
        for path in script_paths(document)
        if "\0" not in path and (inside / path).resolve().is_relative_to(inside) and (inside / path).is_file()
    ]


def _text(file: Path) -> str:
    """Return a script as it is, ends of lines too."""
    try:
        return file.read_bytes().decode("utf-8")
    except ValueError as error:
        message = f"{file} is no UTF-8 text: {error}"
        raise Stop(message, REFUSED) from error


def _number(packed: Packed) -> tuple[int, ...]:
    parts = packed.version.split(".")
    return tuple(int(part) if part.isdecimal() else -1 for part in parts)
