"""``enghub settings convert``: definitions of other flag engines as files of a folder (CFG-31)."""

import json
import re
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from enghub_cli.commands.settings import settings
from enghub_cli.console import out
from enghub_cli.errors import Stop
from enghub_cli.hub import REFUSED
from enghub_cli.settings_folder import ENVIRONMENTS, pretty

if TYPE_CHECKING:
    from enghub_flags.importers.model import Converted

LEFT = 3
"""The exit code where something could not be carried over."""
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,99}")


def register(app: typer.Typer) -> None:
    """Add the command to the group of settings."""
    del app
    settings.command("convert")(convert)


class Engine(StrEnum):
    """Whose definitions they are."""

    FLAGD = "flagd"
    UNLEASH = "unleash"
    GROWTHBOOK = "growthbook"
    FLAGSMITH = "flagsmith"


EngineArgument = Annotated[Engine, typer.Argument(help="Whose definitions they are.")]
FileArgument = Annotated[Path, typer.Argument(help="The definitions, as JSON.", dir_okay=False, exists=True)]
FolderArgument = Annotated[Path, typer.Argument(help="Where to write; `enghub settings plan` reads it.")]
VersionOption = Annotated[
    str, typer.Option("--engine-version", help="flagd: v1, v2 or v3; else the engine's, for you.")
]
EnvironmentOption = Annotated[str, typer.Option("--environment", help="DEV, TEST or PROD.")]
LayerOption = Annotated[str, typer.Option("--layer", help="tenant, or global.")]


def convert(
    engine: EngineArgument,
    file: FileArgument,
    folder: FolderArgument,
    *,
    engine_version: VersionOption = "",
    environment: EnvironmentOption = "PROD",
    layer: LayerOption = "tenant",
) -> None:
    """Write flags that answer as the engine's own; what has no equal is named and left out (exit code 3)."""
    if environment not in ENVIRONMENTS or layer not in {"tenant", "global"}:
        raise Stop("say DEV, TEST or PROD, and tenant or global", REFUSED)
    found = _converter(engine, engine_version)(_read(file), engine_version)
    for document in [one for one in found.flags if not _KEY.fullmatch(one["key"])]:
        found.flags.remove(document)
        found.refused.append(_finding(document["key"]))
    for of, documents in (("flags", found.flags), ("segments", found.segments)):
        for document in documents:
            _write(folder / layer / of / environment / f"{document['key']}.json", document, found.engine)
    _show(found)
    if found.refused:
        raise Stop(f"{len(found.refused)} flags are not carried over", LEFT)


def _converter(engine: Engine, version: str) -> "Callable[[Any, str], Converted]":
    from enghub_flags.importers import flagd, flagsmith, growthbook, unleash  # noqa: PLC0415 - few convert

    if engine is Engine.FLAGD and version not in flagd.VERSIONS:
        raise Stop("say which bucketing the fleet runs: --engine-version v1, v2 or v3", REFUSED)
    made: dict[Engine, Callable[[Any, str], Converted]] = {
        Engine.FLAGD: flagd.convert,
        Engine.UNLEASH: unleash.convert,
        Engine.GROWTHBOOK: growthbook.convert,
        Engine.FLAGSMITH: flagsmith.convert,
    }
    return made[engine]


def _read(file: Path) -> Any:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise Stop(f"{file}: no JSON: {error}", REFUSED) from error
    if not isinstance(found, dict):
        raise Stop(f"{file}: write a JSON object, as the engine exports it", REFUSED)
    return found


def _write(file: Path, document: dict[str, Any], engine: str) -> None:
    definition = {name: value for name, value in document.items() if name != "key"}
    said = {"description": f"imported from {engine}", "definition": definition}
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(pretty(said) + "\n", encoding="utf-8")


def _finding(key: str) -> Any:
    from enghub_flags.importers.model import Finding  # noqa: PLC0415

    return Finding(key, "its key has characters that no key here has", "键含不支持的字符")


def _show(found: "Converted") -> None:
    table = Table("flag", "what", "why")
    for one in found.refused:
        table.add_row(one.flag, "not carried", one.english)
    for one in found.notes:
        table.add_row(one.flag, "note", one.english)
    if table.row_count:
        out.print(table)
    out.print(f"{found.engine}: {len(found.flags)} flags, {len(found.segments)} segments written")
