"""The ``enghub`` command. Every module in ``commands`` adds its own commands by ``register(app)``."""

import importlib
import pkgutil
from typing import Any

import httpx
import typer
from botocore.exceptions import BotoCoreError, ClientError
from typer.core import TyperGroup

from enghub_cli import commands
from enghub_cli.console import err
from enghub_cli.errors import Stop


class OneLineErrors(TyperGroup):
    """Turns what a user can put right into one line on standard error, without a traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; exit with 1, or with the code that the error carries."""
        try:
            return super().invoke(ctx)
        except Stop as stop:
            err.print(f"[red]enghub:[/red] {stop}")
            raise typer.Exit(stop.exit_code) from None
        except httpx.HTTPError as error:
            err.print(f"[red]enghub:[/red] The API does not answer ({error}): see `enghub status`")
            raise typer.Exit(1) from None
        except (ClientError, BotoCoreError) as error:
            err.print(f"[red]enghub:[/red] The local cloud refuses ({error}): see `enghub status`")
            raise typer.Exit(1) from None


def _made() -> typer.Typer:
    made = typer.Typer(
        cls=OneLineErrors,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        help="EngHub: run the manufacturing hub on this machine, talk to it, deploy it.",
    )
    for module in sorted(pkgutil.iter_modules(commands.__path__), key=lambda found: found.name):
        importlib.import_module(f"{commands.__name__}.{module.name}").register(made)
    return made


app = _made()
