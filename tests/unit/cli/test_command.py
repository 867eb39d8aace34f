"""The `enghub` command itself: help at once, from names that fit the commands; what `up` and `demo` tell."""

import io
import pkgutil
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from enghub_cli import commands, context
from enghub_cli.cloud import assembly, process, seed
from enghub_cli.cloud.process import Home, Running
from enghub_cli.commands import cloud as cloud_commands
from enghub_cli.commands import demo
from enghub_cli.main import COMMANDS, imported
from enghub_cli.story import (
    administrators,
    changes,
    erp,
    floor,
    golive,
    machines,
    night,
    quality,
    secrets,
    site,
    telling,
    traffic,
)

HEAVY = {"boto3", "botocore", "httpx", "sqlalchemy", "aws_cdk", "enghub_cli.context", "enghub_cli.hub"}
HELP = """
import sys
from enghub_cli.main import app
sys.argv = ["enghub", {argument!r}]
try:
    app()
except SystemExit as ended:
    print(*sys.modules, file=sys.stderr)
    raise
"""


@pytest.mark.parametrize("argument", ["--help", "--version"])
def test_help_and_version_load_nothing_that_takes_long(argument: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", HELP.format(argument=argument)], capture_output=True, text=True, check=True
    )
    assert not HEAVY & set(done.stderr.split())
    assert ("upgrade" in done.stdout) is (argument == "--help")


def test_every_module_of_commands_is_named() -> None:
    there = {found.name for found in pkgutil.iter_modules(commands.__path__)}
    assert there == {module for command in COMMANDS.values() for module in command.modules}


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_says_what_the_command_says_of_itself(name: str) -> None:
    assert (imported(name).help or "").startswith(COMMANDS[name].help)


def test_up_says_so_when_the_old_port_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        taken = other.getsockname()[1]
        (tmp_path / "state.json").write_text(f'{{"pid": {2**22 + 1}, "port": {taken}}}')
        monkeypatch.setattr(context, "home", lambda: Home(tmp_path))
        monkeypatch.setattr(assembly, "synthesise", lambda _: False)
        monkeypatch.setattr(process, "start", lambda *_, **__: Running(1, process.port_for(Home(tmp_path))))
        monkeypatch.setattr(cloud_commands, "deploy", lambda *_: {})
        monkeypatch.setattr(context, "attach", lambda _: SimpleNamespace(client=lambda _: None, api_base="http://x"))
        monkeypatch.setattr(seed, "secrets", lambda *_: ())
        cloud_commands.up()
    assert f"Another program has port {taken}: the address of the API is a new one." in capsys.readouterr().err


def test_down_says_what_it_waits_for(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = io.StringIO()
    monkeypatch.setattr(cloud_commands, "err", Console(file=shown, force_terminal=True))
    monkeypatch.setattr(process, "stop", lambda _: True)
    cloud_commands.down()
    assert shown.getvalue().index("Stopping the local cloud") < shown.getvalue().index("Stopped.")


def test_the_demo_ends_with_what_next(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    cloud = SimpleNamespace(api_base="http://127.0.0.1:9/api", running=Running(1, 9))
    monkeypatch.setattr(context, "connect", lambda: cloud)
    told_by = {
        secrets: ("secret_stays_one", "rule_is_proved"),
        administrators: ("value_is_explained", "two_agree", "release_goes_back"),
        floor: ("change_arrives", "products_sync", "work_is_done", "board_moves", "setting_changes"),
        changes: ("change_is_followed", "part_is_approved", "problems_flow_back"),
        quality: ("lot_is_held", "stock_is_traced"),
        erp: ("erp_goes_away", "erp_is_not_well"),
        machines: ("machine_breaks", "load_is_seen", "order_has_its_cost"),
        site: ("upgrade_site",),
        telling: ("people_are_named", "people_were_told"),
        golive: ("system_goes_live",),
        night: ("night_falls",),
        traffic: ("traffic_goes_back", "traffic_has_moved"),
    }
    for module, chapters in told_by.items():
        for chapter in chapters:
            monkeypatch.setattr(module, chapter, nothing)
    demo.demo()
    told = capsys.readouterr().out.partition("What next:")[2]
    assert [line.split()[0] for line in told.splitlines() if line.startswith("  ")][:3] == ["enghub", "enghub", "curl"]
    assert "http://127.0.0.1:9/api" in told
    assert "http://127.0.0.1:9 " in told


def nothing(*_: Any) -> str:
    return ""
