"""``enghub upgrade``: plan, execute, follow, resume and report upgrades, here or in a pipeline (UPG-22).

Exit codes: 0 done, 1 the upgrade failed (or the API does not answer, or --timeout passed), 2 refused, 130 interrupted
(Ctrl-C), 143 terminated (SIGTERM).
"""

import hashlib
import json
import re
import uuid
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from rich.console import Group
from rich.markup import escape
from rich.table import Table

from enghub_cli import context
from enghub_cli.console import err, out
from enghub_cli.errors import Stop
from enghub_cli.following import Followed, watch
from enghub_cli.hub import FAILED, REFUSED, Api
from enghub_cli.options import (
    EnvironmentOption,
    FollowOption,
    JsonOption,
    KeyOption,
    OnFailureOption,
    SiteOption,
    SourceOption,
    TargetOption,
    TimeoutOption,
    with_hub,
)
from enghub_cli.tables import steps_of

ENDED = {"SUCCEEDED": 0, "FAILED": FAILED, "ABORTED": FAILED, "ROLLED_BACK": FAILED, "ROLLBACK_FAILED": FAILED}
"""A site that is as before is a failed pipeline all the same."""
COLOURS = {
    "SUCCEEDED": "green",
    "FAILED": "red",
    "ROLLBACK_FAILED": "red",
    "ROLLED_BACK": "yellow",
    "RUNNING": "cyan",
    "WAITING": "yellow",
    "SKIPPED": "yellow",
}

