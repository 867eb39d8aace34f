"""``enghub settings``: configuration as files of a folder (CFG-32), and its backups (CFG-21).

A folder holds ``tenant.yaml`` and ``global.yaml``, or folders ``tenant`` and ``global`` of such files (YAML, JSON, CSV,
properties, XML, Excel). ``apply`` makes each layer as its files say, as one change set; what only the hub has is shown
and left.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from enghub_cli.console import out
from enghub_cli.errors import Stop
from enghub_cli.hub import REFUSED, Api
from enghub_cli.options import JsonOption, with_hub

if TYPE_CHECKING:
    from enghub.kit.sheets.model import Row

settings = typer.Typer(no_args_is_help=True, help="Configuration as files: plan, apply, drift, export; backups.")
CONFIGS, BACKUPS = "/system-config", "/settings/backups"
LAYERS = ("global", "tenant")
DIFFERS = 3
"""The exit code of ``drift`` where folder and hub differ."""
IMPACTS = 20
"""Items whose impact one call works out."""
FolderArgument = Annotated[Path, typer.Argument(help="The folder of configuration files.", file_okay=False)]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; it is kept with every version.")]
LayerOption = Annotated[str, typer.Option("--layer", help="tenant (with its users), or global.")]
KeysOption = Annotated[list[str] | None, typer.Option("--key", help="A key or a pattern as 'security.*'; repeatable.")]
BackupArgument = Annotated[str, typer.Argument(help="Its id, as `enghub settings backups` shows it.")]


def register(app: typer.Typer) -> None:
    """Add the group."""
    app.add_typer(settings, name="settings")
    commands: dict[str, Callable[..., None]] = {"plan": plan, "apply": apply, "drift": drift, "export": export}
    commands |= {"backup": backup, "backups": backups, "verify": verify, "restore": restore}
    for name, command in commands.items():
        settings.command(name)(with_hub(command, path="/api/v1", role="SYSTEM_ADMIN"))


@dataclass(frozen=True)
class Planned:
    """What applying a folder would do with one layer."""

    layer: str
    answer: dict[str, Any]
    only_in_hub: Sequence[str]
    hit: dict[str, str]
    """Whom a change hits, by key."""

    @property
    def changes(self) -> list[dict[str, Any]]:
        """Return the items that would be created or changed."""
        return [one for one in self.answer["items"] if one["outcome"] != "UNCHANGED"]


def plan(hub: Api, folder: FolderArgument, as_json: JsonOption = False) -> None:
    """Show what applying the folder would change, whom it would hit, and whether people have to agree."""
    _show(_planned(hub, folder), as_json)


def drift(hub: Api, folder: FolderArgument, as_json: JsonOption = False) -> None:
    """Show where the hub is not as the folder says; exit code 3 where it differs."""
    found = _planned(hub, folder)
    _show(found, as_json)
    if any(one.changes or one.only_in_hub for one in found):
        raise Stop("the hub is not as the folder says", DIFFERS)


def apply(hub: Api, folder: FolderArgument, reason: ReasonOption = "") -> None:
    """Make the hub as the folder says: each layer one change set, all of it or nothing."""
    for layer, rows in _layers(folder):
        found = hub.form(f"{CONFIGS}/import?layer={layer}", _file(rows), overwriteExisting="true", changeReason=reason)
        if "requestId" in found:
            out.print(f"{layer}: waits for approval as change request {found['requestId']}")
            continue
        out.print(f"{layer}: {found['created']} created, {found['updated']} changed, {found['unchanged']} as they were")


def export(hub: Api, folder: FolderArgument) -> None:
    """Write the hub's configuration as files that `apply` takes: tenant.yaml and global.yaml."""
    folder.mkdir(parents=True, exist_ok=True)
    for layer in LAYERS:
        rows = _rows_of_hub(hub, layer)
        (folder / f"{layer}.yaml").write_bytes(_file(rows, "yaml")[1])
        out.print(f"{layer}.yaml: {len(rows)} items")


# --- backups ---


def backup(hub: Api, layer: LayerOption = "tenant") -> None:
    """Take a backup now."""
    found = hub.call("POST", f"{BACKUPS}?layer={layer}")
    out.print(f"{found['backupId']}: {found['items']} items, {found['sizeBytes']} bytes")


def backups(hub: Api, layer: LayerOption = "tenant") -> None:
    """List backups, the newest first."""
    table = Table("id", "bytes", "stored")
    for one in hub.call("GET", f"{BACKUPS}?layer={layer}")["items"]:
        table.add_row(one["backupId"], str(one["sizeBytes"]), one["storedAt"][:19])
    out.print(table)


def verify(hub: Api, backup_id: BackupArgument, layer: LayerOption = "tenant", key: KeysOption = None) -> None:
    """Compare a backup with what is there; exit code 3 where it differs."""
    found = hub.call("POST", f"{BACKUPS}/{backup_id}/verify?layer={layer}", {"keys": key or []})
    if found["equal"]:
        out.print(f"equal: {found['items']} items")
        return
    for one in found["differences"]:
        out.print(f"{one['difference'].lower():8} {one['layer']} {one['configKey']} {', '.join(one['fields'])}")
    raise Stop(f"{found['missing']} missing, {found['changed']} changed, {found['added']} added since", DIFFERS)


