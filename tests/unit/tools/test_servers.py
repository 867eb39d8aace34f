"""Servers for tests: every line of data makes a command; what is installed here starts, answers and goes."""

import os
import sys
from pathlib import Path

import pytest

from tests import servers
from tests.servers import SERVERS


@pytest.mark.parametrize("name", SERVERS)
def test_a_line_makes_commands_that_keep_to_their_port_and_folder(name: str, tmp_path: Path) -> None:
    prepare, command, environment = servers.commands(name, tmp_path, (12345, 12346, 12347))
    written = [path.read_text("utf-8") for path in tmp_path.iterdir() if path.is_file()]
    words = " ".join([*prepare, *command, *environment.values(), *written])
    assert "12345" in words
    assert str(tmp_path) in words
    assert not set("{}") & set(" ".join([*prepare, *command]))


@pytest.mark.parametrize("name", [name for name in SERVERS if servers.program(SERVERS[name].program)])
def test_a_private_server_answers_and_leaves_nothing(name: str) -> None:
    started = servers.start(name)
    assert started is not None
    assert servers.listens(started.port)
    servers.stop(name, started)
    assert not servers.listens(started.port)
    assert list(servers.processes_of(started.folder)) == []
    assert not started.folder.exists()


def test_what_is_missing_is_named_for_the_context_that_needs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "program", lambda name: None)
    monkeypatch.setenv("ENGHUB_TEST_POSTGRES_URL", "postgresql+psycopg://somebody@elsewhere/test")
    assert servers.missing("upgrade") == ["mariadb"]
    assert servers.missing() == ["mariadb", "rabbitmq", "prometheus", "alertmanager", "haproxy"]
    assert servers.missing("plm") == ["rabbitmq"]
    assert servers.missing("settings") == []
    assert servers.line_to_type(["mariadb"]).endswith(" mariadb-server")


def test_without_root_the_line_to_type_is_told_and_nothing_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(servers, "missing", lambda _: ["mariadb"])
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(sys, "argv", ["servers"])
    assert servers.main() == 1
    assert "apt-get install --yes --no-install-recommends mariadb-server" in capsys.readouterr().err