upgrade = typer.Typer(no_args_is_help=True, help="Upgrade the business system of a site.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(upgrade, name="upgrade")


@upgrade.command()
@with_hub
def plan(  # noqa: PLR0917 - typer reads one parameter per option
    hub: Api,
    source: SourceOption,
    target: TargetOption,
    site: SiteOption,
    environment: EnvironmentOption = "test",
    as_json: JsonOption = False,
) -> None:
    """Show what an upgrade would do: versions with reasons, steps, destructive statements; nothing is run."""
    found = hub.call("POST", "/plan", _body(source, target, site, environment))
    if as_json:
        out.print_json(json.dumps(found))
        return
    versions = Table("version", "", "why", title=f"{site}: {source} to {target}")
    for verdict in found["verdicts"]:
        versions.add_row(verdict["version"], "in" if verdict["included"] else "out", verdict["reason"])
    columns = ("name", "seconds", "rehearsed", "can be undone", "destroys")
    out.print(versions, steps_of(columns, ((step["phase"], _planned(step)) for step in found["steps"])))
    out.print(f"about {found['estimatedSeconds']} s; point of no return: {found['pointOfNoReturn'] or 'none'}")
    out.print(_last_rehearsal(found["rehearsal"]))
    for need in (*found["requiredResources"], *found["requiredComponents"]):
        out.print(_need(need))


def _planned(step: dict[str, Any]) -> tuple[str, ...]:
    """Return the cells of a step of a plan."""
    dangers = "\n".join(f"{d['danger']}: {d['script']}:{d['line']}" for d in step["destructiveStatements"])
    gate = " (asks for confirmation)" if step["requiresConfirmation"] else ""
    undo = ("yes: " if step["reversible"] else "[red]no:[/red] ") + escape(step["undo"])
    seconds = str(step["estimatedSeconds"])
    return step["step"], escape(step["name"] + gate), seconds, _rehearsed(step), undo, escape(dangers)


def _rehearsed(step: dict[str, Any]) -> str:
    """Return the step's times in the last rehearsal."""
    ways = (("up", step["rehearsedUpSeconds"]), ("down", step["rehearsedDownSeconds"]))
    return "\n".join(f"{way} {seconds:.1f} s" for way, seconds in ways if seconds is not None) or "-"


def _last_rehearsal(found: dict[str, Any] | None) -> str:
    if found is None:
        return "[yellow]never rehearsed[/yellow]: enghub upgrade rehearse"
    how = "whole" if found["succeeded"] else "[red]not whole[/red]"
    outdated = "; [yellow]outdated: the manifests have changed since[/yellow]" if found["outdated"] else ""
    return f"last rehearsed {found['endedAt']}, {how} ({found['rehearsalId']}){outdated}"


@upgrade.command()
@with_hub
def execute(  # noqa: PLR0917 - typer reads one parameter per option
    hub: Api,
    source: SourceOption,
    target: TargetOption,
    site: SiteOption,
    environment: EnvironmentOption = "test",
    follow: FollowOption = False,
    on_failure: OnFailureOption = "stop",
    when_busy: Annotated[str, typer.Option(help="When the site is being upgraded: refuse or queue.")] = "refuse",
    timeout: TimeoutOption = None,
    key: KeyOption = None,
) -> None:
    """Start an upgrade; with --follow show it until it ends."""
    body = {**_body(source, target, site, environment), "onFailure": on_failure, "whenBusy": when_busy}
    _begun(hub, hub.call("POST", "/execute", body, key=key or str(uuid.uuid4())), follow, timeout)


@upgrade.command()
@with_hub
def resume(
    hub: Api,
    execution_id: str,
    decision: Annotated[str | None, typer.Option(help="Statement in doubt: applied or again; rollback: skip.")] = None,
    follow: FollowOption = False,
    timeout: TimeoutOption = None,
) -> None:
    """Go on from the breakpoint; of a rollback that failed: exits 0 when the site is as before."""
    found = hub.call("POST", f"/resume/{execution_id}", {} if decision is None else {"decision": decision})
    _begun(hub, found, follow, timeout)


@upgrade.command()
@with_hub
def rollback(
    hub: Api,
    execution_id: str,
    follow: FollowOption = False,
    timeout: TimeoutOption = None,
) -> None:
    """Go back to the version before, from an upgrade that failed or was aborted; exits 0 when the site is as before."""
    _begun(hub, hub.call("POST", f"/rollback/{execution_id}"), follow, timeout)


@upgrade.command()
@with_hub
def confirm(
    hub: Api,
    execution_id: str,
    follow: FollowOption = False,
    timeout: TimeoutOption = None,
) -> None:
    """Let the step pass that waits for an operator, or say that a failed upgrade shall roll back."""
    _begun(hub, hub.call("POST", f"/confirm/{execution_id}", {}), follow, timeout)


@upgrade.command()
@with_hub
def abort(hub: Api, execution_id: str) -> None:
    """Stop an upgrade at the end of its running slice; it can be resumed."""
    hub.call("POST", f"/abort/{execution_id}")
    out.print(f"{execution_id} stops")


@upgrade.command()
@with_hub
def status(
    hub: Api,
    execution_id: str,
    follow: FollowOption = False,
    timeout: TimeoutOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show an execution with its steps; exits with 1 when it failed."""
    if follow:
        _follow(hub, execution_id, timeout)
        return
    found = hub.call("GET", f"/status/{execution_id}")
    if as_json:
        out.print_json(json.dumps(found))
    else:
        out.print(shown(found))
    _exit(found)


@upgrade.command()
@with_hub
def report(
    hub: Api,
    execution_id: str,
    html: Annotated[Path | None, typer.Option(help="Write the report as a page into this file.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Print the report as JSON, or write it as a page."""
    if html is None or as_json:
        out.print_json(json.dumps(hub.call("GET", f"/report/{execution_id}")))
    if html is not None:
        html.write_text(hub.page(f"/report/{execution_id}?format=html"), "utf-8")
        err.print(f"written to {html}")


@upgrade.command("put-artifact")
@with_hub
def put_artifact(
    hub: Api,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="What to upload.")],
    path: Annotated[str, typer.Argument(help="Its name in the artifact store, as manifests write it.")],
) -> None:
    """Upload a package or template into the artifact store."""
    with file.open("rb") as content:
        wanted = {"path": path, "sha256": hashlib.file_digest(content, "sha256").hexdigest()}
        size = content.tell()
        upload = hub.call("POST", "/artifacts", {**wanted, "sizeBytes": size})
        content.seek(0)
        answer = httpx.put(
            upload["url"], content=content, headers=upload["headers"], timeout=context.REQUEST_SECONDS, trust_env=False
        )
    if not answer.is_success:
        code = re.search(r"<Code>(\w+)</Code>", answer.text)
        why = code[1] if code else f"status {answer.status_code}"
        raise Stop(f"The artifact store refuses the upload: {why}", REFUSED if answer.status_code < 500 else FAILED)
    out.print(f"{upload['path']} ({size} bytes, SHA-256 {wanted['sha256']})", soft_wrap=True)


def _need(need: dict[str, Any]) -> str:
    """Return a line about what a version needs of the site; without a statement of the site somebody has to look."""
    advice = {"not enough": "execute refuses", "not stated": "check by hand"}.get(need["verdict"])
    colour = {"not enough": "red", "not stated": "yellow"}.get(need["verdict"], "green")
    amount = f" {need['amount']}" if "amount" in need else ""
    there = f", there is {need['there']}" if need.get("there") else ""
    said = f"{need['version']} needs {need['name']}{amount}{there}" + (f": {advice}" if advice else "")
    return f"[{colour}]{need['verdict']}[/{colour}]: {escape(said)}"


def _body(source: str, target: str, site: str, environment: str) -> dict[str, str]:
    return {
        "upgradeBeforeVersion": source,
        "upgradeAfterVersion": target,
        "siteId": site,
        "environment": environment,
    }


