"""``enghub upgrade queue`` and ``enghub upgrade limit``: who waits, and how many run at once (UPG-10)."""

import json
from typing import Annotated

import typer
from rich.table import Table

from enghub_cli.commands.upgrade import upgrade
from enghub_cli.console import out
from enghub_cli.errors import Stop
from enghub_cli.hub import REFUSED, Api
from enghub_cli.options import JsonOption, with_hub

STAGE = "stage"


def register(app: typer.Typer) -> None:
    """Add the commands to those of upgrades."""
    del app
    upgrade.command()(with_hub(queue))
    upgrade.command()(with_hub(limit))


def queue(hub: Api, as_json: JsonOption = False) -> None:
    """Show how many upgrades run and may run, and who waits."""
    found = hub.call("GET", "/queue")
    if as_json:
        out.print_json(json.dumps(found))
        return
    whose = "the stage's" if found["ownLimit"] is None else f"the tenant's, the stage's is {found['defaultLimit']}"
    out.print(f"{found['running']} of {found['limit']} run ({whose}); {found['waitingCount']} wait")
    if found["waiting"]:
        table = Table("place", "execution", "site", "since")
        for place, who in enumerate(found["waiting"], 1):
            table.add_row(str(place), who["executionId"], who["siteId"], who["queuedAt"])
        out.print(table)


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
