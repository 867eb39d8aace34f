"""``enghub settings``: configuration, flags and rules as files of a folder (CFG-32), and backups (CFG-21).

``settings_folder`` says what a folder looks like. ``apply`` makes each layer as its files say, as one change set; what
only the hub has is shown and left.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from enghub_cli import settings_folder
from enghub_cli.console import out
from enghub_cli.errors import Stop
from enghub_cli.hub import Api
from enghub_cli.options import JsonOption, with_hub

settings = typer.Typer(no_args_is_help=True, help="Settings as files: plan, apply, drift, export; backups.")
CONFIGS, BACKUPS, FOLDER = "/system-config", "/settings/backups", "/settings/folder"
NAMED = ("kind", "environment", "name")
DIFFERS = 3
"""The exit code of ``drift`` where folder and hub differ."""
IMPACTS = 20
"""Items whose impact one call works out."""
FolderArgument = Annotated[Path, typer.Argument(help="The folder of configuration files.", file_okay=False)]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; it is kept with every version.")]
GlassOption = Annotated[
    bool, typer.Option("--break-glass", help="Now, before its approval, where a rule wants one; with a reason.")
]
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
    only_in_hub: Sequence[dict[str, str]]
    hit: dict[str, str]
    """Whom a change hits, by kind, environment and name."""

    @property
    def changes(self) -> list[dict[str, Any]]:
        """Return the things that would be created or changed."""
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


def apply(hub: Api, folder: FolderArgument, reason: ReasonOption = "", break_glass: GlassOption = False) -> None:
    """Make the hub as the folder says: configuration, flags and rules of a layer as one change set, all or nothing."""
    for layer in settings_folder.layers(folder):
        body = layer.body(changeReason=reason, breakGlass=break_glass)
        found = hub.call("POST", f"{FOLDER}?layer={layer.name}", body)
        if "requestId" in found:
            out.print(f"{layer.name}: waits for approval as change request {found['requestId']}")
            continue
        told = f"{found['created']} created, {found['updated']} changed, {found['unchanged']} as they were"
        out.print(f"{layer.name}: {told}")


def export(hub: Api, folder: FolderArgument) -> None:
    """Write the hub's configuration, flags, segments and rules as files that `apply` takes."""
    for layer in settings_folder.LAYERS:
        number = settings_folder.write(folder, layer, hub.call("GET", f"{FOLDER}?layer={layer}"))
        out.print(f"{layer}: " + ", ".join(f"{count} {what}" for what, count in number.items()))


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
        what = " ".join(part for part in (one["kind"], one["environment"], one["configKey"]) if part)
        out.print(f"{one['difference'].lower():8} {one['layer']} {what} {', '.join(one['fields'])}")
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
    return [_plan_of(hub, layer) for layer in settings_folder.layers(folder)]


def _plan_of(hub: Api, layer: settings_folder.Layer) -> Planned:
    answer = hub.call("POST", f"{FOLDER}?layer={layer.name}", layer.body(dryRun=True))
    content = hub.call("GET", f"{FOLDER}?layer={layer.name}")
    there = {("config", "", row["configKey"]) for row in content["configs"]} | settings_folder.names_of(content)
    only = [dict(zip(NAMED, one, strict=True)) for one in sorted(there - layer.names())]
    values = {row.text("configKey"): row.text("configValue") for row in layer.rows}
    changed = [one["name"] for one in answer["items"] if one["kind"] == "config" and one["outcome"] != "UNCHANGED"]
    hit = {_name("flag", one): _flag_hit(one) for one in answer["hits"]}
    for start in range(0, len(changed), IMPACTS):
        asked = [{"configKey": key, "configValue": values[key]} for key in changed[start : start + IMPACTS]]
        found = hub.call("POST", f"{CONFIGS}/impact?layer={layer.name}", {"configs": asked})
        hit |= {f"config {one['configKey']}": _hit(one) for one in found["items"]}
    return Planned(layer.name, answer, only, hit)


def _name(kind: str, one: dict[str, Any]) -> str:
    return " ".join(part for part in (kind, one.get("environment", ""), one["name"]) if part)


def _flag_hit(one: dict[str, Any]) -> str:
    """Say whom a flag's change hits, of who was seen lately."""
    needed = f", {len(one['dependants'])} flags need it" if one["dependants"] else ""
    return f"{one['changedSubjects']} of {one['subjects']} seen lately{needed}"


def _hit(impact: dict[str, Any]) -> str:
    reach, users = impact["reach"], len(impact["dependants"])
    told = "" if reach is None else f"{'' if reach['exact'] else 'at least '}{reach['affected']} of {reach['known']}"
    return f"{told}{f', {users} items refer to it' if users else ''}"


def _show(found: Sequence[Planned], as_json: bool) -> None:
    if as_json:
        told = [
            {**one.answer, "layer": one.layer, "onlyInHub": list(one.only_in_hub), "hits": one.hit} for one in found
        ]
        out.print_json(json.dumps(told))
        return
    for one in found:
        table = Table("layer", "what", "would be", "hits", "stands in")
        for item in one.changes:
            name = _name(item["kind"], item)
            table.add_row(one.layer, name, item["outcome"].lower(), one.hit.get(name, ""), item["place"])
        for only in one.only_in_hub:
            table.add_row(one.layer, _name(only["kind"], only), "left: only in the hub", "", "")
        if table.row_count:
            out.print(table)
        approval = "; people have to agree" if one.answer["needsApproval"] else ""
        out.print(f"{one.layer}: {len(one.changes)} changes, {one.answer['unchanged']} as they are{approval}")
