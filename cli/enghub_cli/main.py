"""The ``enghub`` command. A command's modules are imported when it is called, so that help comes at once."""

import importlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from enghub_cli import HAS_REPOSITORY, commands
from enghub_cli.console import err, out
from enghub_cli.errors import Stop


@dataclass(frozen=True, slots=True)
class Command:
    """Where a command is made, by `register(app)` of each module, and the first line of its help."""

    modules: tuple[str, ...]
    help: str
    is_packaged: bool = False
    """It needs a hub alone; the others need the repository."""


COMMANDS: Mapping[str, Command] = {
    "up": Command(("cloud",), "Start the local cloud, deploy EngHub into it and print the address of the API."),
    "down": Command(("cloud",), "Stop the local cloud; its data waits for the next `enghub up`."),
    "demo": Command(("demo",), "Tell the story of a day at the factory; every call and its answer is shown."),
    "status": Command(
        ("status",), "Show the endpoints, functions, queues with their depths, and the latest executions."
    ),
    "logs": Command(("logs",), "Print the log of a function, oldest line first."),
    "token": Command(("token",), "Print a token (JWT); its user is made on demand."),
    "url": Command(("cloud",), "Print the address of the API."),
    "upgrade": Command(
        ("upgrade", "upgrade_own", "rehearse", "upgrade_queue", "upgrade_rollout"),
        "Upgrade the business system of a site.",
        is_packaged=True,
    ),
    "mes": Command(("mes",), "The floor: bring a broker's messages to the hub.", is_packaged=True),
    "plm": Command(("plm",), "A PLM: bring its broker's messages to the hub.", is_packaged=True),
    "parked": Command(
        ("parked",), "Messages that failed for good: see them, send them again, give up.", is_packaged=True
    ),
    "settings": Command(("settings", "settings_convert"), "Settings as files: plan, apply, drift, export; backups."),
    "audit": Command(("audit",), "The audit of all contexts: is it whole? Anchor a day's links."),
    "deploy": Command(("deploy",), "Build the layers and deploy all stacks of a stage to AWS."),
}


def imported(name: str) -> Any:
    """Import and return a command."""
    made = typer.Typer()
    made.callback()(lambda: None)
    for module in COMMANDS[name].modules:
        importlib.import_module(f"{commands.__name__}.{module}").register(made)
    return typer.main.get_group(made).commands[name]


class Commands(TyperGroup):
    """The commands by their names; turns what a user can put right into one line on standard error."""

    _listing = False

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """List the commands, importing none."""
        self._listing = True
        super().format_help(ctx, formatter)

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names, in the order in which they are needed."""
        del ctx
        return [name for name, command in COMMANDS.items() if HAS_REPOSITORY or command.is_packaged]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Import and return a command; for the list of all, its name and line of help are enough."""
        del ctx
        command = COMMANDS.get(cmd_name)
        if command is None:
            return None
        if not HAS_REPOSITORY and not command.is_packaged:
            message = f"`enghub {cmd_name}` belongs to the repository: type it there, after `make setup`"
            raise Stop(message, 2)
        if self._listing:
            return TyperCommand(cmd_name, help=command.help)
        return imported(cmd_name)

    def invoke(self, ctx: Any) -> Any:
        """Run the command; exit with 1, or with the code that the error carries."""
        try:
            return super().invoke(ctx)
        except Stop as stop:
            err.print(f"[red]enghub:[/red] {stop}")
            raise typer.Exit(stop.exit_code) from None
        except Exception as error:
            if (told := _told(error)) is None:
                raise
            err.print(f"[red]enghub:[/red] {told}" + (": see `enghub status`" if HAS_REPOSITORY else ""))
            raise typer.Exit(1) from None


def _told(error: Exception) -> str | None:
    """Return what an error of the network means; only a command that uses a library can raise its errors."""
    if "httpx" in sys.modules and isinstance(error, importlib.import_module("httpx").HTTPError):
        return f"The API does not answer ({error})"
    if "botocore" in sys.modules:
        known = importlib.import_module("botocore.exceptions")
        if isinstance(error, known.ClientError | known.BotoCoreError):
            return f"The local cloud refuses ({error})"
    return None


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415 - for this option alone

        out.print(version("enghub" if HAS_REPOSITORY else "enghub-cli"))
        raise typer.Exit


app = typer.Typer(cls=Commands, no_args_is_help=True, pretty_exceptions_enable=False)


@app.callback()
def main(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = (
        False
    ),
) -> None:
    """EngHub: run the manufacturing hub on this machine, talk to it, deploy it."""
    del version
