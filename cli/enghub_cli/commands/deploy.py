"""``enghub deploy``: the same templates to AWS."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from enghub_cli.cloud.assembly import ROOT
from enghub_cli.console import err
from enghub_cli.errors import Stop

CDK = "aws-cdk@2.1148.1"
"""Pinned: its assembly reader accepts what the pinned aws-cdk-lib writes; ``latest`` does not."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(deploy)


def deploy(
    stage: Annotated[str, typer.Option(help="dev, test, staging or prod.")],
    yes: Annotated[bool, typer.Option(help="Do not ask before security-relevant changes.")] = False,
) -> None:
    """Build the layers and deploy all stacks of a stage to AWS.

    They go to the account of the current credentials.
    """
    if stage == "local":
        message = "The stage `local` lives on this machine: type `enghub up`"
        raise Stop(message)
    python = Path(sys.executable)
    environment = {**os.environ, "PATH": os.pathsep.join((str(python.parent), os.environ.get("PATH", "")))}
    commands = (
        [str(python), "tools/build_layers.py"],
        [
            *("npx", "--yes", CDK, "deploy", "--all", "--context", f"stage={stage}"),
            *("--app", f"{python} -m infra.app"),
            *("--require-approval", "never" if yes else "broadening"),
        ],
    )
    for command in commands:
        err.print(f"$ {' '.join(command)}", markup=False)
        if subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode:
            message = f"`{command[0]} {command[1]}` failed: its last lines say why"
            raise Stop(message)
