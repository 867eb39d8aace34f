"""`enghub upgrade rehearse`: up, down and up again on a scratch copy of a site's database (UPG-09).

The hub does it, in the scratch database that the site's secret names; with --package it is done where it is typed, from
a folder with the manifests and scripts. The site's database is only read.

Exit codes: 0 it goes up, comes back whole and goes up again (or was started, or runs); 1 it does not; 2 refused;
130 interrupted, 143 terminated.
"""

import json
import uuid
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Group
from rich.markup import escape

from enghub_cli import HAS_REPOSITORY
from enghub_cli.commands.upgrade import running, upgrade
from enghub_cli.console import out
from enghub_cli.errors import Stop
from enghub_cli.following import Followed, watch
from enghub_cli.hub import FAILED, REFUSED, Api
from enghub_cli.options import (
    ApiOption,
    EnvironmentOption,
    FollowOption,
    JsonOption,
    KeyOption,
    Kind,
    SiteOption,
    SourceOption,
    TargetOption,
    TenantOption,
    TimeoutOption,
    TokenOption,
    with_hub,
)
from enghub_cli.tables import steps_of

RowsOption = Annotated[int, typer.Option("--row-limit", min=1, max=1_000_000, help="Rows of each table at most.")]
PackageOption = Annotated[
    Path | None, typer.Option("--package", help="Rehearse here, from this folder of manifests (*.json) and scripts.")
]
KindOption = Annotated[Kind | None, typer.Option("--dialect", help="With --package: of both databases.")]
DatabaseOption = Annotated[
    str | None,
    typer.Option("--database", envvar="ENGHUB_SITE_DATABASE", help="With --package: the site's database; only read."),
]
ScratchOption = Annotated[
    str | None,
    typer.Option("--scratch", envvar="ENGHUB_SCRATCH_DATABASE", help="With --package: an empty database."),
]


def register(app: typer.Typer) -> None:
    """Add the command to those of upgrades."""
    del app
    upgrade.command()(rehearse)
    upgrade.command()(with_hub(rehearsal))


def rehearse(  # noqa: PLR0917 - typer reads one parameter per option
    target: TargetOption,
    site: SiteOption,
    source: SourceOption = None,
    environment: EnvironmentOption = "test",
    row_limit: RowsOption = 100_000,
    follow: FollowOption = False,
    timeout: TimeoutOption = None,
    key: KeyOption = None,
    as_json: JsonOption = False,
    package: PackageOption = None,
    dialect: KindOption = None,
    database: DatabaseOption = None,
    scratch: ScratchOption = None,
    api: ApiOption = None,
    token: TokenOption = None,
    tenant: TenantOption = "acme",
) -> None:
    """Try an upgrade on a copy of the site's database: up, down, up. Exits with 1 when it does not come back whole."""
    if package is not None:
        if dialect is None or database is None or scratch is None:
            raise Stop("With --package also give --dialect, --database and --scratch", REFUSED)
        if source is None:
            raise Stop("With --package also give --from: no hub says what the site runs", REFUSED)
        _end(_here(package, (source, target), site, (database, scratch), dialect, row_limit), as_json)
        return
    hub = Api.of(api, token, tenant)
    source = running(hub, site, target, source)
    body = {
        "upgradeBeforeVersion": source,
        "upgradeAfterVersion": target,
        "siteId": site,
        "environment": environment,
        "rowLimit": row_limit,
    }
    rehearsal_id = hub.call("POST", "/rehearsals", body, key=key or str(uuid.uuid4()))["rehearsalId"]
    if follow:
        _end(_followed(hub, rehearsal_id, timeout), as_json)
    else:
        out.print(rehearsal_id)


