"""Small tools of a program that reads settings: typed keys, and keys that nothing reads any more.

    enghub-settings keys --hub URL [--keys 'line.*'] > keys.py
    enghub-settings unread --hub URL [--keys 'line.*'] [--generated keys.py] src/
    enghub-settings show --hub URL [--keys 'line.*']

The token is taken from the environment variable ENGHUB_TOKEN.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import httpx

from enghub_client.errors import ClientError
from enghub_client.hub import Hub
from enghub_client.keys import source_of, unread
from enghub_client.snapshot import Snapshot, Value, read


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; 0 done, 1 keys that nothing reads, 2 the hub or the arguments say no."""
    said = _parser().parse_args(arguments)
    try:
        snapshot = _fetched(said.hub, said.environment, said.keys)
    except ClientError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    if said.command == "unread":
        found = unread(snapshot.settings, said.roots, said.generated)
        sys.stdout.writelines(f"{key}\n" for key in found)
        return int(bool(found))
    now = datetime.now(UTC)
    if said.command == "keys":
        kinds = {key: one.kind for key in snapshot.settings if (one := _known(snapshot, key, now)) is not None}
        try:
            sys.stdout.write(source_of(kinds))
        except ValueError as error:
            sys.stderr.write(f"{error}\n")
            return 2
    else:
        shown = (f"{one.key}\t{one.layer}\t{one.version}\t{one.text}\n" for one in snapshot.values(now).values())
        sys.stdout.writelines(shown)
    return 0


def _known(snapshot: Snapshot, key: str, now: datetime) -> Value | None:
    """Return what answers, or will first."""
    times = [now, *snapshot.switches(now)]
    return next((one for at in times if (one := snapshot.value(key, at)) is not None), None)


def _fetched(address: str, environment: str, keys: Sequence[str]) -> Snapshot:
    with httpx.Client(timeout=30) as http:
        answer = Hub(address, os.environ.get("ENGHUB_TOKEN", ""), environment, keys or ("*",), http).snapshot(None)
    if answer is None:
        raise ClientError("the hub answered 304 to a question without ETag")
    return read(answer.document)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="enghub-settings", description="Typed keys and unread settings of an EngHub")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, what in (
        ("keys", "write a module of typed keys"),
        ("unread", "list settings that no source reads"),
        ("show", "list what answers now: key, layer, version, value"),
    ):
        command = commands.add_parser(name, help=what)
        command.add_argument("--hub", required=True, help="address of the hub")
        command.add_argument("--environment", default="PROD", choices=["DEV", "TEST", "PROD"])
        command.add_argument("--keys", action="append", default=[], help="a key, or the beginning of keys with *")
        if name == "unread":
            command.add_argument("--generated", action="append", default=[], type=Path, help="written by `keys`")
            command.add_argument("roots", nargs="+", type=Path, help="folders or files of source")
    return parser


if __name__ == "__main__":
    sys.exit(main())
