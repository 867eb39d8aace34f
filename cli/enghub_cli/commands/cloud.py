"""``enghub up``, ``down``, ``url``: the local cloud's life."""

import shutil
from typing import Annotated

import typer
from rich.markup import escape

from enghub_cli import context
from enghub_cli.cloud import assembly, process, seed
from enghub_cli.cloud.deploy import deploy
from enghub_cli.console import err, out


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(up)
    app.command()(down)
    app.command()(url)


def up(
    auth: Annotated[bool, typer.Option(help="Enforce IAM: a function may do only what its role allows.")] = True,
) -> None:
    """Start the local cloud, deploy EngHub into it and print the address of the API. Again: update what changed."""
    home = context.home()
    home.folder.mkdir(parents=True, exist_ok=True)
    assembled = home.folder / "cdk.out"
    with err.status("Making the templates ...") as status:
        made = assembly.synthesise(assembled)
        err.print(f"  templates          {'made' if made else 'unchanged'}")
        status.update("Starting the local cloud ...")
        noted, running = home.noted(), home.running()
        err.print(f"  local cloud        {'running' if running else 'started'}")
        running = running or process.start(home, auth=auth)
        if noted and noted.port != running.port:
            err.print(f"  [yellow]Another program has port {noted.port}: the address of the API is a new one.[/yellow]")
        status.update("Deploying ...")
        deploy(running.endpoint, assembled, lambda stack, what: err.print(f"  {escape(stack):<18} {what}"))
        cloud = context.attach(running)
        for name in seed.secrets(cloud.client("secretsmanager"), context.STAGE, cloud.api_base):
            err.print(f"  secret             {escape(name)} written")
    out.print(cloud.api_base)


def down(
    purge: Annotated[bool, typer.Option(help="Also forget all data.")] = False,
) -> None:
    """Stop the local cloud; its data waits for the next `enghub up`."""
    home = context.home()
    with err.status("Stopping the local cloud and keeping its data ..."):
        stopped = process.stop(home)
    err.print("Stopped." if stopped else "The local cloud was not running.")
    if purge and home.folder.exists():
        for part in ("state", "s3", "tmp", "cloud.log", "state.json"):
            path = home.folder / part
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        err.print("All data is gone.")


def url() -> None:
    """Print the address of the API."""
    out.print(context.connect().api_base)
