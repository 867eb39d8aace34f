"""``enghub mes``: what a factory runs beside its machines."""

from typing import Annotated, Any

import typer

from enghub_cli.bringing import bring_all
from enghub_cli.console import out
from enghub_cli.errors import Stop
from enghub_cli.hub import Api
from enghub_cli.options import with_hub

mes = typer.Typer(no_args_is_help=True, help="The floor: bring a broker's messages to the hub.")
BrokerArgument = Annotated[str, typer.Argument(help="The broker: host, or host:port.")]
NameOption = Annotated[str, typer.Option(help="The bridge's name at the broker; its session is kept under it.")]
UserOption = Annotated[str, typer.Option(envvar="MQTT_USER", help="User at the broker.")]
PasswordOption = Annotated[str, typer.Option(envvar="MQTT_PASSWORD", help="Password at the broker.")]
TlsOption = Annotated[bool, typer.Option("--tls", help="Speak TLS with the broker.")]
OnceOption = Annotated[bool, typer.Option("--once", help="Bring what waits, then stop.")]


def register(app: typer.Typer) -> None:
    """Add the group."""
    app.add_typer(mes, name="mes")
    mes.callback()(lambda: None)
    mes.command("bridge")(with_hub(bridge, path="/api/v1/plant/devices", role="DEVICE_BRIDGE"))


def bridge(
    hub: Api,
    broker: BrokerArgument,
    *,
    name: NameOption = "enghub-bridge",
    user: UserOption = "",
    password: PasswordOption = "",
    tls: TlsOption = False,
    once: OnceOption = False,
) -> None:
    """Bring messages of devices (topics enghub/<device>/count) from any MQTT broker to the hub, each at least once."""
    try:
        from enghub_cli.bridge import Bridge, Broker  # noqa: PLC0415 - the MQTT client is for this command alone
    except ImportError as error:
        message = "The bridge needs an MQTT client: pip install 'enghub-cli[mqtt]'"
        raise Stop(message) from error

    host, _, port = broker.partition(":")

    def send(messages: list[dict[str, Any]]) -> None:
        found = hub.call("POST", "/messages", {"messages": messages})
        out.print(f"{len(messages)} messages: {', '.join(sorted(set(found['items'])))}")

    with Bridge(Broker(host, int(port or 1883), name, user, password, tls), send) as made:
        bring_all(made.bring, once=once)
