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
from rich.markup import escape

from enghub_cli import pipeline
from enghub_cli.console import err, out
from enghub_cli.errors import Stop
from enghub_cli.following import Followed, watch
from enghub_cli.hub import FAILED, REFUSED, REQUEST_SECONDS, Api
from enghub_cli.options import (
    EnvironmentOption,
    FollowOption,
    JsonOption,
    JunitOption,
    KeyOption,
    OnFailureOption,
    SiteOption,
    SourceOption,
    TargetOption,
    TimeoutOption,
    with_hub,
)
from enghub_cli.plans import COLUMNS, remarks, step_cells
from enghub_cli.showing import line_of, print_log, shown
from enghub_cli.tables import steps_of, table_of

ENDED = {"SUCCEEDED": 0, "FAILED": FAILED, "ABORTED": FAILED, "ROLLED_BACK": FAILED, "ROLLBACK_FAILED": FAILED}
"""A site that is as before is a failed pipeline all the same."""
WaiverOption = Annotated[
    str | None, typer.Option(help="Why production may take what did not succeed in test; stands in the report.")
]
upgrade = typer.Typer(no_args_is_help=True, help="Upgrade the business system of a site.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(upgrade, name="upgrade")


@upgrade.command()
@with_hub
def plan(  # noqa: PLR0917 - typer reads one parameter per option
    hub: Api,
    target: TargetOption,
    site: SiteOption,
    source: SourceOption = None,
    environment: EnvironmentOption = "test",
    as_json: JsonOption = False,
) -> None:
    """Show what an upgrade would do: versions with reasons, steps, destructive statements; nothing is run."""
    source = running(hub, site, target, source)
    found = hub.call("POST", "/plan", _body(source, target, site, environment))
    if as_json:
        out.print_json(json.dumps(found))
        return
    verdicts = (
        (one["version"], "in" if one["included"] else "out", escape(one["reason"])) for one in found["verdicts"]
    )
    versions = table_of(("version", "", "why"), verdicts, f"{site}: {source} to {target}")
    out.print(versions, steps_of(COLUMNS, ((step["phase"], step_cells(step)) for step in found["steps"])))
    for line in remarks(found):
        out.print(line, soft_wrap=True)


@upgrade.command()
@with_hub
def execute(  # noqa: PLR0917 - typer reads one parameter per option
    hub: Api,
    target: TargetOption,
    site: SiteOption,
    source: SourceOption = None,
    environment: EnvironmentOption = "test",
    follow: FollowOption = False,
    on_failure: OnFailureOption = "stop",
    when_busy: Annotated[str, typer.Option(help="When the site is being upgraded: refuse or queue.")] = "refuse",
    waive_promotion: WaiverOption = None,
    accept_drift: Annotated[
        str | None, typer.Option(help="The digest of a drift that the plan showed and you accept.")
    ] = None,
    drift_reason: Annotated[str, typer.Option(help="Why you accept it; stands in the report.")] = "",
    timeout: TimeoutOption = None,
    junit: JunitOption = None,
    key: KeyOption = None,
) -> None:
    """Start an upgrade; with --follow show it until it ends."""
    source = running(hub, site, target, source)
    body: dict[str, Any] = {**_body(source, target, site, environment), "onFailure": on_failure, "whenBusy": when_busy}
    if accept_drift is not None:
        body["driftAcceptance"] = {"digest": accept_drift, "reason": drift_reason}
    if waive_promotion is not None:
        body["promotionWaiver"] = waive_promotion
    _begun(hub, hub.call("POST", "/execute", body, key=key or str(uuid.uuid4())), follow, timeout, junit)


@upgrade.command()
@with_hub
def resume(  # noqa: PLR0917 - typer reads one parameter per option
    hub: Api,
    execution_id: str,
    decision: Annotated[str | None, typer.Option(help="Statement in doubt: applied or again; rollback: skip.")] = None,
    revision: Annotated[
        str | None,
        typer.Option(help="active: with the corrected manifests that are in force, for all that has not run."),
    ] = None,
    waive_promotion: WaiverOption = None,
    follow: FollowOption = False,
    timeout: TimeoutOption = None,
    junit: JunitOption = None,
) -> None:
    """Go on from the breakpoint; of a rollback that failed: exits 0 when the site is as before."""
    said = {"decision": decision, "revision": revision, "promotionWaiver": waive_promotion}
    found = hub.call("POST", f"/resume/{execution_id}", {name: text for name, text in said.items() if text is not None})
    _begun(hub, found, follow, timeout, junit)


@upgrade.command()
@with_hub
def rollback(
    hub: Api,
    execution_id: str,
    follow: FollowOption = False,
    timeout: TimeoutOption = None,
    junit: JunitOption = None,
) -> None:
    """Go back to the version before, from an upgrade that failed or was aborted; exits 0 when the site is as before."""
    _begun(hub, hub.call("POST", f"/rollback/{execution_id}"), follow, timeout, junit)


@upgrade.command()
@with_hub
def confirm(
    hub: Api,
    execution_id: str,
    follow: FollowOption = False,
    timeout: TimeoutOption = None,
    junit: JunitOption = None,
) -> None:
    """Let the step pass that waits for an operator, or say that a failed upgrade shall roll back."""
    _begun(hub, hub.call("POST", f"/confirm/{execution_id}", {}), follow, timeout, junit)


@upgrade.command()
@with_hub
def abort(hub: Api, execution_id: str) -> None:
    """Stop an upgrade at the end of its running slice; it can be resumed."""
    hub.call("POST", f"/abort/{execution_id}")
    out.print(f"{execution_id} stops")


@upgrade.command()
@with_hub
def status(  # noqa: PLR0917 - typer reads one parameter per option
    hub: Api,
    execution_id: str,
    follow: FollowOption = False,
    timeout: TimeoutOption = None,
    junit: JunitOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show an execution with its steps; exits with 1 when it failed."""
    if follow:
        _follow(hub, execution_id, timeout, junit)
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
            upload["url"], content=content, headers=upload["headers"], timeout=REQUEST_SECONDS, trust_env=False
        )
    if not answer.is_success:
        code = re.search(r"<Code>(\w+)</Code>", answer.text)
        why = code[1] if code else f"status {answer.status_code}"
        raise Stop(f"The artifact store refuses the upload: {why}", REFUSED if answer.status_code < 500 else FAILED)
    out.print(f"{upload['path']} ({size} bytes, SHA-256 {wanted['sha256']})", soft_wrap=True)


def running(hub: Api, site: str, target: str, said: str | None) -> str:
    """Return the version to begin from: what was said, else what the site runs.

    Raises:
        typer.Exit: with 0, when it is the target already.
        Stop: nobody knows what it runs.
    """
    if said is not None:
        return said
    found = hub.call("GET", f"/sites/{site}")["version"]
    if found is None:
        message = f"Nobody has said what {site} runs: enghub upgrade site add {site} --version ..., or --from"
        raise Stop(message, REFUSED)
    if found == target:
        out.print(f"{site} runs {target} already")
        raise typer.Exit(0)
    return str(found)


def _body(source: str, target: str, site: str, environment: str) -> dict[str, str]:
    return {
        "upgradeBeforeVersion": source,
        "upgradeAfterVersion": target,
        "siteId": site,
        "environment": environment,
    }


def _begun(hub: Api, found: dict[str, Any], follow: bool, timeout: float | None, junit: Path | None) -> None:
    """Follow what was accepted; what was asked is the version before when it goes back, the new one otherwise."""
    if follow:
        wanted = "ROLLED_BACK" if found["status"] == "ROLLING_BACK" else "SUCCEEDED"
        _follow(hub, found["executionId"], timeout, junit, wanted)
    else:
        out.print(found["executionId"])


def _follow(hub: Api, execution_id: str, timeout: float | None, junit: Path | None, wanted: str = "SUCCEEDED") -> None:
    """Show the execution until it ends, waits for a person, or nobody wants to see more."""
    followed = Followed(
        f"/status/{execution_id}",
        lambda seen: seen["status"] in ENDED or seen["status"] == "WAITING",
        shown,
        line_of,
        f"the upgrade goes on, follow it with `enghub upgrade status {execution_id} --follow`",
    )
    found = watch(hub, followed, timeout)
    out.print(shown(found))
    marked = pipeline.tell(found, junit)
    if found["status"] == wanted:
        return
    if found["status"] in ("FAILED", "ROLLED_BACK", "ROLLBACK_FAILED"):
        print_log(hub, execution_id, found)
    if marked is not None:
        print(marked)  # read by the runner, so it must be as it is
    _exit(found)


def _exit(found: dict[str, Any]) -> None:
    code = ENDED.get(found["status"], 0)
    if code:
        raise typer.Exit(code)
