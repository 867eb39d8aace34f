"""``enghub upgrade rollout``: start, follow and steer roll-outs to many sites (UPG-11).

Exit codes: 0 done, or waits for a person; 1 stopped or aborted (or the API does not answer, or --timeout passed);
2 refused; 130 interrupted (Ctrl-C), 143 terminated (SIGTERM).
"""

import json
import uuid
from typing import Annotated, Any

import typer
from rich.console import Group
from rich.markup import escape

from enghub_cli.commands.upgrade import upgrade
from enghub_cli.console import out
from enghub_cli.errors import Stop
from enghub_cli.following import Followed, watch
from enghub_cli.hub import FAILED, REFUSED, Api
from enghub_cli.options import (
    EnvironmentOption,
    FollowOption,
    JsonOption,
    KeyOption,
    OnFailureOption,
    TargetOption,
    TimeoutOption,
    with_hub,
)
from enghub_cli.showing import COLOURS
from enghub_cli.tables import table_of

RESTS = {"SUCCEEDED": 0, "WAITING": 0, "PAUSED": 0, "STOPPED": FAILED, "ABORTED": FAILED}

rollout = typer.Typer(no_args_is_help=True, help="Roll a version out to many sites, in waves.")


def register(app: typer.Typer) -> None:
    """Add the commands below `enghub upgrade`."""
    del app
    upgrade.add_typer(rollout, name="rollout")


@rollout.command()
@with_hub
def start(  # noqa: PLR0917 - typer reads one parameter per option
    hub: Api,
    name: str,
    target: TargetOption,
    site: Annotated[list[str] | None, typer.Option(help="A site; repeat the option.")] = None,
    tag: Annotated[list[str] | None, typer.Option(help="name=value that the sites carry; repeat the option.")] = None,
    canary: Annotated[list[str] | None, typer.Option(help="A site to begin with; repeat the option.")] = None,
    environment: EnvironmentOption = "test",
    wave_size: Annotated[int, typer.Option(help="Sites per wave.")] = 5,
    max_failure_rate: Annotated[float, typer.Option(help="0 to 1 of a wave; more stops the roll-out.")] = 0.0,
    pause_seconds: Annotated[int, typer.Option(help="Between waves.")] = 0,
    confirm_waves: Annotated[bool, typer.Option("--confirm-waves", help="Ask before each further wave.")] = False,
    on_failure: OnFailureOption = "stop",
    max_queue_seconds: Annotated[int, typer.Option(help="A site that waits longer in the queue has failed.")] = 86_400,
    follow: FollowOption = False,
    timeout: TimeoutOption = None,
    key: KeyOption = None,
) -> None:
    """Start a roll-out; with --follow show it until it ends or waits for somebody."""
    body = {
        "name": name,
        "upgradeAfterVersion": target,
        "environment": environment,
        "siteIds": site or [],
        "tags": dict(map(_tag, tag or [])),
        "canaries": canary or [],
        "waveSize": wave_size,
        "maxFailureRate": max_failure_rate,
        "pauseSeconds": pause_seconds,
        "requiresConfirmation": confirm_waves,
        "onFailure": on_failure,
        "maxQueueSeconds": max_queue_seconds,
    }
    found = hub.call("POST", "/rollouts", body, key=key or str(uuid.uuid4()))
    _begun(hub, found["rolloutId"], follow, timeout)


@rollout.command()
@with_hub
def status(
    hub: Api,
    rollout_id: str,
    follow: FollowOption = False,
    timeout: TimeoutOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a roll-out with its waves and sites; exits with 1 when it stopped."""
    if follow:
        _follow(hub, rollout_id, timeout)
        return
    found = hub.call("GET", f"/rollouts/{rollout_id}")
    if as_json:
        out.print_json(json.dumps(found))
    else:
        out.print(shown(found))
    _exit(found)


@rollout.command()
@with_hub
def pause(hub: Api, rollout_id: str) -> None:
    """Begin no further site; what was started goes on."""
    hub.call("POST", f"/rollouts/{rollout_id}/pause")
    out.print(f"{rollout_id} begins no further site")


@rollout.command()
@with_hub
def resume(
    hub: Api,
    rollout_id: str,
    follow: FollowOption = False,
    timeout: TimeoutOption = None,
) -> None:
    """Go on; after a stop the failed sites of the wave are tried again."""
    hub.call("POST", f"/rollouts/{rollout_id}/resume")
    _begun(hub, rollout_id, follow, timeout)


@rollout.command()
@with_hub
def confirm(
    hub: Api,
    rollout_id: str,
    follow: FollowOption = False,
    timeout: TimeoutOption = None,
) -> None:
    """Let the next wave begin."""
    hub.call("POST", f"/rollouts/{rollout_id}/confirm")
    _begun(hub, rollout_id, follow, timeout)


@rollout.command()
@with_hub
def abort(hub: Api, rollout_id: str) -> None:
    """End a roll-out for good; queued upgrades are withdrawn, those at work go on."""
    hub.call("POST", f"/rollouts/{rollout_id}/abort")
    out.print(f"{rollout_id} is aborted")


def _tag(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise Stop(f"--tag {text}: write name=value", REFUSED)
    return name, value


def _begun(hub: Api, rollout_id: str, follow: bool, timeout: float | None) -> None:
    if follow:
        _follow(hub, rollout_id, timeout)
    else:
        out.print(rollout_id)


def _follow(hub: Api, rollout_id: str, timeout: float | None) -> None:
    """Show the roll-out until it rests."""
    followed = Followed(
        f"/rollouts/{rollout_id}",
        lambda seen: seen["status"] in RESTS,
        shown,
        _line,
        f"the roll-out goes on, follow it with `enghub upgrade rollout status {rollout_id} --follow`",
    )
    found = watch(hub, followed, timeout)
    out.print(shown(found))
    _exit(found)


def _exit(found: dict[str, Any]) -> None:
    code = RESTS.get(found["status"], 0)
    if code:
        raise typer.Exit(code)


def _line(found: dict[str, Any]) -> str:
    count = {name: sum(wave[name] for wave in found["progress"]) for name in ("succeeded", "failed", "running")}
    parts = ", ".join(f"{number} {name}" for name, number in count.items())
    return f"{found['status']} wave {found['wave']}/{found['waves']}: {parts} of {found['sites']} sites"


def _site(row: dict[str, Any]) -> tuple[str, ...]:
    """Return the cells of a site."""
    colour = COLOURS.get(row["status"], "dim")
    return (
        f"{row['wave']} (canary)" if row["canary"] else str(row["wave"]),
        row["siteId"],
        f"[{colour}]{row['status']}[/{colour}]",
        str(row["attempt"] or ""),
        row["upgradeBeforeVersion"] or "",
        row["executionId"] or "",
        escape(row["reason"] or ""),
    )


def shown(found: dict[str, Any]) -> Group:
    """Return a roll-out for a person to read."""
    title = f"{escape(found['name'])}: {found['upgradeAfterVersion']} ({found['environment']}), {found['rolloutId']}"
    columns = ("wave", "site", "status", "tries", "from", "execution", "reason")
    table = table_of(columns, map(_site, found["siteProgress"]), title)
    lines = [escape(_line(found))]
    if found["reason"]:
        lines.append(f"[red]{escape(found['reason'])}[/red]")
    if found["nextAction"]:
        verb = found["nextAction"].rpartition("/")[2]
        lines.append(f"Go on with: enghub upgrade rollout {verb} {found['rolloutId']} --follow")
    return Group(table, *lines)
