"""``enghub upgrade site | push | validate | info | history``: a first upgrade of one's own (UPG-01, UPG-19, UPG-22)."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from enghub_cli import HAS_REPOSITORY
from enghub_cli.bundle import packages_of
from enghub_cli.commands.upgrade import upgrade
from enghub_cli.console import err, out
from enghub_cli.errors import Stop
from enghub_cli.hub import FAILED, REFUSED, Api
from enghub_cli.options import JsonOption, Kind, SiteOption, with_hub

site = typer.Typer(no_args_is_help=True, help="Sites: the installations to upgrade.")
FolderArgument = Annotated[
    Path,
    typer.Argument(exists=True, file_okay=False, help="Manifests (*.json), with their scripts at the paths they name."),
]
FORM = (
    'write {"url": "mysql://USER:PASSWORD@HOST:3306/DATABASE"} (or postgresql://...), or an object with host, port, '
    "username, password, database"
)


def register(app: typer.Typer) -> None:
    """Add the commands to the group of upgrades."""
    del app
    upgrade.add_typer(site, name="site")
    site.command("add")(with_hub(add))
    site.command("check")(with_hub(check))
    for name, command in (("push", push), ("validate", validate), ("info", info), ("history", history)):
        upgrade.command(name)(with_hub(command))


def add(  # noqa: PLR0917 - typer reads one parameter per option
    hub: Api,
    name: Annotated[str, typer.Argument(metavar="SITE", help="Its id: letters, digits, - and _.")],
    dialect: Annotated[Kind, typer.Option(help="Kind of its database.")],
    version: Annotated[str, typer.Option(help="Version it runs now: an existing database is taken over as it is.")],
    secret: Annotated[Path | None, typer.Option("--secret-file", help="JSON with address and credentials.")] = None,
    url: Annotated[str | None, typer.Option(envvar="ENGHUB_SITE_DATABASE", help="Address instead of a file.")] = None,
    variable: Annotated[
        list[str] | None, typer.Option(help="NAME=VALUE for a variable that manifests declare; may be repeated.")
    ] = None,
    title: Annotated[str | None, typer.Option("--name", help="What people call it.")] = None,
    hub_is_local: Annotated[bool, typer.Option("--local/--aws", help="Where the secret is kept.")] = True,
) -> None:
    """Register a site and put its secret; a secret that no database would take is refused before anything is stored."""
    wanted = _secret(secret, url)
    if wanted is not None:
        _check_form(dialect, wanted)
    body: dict[str, Any] = {"name": title or name, "dialect": dialect.value, "version": version}
    made = hub.call("PUT", f"/sites/{name}", {**body, "variables": dict(map(_pair, variable or ()))})
    out.print(f"{name} runs {made['version']}")
    if wanted is None:
        out.print(f"Put its secret under {made['secretName']}: {FORM}", soft_wrap=True)
        return
    _put(_secrets(hub_is_local), made["secretName"], json.dumps(wanted))
    out.print(f"secret {made['secretName']} is put; try it: enghub upgrade site check {name}", soft_wrap=True)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        message = f"--variable {text}: write NAME=VALUE"
        raise Stop(message, REFUSED)
    return name, value


def _secret(file: Path | None, url: str | None) -> dict[str, Any] | None:
    if file is None:
        return None if url is None else {"url": url}
    try:
        found = json.loads(file.read_text("utf-8"))
    except ValueError as error:
        message = f"{file} is no JSON ({error}): {FORM}"
        raise Stop(message, REFUSED) from error
    if not isinstance(found, dict):
        message = f"{file} is no JSON object: {FORM}"
        raise Stop(message, REFUSED)
    return found


def _secrets(hub_is_local: bool) -> Any:
    """Return a client of the secret store.

    Raises:
        Stop: there is none here.
    """
    if hub_is_local and HAS_REPOSITORY:
        from enghub_cli import context  # noqa: PLC0415 - the local cloud

        return context.connect().client("secretsmanager")
    try:
        import boto3  # noqa: PLC0415 - an extra of the package
    except ImportError as error:
        message = "To put a secret: pip install 'enghub-cli[aws]', or leave it out and put it yourself"
        raise Stop(message, REFUSED) from error
    return boto3.client("secretsmanager")


def _check_form(dialect: Kind, secret: Mapping[str, Any]) -> None:
    """Refuse what no database takes; without the hub's own rules `site check` says it."""
    if not HAS_REPOSITORY:
        return
    from enghub.kit.databases.session import Address  # noqa: PLC0415 - SQLAlchemy
    from enghub.kit.sql.dialect import Dialect  # noqa: PLC0415
    from enghub.kit.work.errors import WorkFailed  # noqa: PLC0415

    try:
        Address.of(Dialect(dialect.value), secret)
    except (WorkFailed, ValueError) as error:
        message = f"{error}: {FORM}"
        raise Stop(message, REFUSED) from error


