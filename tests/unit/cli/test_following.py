"""`enghub upgrade ... --follow` lets go of what it follows without ending it, and ends as was asked (UPG-22)."""

import os
import signal
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from enghub_cli.hub import Api
from enghub_cli.main import app
from tests.waiting import instead_of_sleeping

RUNNING = {
    "executionId": "01E",
    "siteId": "EU",
    "environment": "test",
    "upgradeBeforeVersion": "2.16.4",
    "upgradeAfterVersion": "2.16.5",
    "status": "RUNNING",
    "totalSteps": 1,
    "completedSteps": 0,
    "currentStep": "main",
    "steps": [],
    "error": None,
    "breakpoint": None,
    "summary": "Runs main",
    "rollback": None,
    "queuePosition": None,
}
ROLLOUT = {
    "rolloutId": "01R",
    "name": "Europe",
    "environment": "test",
    "upgradeAfterVersion": "2.16.5",
    "status": "RUNNING",
    "wave": 1,
    "waves": 1,
    "sites": 1,
    "progress": [],
    "siteProgress": [],
    "reason": None,
    "nextAction": None,
}
AGAIN = "the upgrade goes on, follow it with `enghub upgrade status 01E --follow`"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """An API whose upgrade runs for ever, and a clock that polls move: what was sent to it."""
    sent: list[str] = []
    clock = [0.0]

    def call(_: Api, method: str, path: str, *__: Any, **___: Any) -> dict[str, Any]:
        sent.append(f"{method} {path}")
        return ROLLOUT if path.startswith("/rollouts") else RUNNING

    def pause(seconds: float) -> None:
        clock[0] += seconds

    monkeypatch.setattr(Api, "call", call)
    instead_of_sleeping(monkeypatch, pause)
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
    instead_of_sleeping(monkeypatch, _interrupt)
    ended = enghub("status", "01E", "--follow")
    assert ended.exit_code == 130
    assert f"Interrupted: {AGAIN}" in ended.output
    assert asked == ["GET /status/01E"]


@pytest.mark.parametrize(
    ("begin", "again"),
    [
        (("status", "01E"), AGAIN),
        (
            ("rollout", "status", "01R"),
            "the roll-out goes on, follow it with `enghub upgrade rollout status 01R --follow`",
        ),
    ],
    ids=["upgrade", "roll-out"],
)
def test_sigterm_lets_it_go_on_and_says_how_to_follow_it(
    asked: list[str], monkeypatch: pytest.MonkeyPatch, begin: tuple[str, ...], again: str
) -> None:
    before = signal.getsignal(signal.SIGTERM)
    instead_of_sleeping(monkeypatch, lambda _: os.kill(os.getpid(), signal.SIGTERM))
    ended = enghub(*begin, "--follow")
    assert ended.exit_code == 143
    assert ended.output.splitlines()[-1] == f"enghub: Terminated: {again}"
    assert len(asked) == 1
    assert signal.getsignal(signal.SIGTERM) == before, "only while following"


@pytest.mark.parametrize("verb", ["rollback", "resume", "confirm"])
@pytest.mark.parametrize(
    ("goes", "ends", "code"),
    [
        ("ROLLING_BACK", "ROLLED_BACK", 0),
        ("ROLLING_BACK", "ROLLBACK_FAILED", 1),
        ("PENDING", "ROLLED_BACK", 1),
        ("PENDING", "SUCCEEDED", 0),
    ],
)
def test_the_way_back_ends_well_exactly_when_it_was_asked_for(
    monkeypatch: pytest.MonkeyPatch, verb: str, goes: str, ends: str, code: int
) -> None:
    def call(_: Api, method: str, path: str, *__: Any, **___: Any) -> dict[str, Any]:
        if path.startswith("/log"):
            return {"entries": [], "cursor": None}
        return {**RUNNING, "status": goes if method == "POST" else ends}

    monkeypatch.setattr(Api, "call", call)
    assert enghub(verb, "01E", "--follow").exit_code == code


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
