"""``enghub logs``: what a function wrote."""

import time
from datetime import UTC, datetime
from typing import Annotated

import typer
from botocore.exceptions import ClientError

from enghub_cli import context
from enghub_cli.commands.status import PREFIX, functions
from enghub_cli.console import out
from enghub_cli.context import Cloud
from enghub_cli.errors import Stop

POLL_SECONDS = 1.0


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(logs)


def logs(
    function: Annotated[str, typer.Argument(help="For example mes/report_production, or any part of the name.")],
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until interrupted.")] = False,
) -> None:
    """Print the log of a function, oldest line first."""
    cloud = context.connect()
    name, since = _named(cloud, function), 0
    while True:
        since = _print_new(cloud, name, since)
        if not follow:
            return
        time.sleep(POLL_SECONDS)


def _named(cloud: Cloud, wanted: str) -> str:
    part = wanted.replace("/", "-").replace("_", "-").removeprefix(PREFIX)
    known = functions(cloud)
    exact = [name for name in known if name == PREFIX + part]
    matches = exact or [name for name in known if part in name]
    if len(matches) != 1:
        listed = ", ".join(name.removeprefix(PREFIX) for name in matches or known)
        message = f"{'Several functions' if matches else 'No function'} called {wanted!r}: use one of {listed}"
        raise Stop(message)
    return matches[0]


def _print_new(cloud: Cloud, name: str, since: int) -> int:
    """Print events after ``since`` (milliseconds); return the time of the last one."""
    pages = cloud.client("logs").get_paginator("filter_log_events")
    try:
        events = [
            event
            for page in pages.paginate(logGroupName=f"/aws/lambda/{name}", startTime=since + 1)
            for event in page["events"]
        ]
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            return since
        raise
    for event in sorted(events, key=lambda one: one["timestamp"]):
        at = datetime.fromtimestamp(event["timestamp"] / 1000, UTC)
        out.print(f"{at:%H:%M:%S.%f} {event['message'].rstrip()}", markup=False)
    return max((event["timestamp"] for event in events), default=since)
