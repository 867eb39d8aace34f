"""`enghub upgrade rehearse`: up, down and up again on a scratch copy of a site's database (UPG-09).

It works where it is typed, not in the hub: it needs a folder with the manifests and scripts, and reaches both databases
from here. The site's database is only read.
"""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from enghub_cli.cloud.assembly import ROOT
from enghub_cli.commands.upgrade import upgrade
from enghub_cli.console import out
from enghub_cli.errors import Stop
from enghub_cli.hub import FAILED, REFUSED
from enghub_cli.options import SiteOption, SourceOption, TargetOption

if TYPE_CHECKING:
    from enghub.upgrade.rehearsal.runner import Rehearsal


class Kind(StrEnum):
    """Of database."""

    MARIADB = "mariadb"
    MYSQL = "mysql"
    POSTGRESQL = "postgresql"
    SQLITE = "sqlite"


PackageOption = Annotated[Path, typer.Option("--package", help="Folder of the manifests (*.json) and scripts.")]
KindOption = Annotated[Kind, typer.Option("--dialect", help="Of both databases.")]
DatabaseOption = Annotated[
    str, typer.Option("--database", envvar="ENGHUB_SITE_DATABASE", help="URL of the site's database; only read.")
]
ScratchOption = Annotated[
    str, typer.Option("--scratch", envvar="ENGHUB_SCRATCH_DATABASE", help="URL of an empty database for the copy.")
]


def register(app: typer.Typer) -> None:
    """Add the command to those of upgrades."""
    del app
    upgrade.command()(rehearse)


def rehearse(  # noqa: PLR0917 - typer reads one parameter per option
    source: SourceOption,
    target: TargetOption,
    site: SiteOption,
    package: PackageOption,
    dialect: KindOption,
    database: DatabaseOption,
    scratch: ScratchOption,
) -> None:
    """Try an upgrade on a copy: up, down, up. Exits with 1 when it does not come back whole, 2 when it is refused."""
    found = _rehearse(package, (source, target), site, ({"url": database}, {"url": scratch}), dialect)
    table = Table("step", "up (s)", "down (s)", "up again (s)", "tested inverse", title=f"{site}: {source} to {target}")
    for times in found.steps:
        inverse = "yes" if times.down is not None else "[red]no[/red]"
        why = "" if times.no_inverse is None else f": {escape(times.no_inverse.en)}"
        table.add_row(times.step, *map(_seconds, (times.up, times.down, times.again)), inverse + why)
    out.print(table)
    out.print(f"{found.rows} rows were copied")
    if found.left_out:
        out.print(f"Not rehearsed, they touch more than the database: {', '.join(found.left_out)}")
    if found.differences:
        out.print(f"[red]The way back did not bring back: {escape(', '.join(found.differences))}[/red]")
    if found.problem is not None:
        out.print(f"[red]The run {found.stopped} stopped: {escape(found.problem.en)}[/red]")
    if not found.succeeded:
        raise typer.Exit(FAILED)
    out.print("[green]It goes up, comes back as it was, and goes up again[/green]")


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def _rehearse(
    package: Path, versions: tuple[str, str], site: str, addresses: tuple[dict[str, str], dict[str, str]], kind: Kind
) -> "Rehearsal":
    """Run the hub's own engine here.

    Raises:
        Stop: refused, in one line.
    """
    sys.path[:0] = [str(ROOT / "layers" / name / "python") for name in ("core", "upgrade")]
    from enghub.core.errors import EngHubError  # noqa: PLC0415 - the path is known only now
    from enghub.upgrade.rehearsal.package import rehearse_package  # noqa: PLC0415
    from enghub.upgrade.sql.dialect import Dialect  # noqa: PLC0415
    from enghub.upgrade.steps.base import DatabaseUnreachable, StepFailed  # noqa: PLC0415

    try:
        return rehearse_package(package, versions, site, addresses, Dialect(kind.value))
    except EngHubError as refused:
        raise Stop(refused.text.render("en", **refused.details), REFUSED) from refused
    except StepFailed as refused:
        raise Stop(refused.text.en, REFUSED) from refused
    except DatabaseUnreachable as away:
        raise Stop(f"A database does not answer ({away})", REFUSED) from away
