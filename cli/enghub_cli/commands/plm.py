"""``enghub plm``: what runs beside a PLM."""

from typing import Annotated, Any

import httpx
import typer

from enghub_cli.bringing import bring_all
from enghub_cli.console import out
from enghub_cli.errors import Stop
from enghub_cli.hub import Api
from enghub_cli.options import with_hub

plm = typer.Typer(no_args_is_help=True, help="A PLM: bring its broker's messages to the hub.")
QueueArgument = Annotated[str, typer.Argument(help="The queue with the PLM's records.")]
UrlOption = Annotated[str, typer.Option(envvar="AMQP_URL", help="The broker: amqp://user:password@host:5672/%2F")]
ConnectionOption = Annotated[str, typer.Option(help="The connection of the hub that the records are of.")]
OnceOption = Annotated[bool, typer.Option("--once", help="Bring what waits, then stop.")]


def register(app: typer.Typer) -> None:
    """Add the group."""
    app.add_typer(plm, name="plm")
    plm.callback()(lambda: None)
    plm.command("bridge")(with_hub(bridge, path="/api/v1/plm/connections", role="PLM_BRIDGE"))


def bridge(
    hub: Api,
    queue: QueueArgument,
    *,
    url: UrlOption = "amqp://guest:guest@127.0.0.1:5672/%2F",
    connection: ConnectionOption = "default",
    once: OnceOption = False,
) -> None:
    """Bring records of a PLM from a queue of RabbitMQ (AMQP 0-9-1) to the hub, each at least once."""
    try:
        import pika  # noqa: PLC0415 - the AMQP client is for this command alone

        from enghub_cli.amqp import Bridge  # noqa: PLC0415
    except ImportError as error:
        message = "The bridge needs an AMQP client: pip install 'enghub-cli[amqp]'"
        raise Stop(message) from error

    def send(messages: list[dict[str, Any]]) -> None:
        found = hub.call("POST", f"/{connection}/messages", {"messages": messages})
        out.print(f"{found['messages']} messages: run {found['runId']}, {found['unreadable']} unreadable")

    with Bridge(url, queue, send) as made:
        bring_all(made.bring, once=once, away=(pika.exceptions.AMQPError, httpx.HTTPError))