def _put(client: Any, name: str, text: str) -> None:
    try:
        client.create_secret(Name=name, SecretString=text)
    except client.exceptions.ResourceExistsException:
        client.put_secret_value(SecretId=name, SecretString=text)


def check(
    hub: Api, name: Annotated[str, typer.Argument(metavar="SITE", help="Its id.")], as_json: JsonOption = False
) -> None:
    """Connect to a site's database as an upgrade would; exit with 1 when something stands in the way, and say what."""
    found = hub.call("POST", f"/sites/{name}/check", {})
    if as_json:
        out.print_json(json.dumps(found))
    else:
        out.print(f"{name}: {found['server'] or 'no answer'}", soft_wrap=True)
        for problem in found["problems"]:
            err.print(f"[red]{problem}[/red]", soft_wrap=True)
    if found["problems"]:
        raise typer.Exit(FAILED)


def push(
    hub: Api,
    folder: FolderArgument,
    activate: Annotated[bool, typer.Option(help="Put them in force at once.")] = True,
) -> None:
    """Upload every manifest of a folder with its scripts, oldest version first, and put them in force."""
    for one in packages_of(folder):
        made = hub.call("POST", "/manifests", {**one.body, "activate": activate})
        state = f"revision {made['latestRevision']} stored, in force: {made['activeRevision'] or 'none'}"
        if activate:
            state = f"revision {made['activeRevision']} in force, checksum {made['checksum'][:12]}"
        out.print(f"{one.file.name}: {one.version} {state}", soft_wrap=True)


def validate(hub: Api, folder: FolderArgument) -> None:
    """Check every manifest of a folder, its scripts and its steps' dependencies; nothing is stored."""
    problems = 0
    for one in packages_of(folder):
        try:
            found = hub.call("POST", "/manifests/validate", one.body)
        except Stop as refused:
            problems += 1
            err.print(f"[red]{one.file.name}[/red]: {refused}", soft_wrap=True)
            continue
        out.print(f"{one.file.name}: {found['versionType']} {one.version}, {found['steps']} steps")
    if problems:
        raise typer.Exit(REFUSED)


def info(hub: Api, name: SiteOption, as_json: JsonOption = False) -> None:
    """Show what a site has, and what it would get from the manifests in force."""
    there = hub.call("GET", f"/sites/{name}")
    known = [one for one in hub.call("GET", "/manifests")["items"] if one["isActive"]]
    newest = known[-1]["version"] if known else None
    plan = None
    if newest is not None and there["version"] not in (None, newest):
        body = {"upgradeBeforeVersion": there["version"], "upgradeAfterVersion": newest, "siteId": name}
        try:
            plan = hub.call("POST", "/plan", {**body, "environment": "test"})
        except Stop as refused:
            plan = {"versions": [], "why": str(refused)}
    if as_json:
        out.print_json(json.dumps({"site": there, "newest": newest, "plan": plan}))
        return
    out.print(f"{name} runs {there['version'] or 'an unknown version'} on {there['dialect']}")
    out.print(f"ran here: {', '.join(there['appliedVersions']) or 'nothing yet'}", soft_wrap=True)
    if plan is None:
        out.print("nothing newer is in force")
    else:
        out.print(f"would get: {', '.join(plan['versions']) or plan.get('why') or 'nothing'}", soft_wrap=True)


def history(
    hub: Api,
    name: Annotated[str | None, typer.Option("--site", help="Of this site alone.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many at most.")] = 20,
    as_json: JsonOption = False,
) -> None:
    """Show upgrades, newest first."""
    found: list[dict[str, Any]] = []
    cursor = None
    while len(found) < limit:
        page = hub.call("GET", "/executions?pageSize=100" + (f"&cursor={cursor}" if cursor else ""))
        found += [one for one in page["items"] if name is None or one["siteId"] == name]
        cursor = page["cursor"]
        if cursor is None:
            break
    if as_json:
        out.print_json(json.dumps(found[:limit]))
        return
    for one in found[:limit]:
        versions = f"{one['upgradeBeforeVersion']} to {one['upgradeAfterVersion']}"
        out.print(
            f"{one['executionId']} {one['siteId']} ({one['environment']}) {versions}: {one['status']}", soft_wrap=True
        )