def restore(
    hub: Api,
    backup_id: BackupArgument,
    layer: LayerOption = "tenant",
    key: KeysOption = None,
    reason: ReasonOption = "",
) -> None:
    """Bring back what is missing or changed; later items stay."""
    body = {"keys": key or [], "changeReason": reason}
    found = hub.call("POST", f"{BACKUPS}/{backup_id}/restore?layer={layer}", body)
    if "requestId" in found:
        out.print(f"waits for approval as change request {found['requestId']}")
        return
    out.print(f"{found['missing'] + found['changed']} items restored; verify: enghub settings verify {backup_id}")


# --- inside ---


def _planned(hub: Api, folder: Path) -> list[Planned]:
    return [_plan_of(hub, layer, rows) for layer, rows in _layers(folder)]


def _plan_of(hub: Api, layer: str, rows: Sequence["Row"]) -> Planned:
    path = f"{CONFIGS}/import?layer={layer}"
    answer = hub.form(path, _file(rows), overwriteExisting="true", dryRun="true")
    named = {row.text("configKey") for row in rows}
    only = [key for row in _rows_of_hub(hub, layer) if (key := row.text("configKey") or "") not in named]
    values = {row.text("configKey"): row.text("configValue") for row in rows}
    changed = [one["configKey"] for one in answer["items"] if one["outcome"] != "UNCHANGED"]
    hit: dict[str, str] = {}
    for start in range(0, len(changed), IMPACTS):
        asked = [{"configKey": key, "configValue": values[key]} for key in changed[start : start + IMPACTS]]
        found = hub.call("POST", f"{CONFIGS}/impact?layer={layer}", {"configs": asked})
        hit |= {one["configKey"]: _hit(one) for one in found["items"]}
    return Planned(layer, answer, only, hit)


def _hit(impact: dict[str, Any]) -> str:
    reach, users = impact["reach"], len(impact["dependants"])
    told = "" if reach is None else f"{'' if reach['exact'] else 'at least '}{reach['affected']} of {reach['known']}"
    return f"{told}{f', {users} items refer to it' if users else ''}"


def _show(found: Sequence[Planned], as_json: bool) -> None:
    if as_json:
        told = [
            {"layer": one.layer, **one.answer, "onlyInHub": list(one.only_in_hub), "hits": one.hit} for one in found
        ]
        out.print_json(json.dumps(told))
        return
    for one in found:
        table = Table("layer", "key", "would be", "hits", "stands in")
        for item in one.changes:
            key = item["configKey"]
            table.add_row(one.layer, key, item["outcome"].lower(), one.hit.get(key, ""), item["place"])
        for key in one.only_in_hub:
            table.add_row(one.layer, key, "left: only in the hub", "", "")
        if table.row_count:
            out.print(table)
        approval = "; people have to agree" if one.answer["needsApproval"] else ""
        out.print(f"{one.layer}: {len(one.changes)} changes, {one.answer['unchanged']} as they are{approval}")


def _layers(folder: Path) -> Iterator[tuple[str, list["Row"]]]:
    found = False
    for layer in LAYERS:
        files = [*sorted(folder.glob(f"{layer}.*")), *sorted((folder / layer).rglob("*.*"))]
        rows = [row for file in files if file.is_file() for row in _rows(file)]
        if rows:
            found = True
            yield layer, rows
    if not found:
        raise Stop(f"{folder} holds no configuration: tenant.yaml, global.yaml, or folders of these names", REFUSED)


def _rows(file: Path) -> Sequence["Row"]:
    from enghub.kit.sheets import files  # noqa: PLC0415 - readers of six formats
    from enghub.kit.sheets.model import SheetRefused  # noqa: PLC0415

    try:
        return files.read(file.read_bytes(), files.format_of(file.name), ("configKey", "configValue")).rows
    except SheetRefused as error:
        raise Stop(f"{file}: {error.place} {error.said.render('en')}", REFUSED) from error


def _rows_of_hub(hub: Api, layer: str) -> Sequence["Row"]:
    from enghub.kit.sheets import files  # noqa: PLC0415 - readers of six formats
    from enghub.kit.sheets.model import Format  # noqa: PLC0415

    content: str = hub.call("GET", f"{CONFIGS}/export?format=json&layer={layer}")["content"]
    return files.read(content.encode(), Format.JSON, ("configKey", "configValue")).rows


def _file(rows: Sequence["Row"], kind: str = "json") -> tuple[str, bytes]:
    """Return rows as one file, without the versions they were exported in: a folder says what shall be.

    A column that a row does not have is left out of it, so that it stays as it is.
    """
    from enghub.kit.sheets import files  # noqa: PLC0415 - writers of six formats
    from enghub.kit.sheets.model import Format  # noqa: PLC0415

    if kind == "json":
        objects = [{name: cell.text for name, cell in row.cells.items() if name != "version"} for row in rows]
        return "folder.json", json.dumps({"configs": objects}, ensure_ascii=False).encode()
    columns = [name for name in (rows[0].cells if rows else ()) if name != "version"]
    return f"folder.{kind}", files.write(Format(kind), columns, [[row.text(name) for name in columns] for row in rows])
