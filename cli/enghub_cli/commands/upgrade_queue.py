"""``enghub upgrade queue``, ``limit`` and ``statistics``: who waits, how many run, how they fared (UPG-10, UPG-13)."""

import json
from typing import Annotated, Any

import typer
from rich.markup import escape

from enghub_cli.commands.upgrade import upgrade
from enghub_cli.console import out
from enghub_cli.errors import Stop
from enghub_cli.hub import REFUSED, Api
from enghub_cli.options import JsonOption, with_hub
from enghub_cli.tables import table_of

STAGE = "stage"


def register(app: typer.Typer) -> None:
    """Add the commands to those of upgrades."""
    del app
    upgrade.command()(with_hub(queue))
    upgrade.command()(with_hub(limit))
    upgrade.command()(with_hub(statistics))


def queue(hub: Api, as_json: JsonOption = False) -> None:
    """Show how many upgrades run and may run, and who waits."""
    found = hub.call("GET", "/queue")
    if as_json:
        out.print_json(json.dumps(found))
        return
    whose = "the stage's" if found["ownLimit"] is None else f"the tenant's, the stage's is {found['defaultLimit']}"
    out.print(f"{found['running']} of {found['limit']} run ({whose}); {found['waitingCount']} wait")
    if found["waiting"]:
        rows = (
            (str(n), one["executionId"], one["siteId"], one["queuedAt"]) for n, one in enumerate(found["waiting"], 1)
        )
        out.print(table_of(("place", "execution", "site", "since"), rows))


def limit(
    hub: Api,
    number: Annotated[str, typer.Argument(help="1 to 50, or `stage` for the stage's number.")],
) -> None:
    """Set how many upgrades of the tenant run at once; those that run already go on."""
    if number != STAGE and not number.isdecimal():
        raise Stop(f"limit {number}: write a number from 1 to 50, or {STAGE}", REFUSED)
    wanted = None if number == STAGE else int(number)
    found = hub.call("PUT", "/queue", {"limit": wanted})
    out.print(f"{found['limit']} upgrades run at once; {found['running']} run, {found['waitingCount']} wait")


def statistics(
    hub: Api,
    days: Annotated[int, typer.Option(min=1, max=90, help="How far back.")] = 30,
    as_json: JsonOption = False,
) -> None:
    """Show how many upgrades succeeded, how long they took, and where they stopped."""
    found = hub.call("GET", f"/statistics?days={days}")
    if as_json:
        out.print_json(json.dumps(found))
        return
    columns = ("", "upgrades", "ended", "succeeded", "rate", "rolled back", "median", "slowest")
    groups = (("all", [found["whole"]]), ("to", found["byVersion"]), ("site", found["bySite"]))
    out.print(table_of(columns, (_figures(kind, one) for kind, ones in groups for one in ones)))
    for stopped in found["stoppedAt"]:
        out.print(f"{stopped['executions']} stopped at {escape(stopped['step'])}")
    if not found["isComplete"]:
        out.print(f"[yellow]only the newest ones, since {found['since']}[/yellow]")


def _figures(kind: str, one: dict[str, Any]) -> tuple[str, ...]:
    rate = "-" if one["successRate"] is None else f"{one['successRate']:.0%}"
    took = (one["medianSeconds"], one["slowestSeconds"])
    times = ("-" if seconds is None else f"{seconds:.1f} s" for seconds in took)
    counts = (str(one[name]) for name in ("executions", "ended", "succeeded"))
    name = kind if kind == "all" else f"{kind} {one['name']}"
    return name, *counts, rate, str(one["rolledBack"]), *times
