"""The options that several commands share: one spelling, one help text each."""

import inspect
from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from pathlib import Path
from typing import Annotated

import typer

from enghub_cli.hub import BASE, Api

ApiOption = Annotated[str | None, typer.Option("--api", envvar="ENGHUB_API", help="API base; the local cloud if none.")]
TokenOption = Annotated[str | None, typer.Option("--token", envvar="ENGHUB_TOKEN", help="Bearer token.")]
TenantOption = Annotated[str, typer.Option(help="Tenant of the token that the local cloud makes.")]
SourceOption = Annotated[str | None, typer.Option("--from", help="Version the site runs; what it runs if none.")]
TargetOption = Annotated[str, typer.Option("--to", help="Version it shall run.")]
SiteOption = Annotated[str, typer.Option("--site", help="Which site.")]
EnvironmentOption = Annotated[str, typer.Option("--environment", help="dev, test, prod ...")]
FollowOption = Annotated[bool, typer.Option("--follow", help="Show progress until the end.")]
TimeoutOption = Annotated[
    float | None, typer.Option("--timeout", min=1, help="Follow for this many seconds at most; what runs goes on.")
]
JunitOption = Annotated[Path | None, typer.Option("--junit", help="With --follow: write the steps as a JUnit file.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the API's answer as JSON.")]
OnFailureOption = Annotated[
    str, typer.Option(help="A failed upgrade: stop at the breakpoint, rollback, or confirm (ask first).")
]
KeyOption = Annotated[str | None, typer.Option(help="Idempotency key; the pipeline's run id makes a retry safe.")]


class Kind(StrEnum):
    """Of database."""

    MARIADB = "mariadb"
    MYSQL = "mysql"
    POSTGRESQL = "postgresql"
    CLICKHOUSE = "clickhouse"
    SQLITE = "sqlite"


def with_hub(command: Callable[..., None], *, path: str = BASE, role: str = "UPGRADE_ADMIN") -> Callable[..., None]:
    """Return a command that makes its first parameter, the hub, of the options --api, --token and --tenant.

    The hub's calls go below ``path``; the token that the local cloud makes has ``role``.
    """

    def hub(api: ApiOption = None, token: TokenOption = None, tenant: TenantOption = "acme") -> Api:
        return Api.of(api, token, tenant, path=path, role=role)

    @wraps(command)
    def run(**given: object) -> None:
        which = {name: given.pop(name) for name in inspect.signature(hub).parameters}
        command(hub(**which), **given)  # type: ignore[arg-type]

    own = inspect.signature(command, eval_str=True)
    own_ones = list(own.parameters.values())[1:]
    added = inspect.signature(hub, eval_str=True).parameters.values()
    named = sorted([*own_ones, *added], key=lambda parameter: parameter.kind)
    run.__signature__ = own.replace(parameters=named)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in named}
    return run