def rehearsal(
    hub: Api,
    rehearsal_id: str,
    follow: FollowOption = False,
    timeout: TimeoutOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a rehearsal with its times; exits with 1 when it did not come back whole."""
    path = f"/rehearsals/{rehearsal_id}"
    _end(_followed(hub, rehearsal_id, timeout) if follow else hub.call("GET", path), as_json)


def _followed(hub: Api, rehearsal_id: str, timeout: float | None) -> dict[str, Any]:
    """Show the rehearsal until it ends; a pipeline's log gets a line per part instead."""
    what = Followed(
        path=f"/rehearsals/{rehearsal_id}",
        rests=lambda found: found["status"] != "RUNNING",
        shown=shown,
        line=lambda found: f"{rehearsal_id}: {found['part']}",
        again=f"it goes on, follow it with `enghub upgrade rehearsal {rehearsal_id} --follow`",
    )
    return watch(hub, what, timeout)


def _end(found: dict[str, Any], as_json: bool) -> None:
    if as_json:
        out.print_json(json.dumps(found))
    else:
        out.print(shown(found))
    if found["status"] == "FAILED":
        raise typer.Exit(REFUSED if found["part"] == "claim" else FAILED)


def shown(found: dict[str, Any]) -> Group:
    """Return a rehearsal for a person to read."""
    versions = f"{found['upgradeBeforeVersion']} to {found['upgradeAfterVersion']}"
    columns = ("up (s)", "down (s)", "up again (s)", "comes back")
    rows = (("", _timed(step)) for step in found["steps"])
    table = steps_of(columns, rows, f"{found['siteId']}: {versions}, rehearsed")
    lines = [f"{found['rows']} rows were copied, at most {found['rowLimit']} of each table"]
    lines += [escape(f"Not copied: {one['what']}: {one['why']}") for one in found["notCopied"]]
    if found["leftOut"]:
        lines.append(f"Not rehearsed, they use more than the database: {escape(', '.join(found['leftOut']))}")
    lines += [f"[red]The way back did not bring back {escape(name)}[/red]" for name in found["differences"]]
    if found["error"]:
        lines.append(f"[red]Stopped at {found['part']}: {escape(found['error'])}[/red]")
    if found["status"] == "SUCCEEDED":
        lines.append("[green]It goes up, comes back as it was, and goes up again[/green]")
    if found["status"] == "RUNNING":
        lines.append(f"RUNNING: {found['part']}")
    return Group(table, *lines)


def _timed(step: dict[str, Any]) -> tuple[str, ...]:
    """Return the cells of a step."""
    return step["step"], *(_seconds(step[f"{way}Seconds"]) for way in ("up", "down", "again")), _comes_back(step)


def _comes_back(step: dict[str, Any]) -> str:
    if step["noInverse"]:
        return f"[red]no[/red]: {escape(step['noInverse'])}"
    if step["restored"] is None:
        return "yes" if step["downSeconds"] is not None else ""
    return "yes" if step["restored"] else f"[red]not whole[/red]: {escape(', '.join(step['differences']))}"


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def _here(  # noqa: PLR0917 - what the options say
    package: Path, versions: tuple[str, str], site: str, urls: tuple[str, str], kind: Kind, row_limit: int
) -> dict[str, Any]:
    """Run the hub's own engine here; return the API's answer.

    Raises:
        Stop: refused, in one line.
    """
    if not HAS_REPOSITORY:
        message = "--package runs the hub's own engine, which is in the repository: type it there, after `make setup`"
        raise Stop(message, REFUSED)
    from enghub.core.errors import EngHubError  # noqa: PLC0415 - the engine, for this option alone
    from enghub.kit.databases.errors import DatabaseUnreachable  # noqa: PLC0415
    from enghub.kit.sql.dialect import Dialect  # noqa: PLC0415
    from enghub.kit.work.errors import WorkFailed  # noqa: PLC0415
    from enghub.upgrade.rehearsal.api import RehearsalStatusResponse  # noqa: PLC0415
    from enghub.upgrade.rehearsal.model import RehearsalDetail  # noqa: PLC0415
    from enghub.upgrade.rehearsal.package import rehearse_package  # noqa: PLC0415

    addresses = ({"url": urls[0]}, {"url": urls[1]})
    try:
        found = rehearse_package(package, versions, site, addresses, Dialect(kind.value), row_limit=row_limit)
    except EngHubError as refused:
        raise Stop(refused.text.render("en", **refused.details), REFUSED) from refused
    except WorkFailed as refused:
        raise Stop(refused.text.en, REFUSED) from refused
    except DatabaseUnreachable as away:
        raise Stop(f"A database does not answer ({away})", REFUSED) from away
    answer: dict[str, Any] = RehearsalStatusResponse.seen(RehearsalDetail(found, found.steps), "en").model_dump(
        mode="json", by_alias=True
    )
    return answer