def _begun(hub: Api, found: dict[str, Any], follow: bool, timeout: float | None) -> None:
    """Follow what was accepted; what was asked is the version before when it goes back, the new one otherwise."""
    if follow:
        _follow(hub, found["executionId"], timeout, "ROLLED_BACK" if found["status"] == "ROLLING_BACK" else "SUCCEEDED")
    else:
        out.print(found["executionId"])


def _follow(hub: Api, execution_id: str, timeout: float | None, wanted: str = "SUCCEEDED") -> None:
    """Show the execution until it ends, waits for a person, or nobody wants to see more."""
    followed = Followed(
        f"/status/{execution_id}",
        lambda seen: seen["status"] in ENDED or seen["status"] == "WAITING",
        shown,
        _line,
        f"the upgrade goes on, follow it with `enghub upgrade status {execution_id} --follow`",
    )
    found = watch(hub, followed, timeout)
    out.print(shown(found))
    if found["status"] == wanted:
        return
    if found["status"] in ("FAILED", "ROLLED_BACK", "ROLLBACK_FAILED"):
        _print_log(hub, execution_id, found)
    _exit(found)


def _print_log(hub: Api, execution_id: str, found: dict[str, Any]) -> None:
    """Print the log of the step that failed."""
    back = found["rollback"] or {}
    at = back if found["status"] == "ROLLBACK_FAILED" else found
    step = (at["breakpoint"] or {}).get("step")
    cursor = None
    err.print(f"[red]{escape(step or 'the upgrade')} failed:[/red] {escape(at['error'] or '')}")
    while True:
        page = hub.call("GET", f"/log/{execution_id}" + (f"?cursor={cursor}" if cursor else ""))
        for entry in page["items"]:
            if entry["step"] == step:
                err.print(f"  {entry['at']} {entry['level']} {escape(entry['message'])}")
        cursor = page["cursor"]
        if cursor is None:
            return


def _exit(found: dict[str, Any]) -> None:
    code = ENDED.get(found["status"], 0)
    if code:
        raise typer.Exit(code)


def _line(found: dict[str, Any]) -> str:
    back = found["rollback"]
    at = found if back is None else back
    done = f"{at['completedSteps']}/{at['totalSteps']}"
    step = next((s for s in at["steps"] if s["step"] == found["currentStep"]), None)
    return f"{found['status']} {done} {found['currentStep'] or ''} {_progress(step)}".rstrip()


def _progress(step: dict[str, Any] | None) -> str:
    progress = (step or {}).get("progress")
    if not progress:
        return ""
    total = "" if progress["total"] is None else f" of {progress['total']}"
    rate = f", {progress['ratePerSecond']:,.0f}/s" if progress.get("ratePerSecond") else ""
    left = f", {progress['secondsLeft']} s left" if progress.get("secondsLeft") else ""
    return f"{progress['done']}{total} {progress['unit']}{rate}{left}"


def _worked(step: dict[str, Any]) -> tuple[str, ...]:
    """Return the cells of a step of an execution."""
    colour = COLOURS.get(step["status"], "dim")
    seconds = f"{step['activeSeconds']:.1f}" if step["attempts"] else ""
    status_text = f"[{colour}]{step['status']}[/{colour}]"
    return step["step"], status_text, str(step["attempts"] or ""), seconds, _progress(step)


def shown(found: dict[str, Any]) -> Group:
    """Return an execution for a person to read."""
    versions = f"{found['upgradeBeforeVersion']} to {found['upgradeAfterVersion']}"
    title = f"{found['siteId']} ({found['environment']}): {versions}, execution {found['executionId']}"
    steps = [*found["steps"], *(found["rollback"] or {"steps": ()})["steps"]]
    columns = ("status", "tries", "seconds", "progress")
    table = steps_of(columns, ((step["phase"], _worked(step)) for step in steps), title)
    colour = COLOURS.get(found["status"], "dim")
    lines = [f"[{colour}]{found['status']}[/{colour}], {found['completedSteps']} of {found['totalSteps']} steps"]
    lines.append(escape(found["summary"]))
    if found["status"] in ("FAILED", "ABORTED", "ROLLBACK_FAILED"):  # on lines of their own, to be copied
        lines.append(f"Go on with: enghub upgrade resume {found['executionId']} --follow")
    if found["queuePosition"]:
        lines.append(
            f"Number {found['queuePosition']} in the queue, behind {', '.join(found['queueBehind']) or 'nobody'}"
        )
    if found["status"] == "WAITING":
        lines.append(f"Waits for you: enghub upgrade confirm {found['executionId']} --follow")
    return Group(table, *lines)
