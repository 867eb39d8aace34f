"""A folder of settings as ``enghub settings`` reads and writes it (CFG-32).

Of each layer (``tenant``, ``global``): configuration in ``tenant.yaml`` or in files of any name in ``tenant/`` (YAML,
JSON, CSV, properties, XML, Excel); a flag in ``tenant/flags/PROD/<key>.json``, a segment in
``tenant/segments/PROD/<key>.json``, a business rule in ``tenant/rules/<key>.json``.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from enghub_cli.errors import Stop
from enghub_cli.hub import REFUSED

if TYPE_CHECKING:
    from enghub.kit.sheets.model import Row

LAYERS = ("global", "tenant")
ENVIRONMENTS = ("DEV", "TEST", "PROD")
KEYS = {"flags": "flagKey", "segments": "segmentKey", "rules": "ruleKey"}
"""Subfolders of a layer that hold no configuration, and what the name of a file in them is."""
KINDS = {"flags": "flag", "segments": "segment", "rules": "rule"}


@dataclass(frozen=True)
class Layer:
    """What a folder says of one layer."""

    name: str
    rows: Sequence["Row"]
    things: Mapping[str, Sequence[Mapping[str, Any]]]

    def body(self, **more: Any) -> str:
        """Return the request that makes the hub so, as JSON.

        A column that a row does not have is left out of it, so that it stays as it is; so is the version that a row
        was exported in: a folder says what shall be.
        """
        from enghub.core.strictjson import write_json  # noqa: PLC0415 - with every digit of a number

        rows = [{name: cell.text for name, cell in row.cells.items() if name != "version"} for row in self.rows]
        places = [row.place for row in self.rows]
        things = {name: list(found) for name, found in self.things.items()}
        return write_json({"configs": rows, "places": places, **things, **more})

    def names(self) -> set[tuple[str, str, str]]:
        """Return kind, environment and name of everything in it."""
        found = {("config", "", row.text("configKey") or "") for row in self.rows}
        return found | names_of(self.things)


def names_of(things: Mapping[str, Sequence[Mapping[str, Any]]]) -> set[tuple[str, str, str]]:
    """Return kind, environment and name of flags, segments and rules."""
    return {(KINDS[of], str(one.get("environment", "")), str(one[KEYS[of]])) for of in KEYS for one in things[of]}


def layers(folder: Path) -> Iterator[Layer]:
    """Yield the layers that a folder says something of.

    Raises:
        Stop: a file cannot be read, or there is nothing.
    """
    found = False
    for name in LAYERS:
        files = [*sorted(folder.glob(f"{name}.*")), *sorted((folder / name).rglob("*.*"))]
        rows = [row for file in files if file.is_file() and not _is_thing(folder / name, file) for row in _rows(file)]
        things = {of: list(_things(folder / name / of, of)) for of in KEYS}
        if rows or any(things.values()):
            found = True
            yield Layer(name, rows, things)
    if not found:
        raise Stop(f"{folder} holds no configuration: tenant.yaml, global.yaml, or folders of these names", REFUSED)


def write(folder: Path, name: str, content: Mapping[str, Any]) -> dict[str, int]:
    """Write one layer of the hub as files; return how many of each kind. Files of things that are gone go too."""
    from enghub.kit.sheets import files  # noqa: PLC0415 - writers of six formats
    from enghub.kit.sheets.model import Format  # noqa: PLC0415

    folder.mkdir(parents=True, exist_ok=True)
    rows = content["configs"]
    columns = list(rows[0]) if rows else []
    data = files.write(Format.YAML, columns, [[row[column] for column in columns] for row in rows])
    (folder / f"{name}.yaml").write_bytes(data)
    for of, key in KEYS.items():
        for old in (folder / name / of).rglob("*.json"):
            old.unlink()
        for one in content[of]:
            said = {field: value for field, value in one.items() if field not in {key, "environment"}}
            file = folder / name / of / one.get("environment", "") / f"{one[key]}.json"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(pretty(said) + "\n", encoding="utf-8")
    return {"items": len(rows), **{of: len(content[of]) for of in KEYS}}


def pretty(value: Any, indent: str = "") -> str:
    """Return JSON for people: members in order, small values on one line, every digit of a number."""
    flat = _flat(value)
    if len(flat) + len(indent) <= 100 or not isinstance(value, dict | list) or not value:
        return flat
    inner = indent + "  "
    if isinstance(value, list):
        parts = [inner + pretty(one, inner) for one in value]
        return "[\n" + ",\n".join(parts) + f"\n{indent}]"
    parts = [f"{inner}{json.dumps(name, ensure_ascii=False)}: {pretty(value[name], inner)}" for name in sorted(value)]
    return "{\n" + ",\n".join(parts) + f"\n{indent}}}"


def _flat(value: Any) -> str:
    if isinstance(value, dict):
        members = (f"{json.dumps(name, ensure_ascii=False)}: {_flat(value[name])}" for name in sorted(value))
        return "{" + ", ".join(members) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flat, value)) + "]"
    return str(value) if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False)


def _is_thing(layer: Path, file: Path) -> bool:
    return layer in file.parents and file.relative_to(layer).parts[0] in KEYS


def _things(folder: Path, of: str) -> Iterator[Mapping[str, Any]]:
    from enghub.core.strictjson import parse_json  # noqa: PLC0415 - with every digit of a number

    for file in sorted(one for one in folder.rglob("*") if one.is_file()):
        where = file.relative_to(folder).parts
        in_environment = len(where) == 2 and where[0] in ENVIRONMENTS
        if file.suffix != ".json" or (len(where) != 1 if of == "rules" else not in_environment):
            wanted = f"{of}/<key>.json" if of == "rules" else f"{of}/{'|'.join(ENVIRONMENTS)}/<key>.json"
            raise Stop(f"{file}: put it at {wanted}", REFUSED)
        try:
            said = parse_json(file.read_text(encoding="utf-8"))
        except ValueError as error:
            raise Stop(f"{file}: no JSON: {error}", REFUSED) from error
        if not isinstance(said, dict):
            raise Stop(f"{file}: write a JSON object", REFUSED)
        place = {} if of == "rules" else {"environment": where[0]}
        yield {**said, **place, KEYS[of]: file.stem}


def _rows(file: Path) -> Sequence["Row"]:
    from enghub.kit.sheets import files  # noqa: PLC0415 - readers of six formats
    from enghub.kit.sheets.model import SheetRefused  # noqa: PLC0415

    try:
        return files.read(file.read_bytes(), files.format_of(file.name), ("configKey", "configValue")).rows
    except SheetRefused as error:
        raise Stop(f"{file}: {error.place} {error.said.render('en')}", REFUSED) from error
