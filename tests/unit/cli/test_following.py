"""`enghub upgrade ... --follow` lets go of an upgrade without ending it (UPG-22)."""

import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from enghub_cli.hub import Api
from enghub_cli.main import app

RUNNING = {
    "executionId": "01E", "siteId": "EU", "environment": "test", "upgradeBeforeVersion": "2.16.4",
    "upgradeAfterVersion": "2.16.5", "status": "RUNNING", "totalSteps": 1, "completedSteps": 0, "currentStep": "main",
    "steps": [], "error": None, "breakpoint": None, "summary": "Runs main", "rollback": None, "queuePosition": None,
}  # fmt: skip
AGAIN = "the upgrade goes on, follow it with `enghub upgrade status 01E --follow`"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """An API whose upgrade runs for ever, and a clock that polls move: what was sent to it."""
    sent: list[str] = []
    clock = [0.0]

    def call(_: Api, method: str, path: str, *__: Any, **___: Any) -> dict[str, Any]:
        sent.append(f"{method} {path}")
        return RUNNING

    def pause(seconds: float) -> None:
        clock[0] += seconds

    monkeypatch.setattr(Api, "call", call)
    monkeypatch.setattr(time, "sleep", pause)
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    return sent


def enghub(*arguments: str) -> Result:
    access = {"ENGHUB_API": "https://hub.example.com", "ENGHUB_TOKEN": "t", "COLUMNS": "200"}
    return CliRunner().invoke(app, ["upgrade", *arguments], env=access)


EXECUTE = ("execute", "--from", "2.16.4", "--to", "2.16.5", "--site", "EU")


@pytest.mark.parametrize(
    "begin", [EXECUTE, ("resume", "01E"), ("confirm", "01E"), ("status", "01E")], ids=lambda a: a[0]
)
def test_a_timeout_lets_the_upgrade_go_on_and_says_how_to_follow_it(asked: list[str], begin: tuple[str, ...]) -> None:
    ended = enghub(*begin, "--follow", "--timeout", "5")
    assert ended.exit_code == 1
    assert f"Not ended after 5 s: {AGAIN}" in ended.output
    assert asked.count("GET /status/01E") == 5
    assert not any("abort" in line for line in asked)


def test_ctrl_c_lets_the_upgrade_go_on_and_says_how_to_follow_it(
    asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "sleep", _interrupt)
    ended = enghub("status", "01E", "--follow")
    assert ended.exit_code == 130
    assert f"Interrupted: {AGAIN}" in ended.output
    assert asked == ["GET /status/01E"]


def test_an_api_that_is_away_does_not_outlast_the_timeout(asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Api, "call", _broken(asked))
    ended = enghub("status", "01E", "--follow", "--timeout", "3")
    assert (ended.exit_code, len(asked)) == (1, 3)
    assert AGAIN in ended.output


def _interrupt(_: float) -> None:
    raise KeyboardInterrupt


def _broken(asked: list[str]) -> Callable[..., None]:
    def call(_: Api, method: str, path: str) -> None:
        asked.append(f"{method} {path}")
        message = "away"
        raise httpx.ConnectError(message)

    return call
