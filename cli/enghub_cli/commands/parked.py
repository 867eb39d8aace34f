"""``enghub parked``: messages that failed for good, of any context: seen, sent again, given up."""

import json
from typing import Annotated, Any
from urllib.parse import urlencode

import typer
from rich.markup import escape

from enghub_cli.console import out
from enghub_cli.hub import Api
from enghub_cli.options import JsonOption, with_hub
from enghub_cli.tables import table_of

parked = typer.Typer(no_args_is_help=True, help="Messages that failed for good: see them, send them again, give up.")
ContextArgument = Annotated[str, typer.Argument(help="mes, plm, settings, upgrade ...")]
IdArgument = Annotated[str, typer.Argument(help="Its id, as `enghub parked list` shows it.")]
UnassignedOption = Annotated[bool, typer.Option("--unassigned", help="Those whose tenant cannot be read.")]
StatusOption = Annotated[str, typer.Option(help="PARKED, REDRIVEN or DISCARDED.")]
ReasonOption = Annotated[str, typer.Option(help="Why; it is kept in the audit.")]


def register(app: typer.Typer) -> None:
    """Add the group."""
    app.add_typer(parked, name="parked")
    for name, command in (("list", list_parked), ("show", show), ("redrive", redrive), ("discard", discard)):
        parked.command(name)(with_hub(command, path="/api/v1/parked", role="SYSTEM_ADMIN"))


def list_parked(
    hub: Api,
    context: ContextArgument,
    status: StatusOption = "PARKED",
    unassigned: UnassignedOption = False,
    as_json: JsonOption = False,
) -> None:
    """List a context's messages, those parked last first."""
    found = hub.call("GET", f"/{context}{_query(unassigned, status=status.upper())}")
    if as_json:
        out.print_json(json.dumps(found))
        return
    if not found["items"]:
        out.print(f"No message of {context} is {status.upper()}")
        return
    columns = ("id", "consumer", "type", "parked", "tries", "reason")
    out.print(table_of(columns, map(_cells, found["items"])))


def _cells(message: dict[str, Any]) -> tuple[str, ...]:
    times = f" (came {message['times']} times)" if message["times"] > 1 else ""
    kind, at = message["messageType"], message["parkedAt"][:19]
    return (
        message["id"],
        message["consumer"],
        kind,
        at,
        f"{message['attempts']}{times}",
        escape(message["reason"]),
    )


def show(hub: Api, context: ContextArgument, parked_id: IdArgument, unassigned: UnassignedOption = False) -> None:
    """Show one with its body; what may name a person or be a secret is masked."""
    out.print_json(json.dumps(hub.call("GET", f"/{context}/{parked_id}{_query(unassigned)}")))


def redrive(hub: Api, context: ContextArgument, parked_id: IdArgument, unassigned: UnassignedOption = False) -> None:
    """Send it again to where it failed; mend the cause first."""
    found = hub.call("POST", f"/{context}/{parked_id}/redrive{_query(unassigned)}")
    out.print(f"{found['id']} is on its way to {found['consumer']}; it comes back here when it fails again")


def discard(
    hub: Api,
    context: ContextArgument,
    parked_id: IdArgument,
    reason: ReasonOption,
    unassigned: UnassignedOption = False,
) -> None:
    """Give it up, with a reason."""
    found = hub.call("POST", f"/{context}/{parked_id}/discard{_query(unassigned)}", {"reason": reason})
    out.print(f"{found['id']} is given up")


def _query(unassigned: bool, **more: str) -> str:
    given = {**more, **({"unassigned": "true"} if unassigned else {})}
    return f"?{urlencode(given)}" if given else ""
