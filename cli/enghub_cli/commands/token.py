"""``enghub token``: a bearer token for whoever you want to be."""

from typing import Annotated

import typer

from enghub_cli import context
from enghub_cli.console import out


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(token)


def token(
    tenant: Annotated[str, typer.Option(help="The tenant, for example acme.")],
    user: Annotated[str, typer.Option(help="The user; made if there is none of this name.")],
    role: Annotated[list[str], typer.Option(help="A role; repeat for more.")],
    factory: Annotated[list[str] | None, typer.Option(help="A factory the user works in; repeat for more.")] = None,
) -> None:
    """Print a token (JWT); its user is made on demand.

    The user is created, or changed to have exactly this tenant, factories and roles.
    """
    cloud = context.connect()
    made = cloud.token(tenant=tenant, factories=tuple(factory or ()), user=user, roles=tuple(role))
    out.print(made, soft_wrap=True)
