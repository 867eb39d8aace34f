"""Definitions of other engines: what has no equal here is named; what is converted is a folder (CFG-31)."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from enghub.settings.evaluations import wiring as evaluation_wiring
from enghub_cli.commands import settings as commands
from enghub_cli.commands import settings_convert
from enghub_cli.errors import Stop
from enghub_cli.hub import Api
from enghub_flags.importers import flagd, flagsmith, growthbook, unleash
from enghub_flags.importers.model import Converted
from tests.factories.flags import evaluated
from tests.factories.folders import ADMIN, serve

CONVERT: dict[str, Callable[[Any, str], Converted]] = {
    "flagd": flagd.convert,
    "growthbook": growthbook.convert,
    "unleash": unleash.convert,
    "flagsmith": flagsmith.convert,
}


# --- what is not carried ---


@pytest.mark.parametrize(
    ("engine", "definitions", "word"),
    [
        ("flagd", {"flags": {"f": {"state": "ENABLED", "variants": {"a": 1}, "defaultVariant": None}}}, "default"),
        (
            "flagd",
            {
                "flags": {
                    "f": {
                        "state": "ENABLED",
                        "variants": {"a": 1, "b": 2},
                        "defaultVariant": "a",
                        "targeting": {"if": [{"==": [{"var": "x"}, "5"]}, "b"]},
                    }
                }
            },
            "==",
        ),
        (
            "growthbook",
            {"features": {"f": {"defaultValue": 1, "rules": [{"condition": {"a": {"$regex": "x"}}, "force": 2}]}}},
            "$regex",
        ),
        (
            "growthbook",
            {"features": {"f": {"defaultValue": 1, "rules": [{"force": 2, "namespace": ["n", 0, 1]}]}}},
            "namespace",
        ),
        ("growthbook", {"features": {"f": {"defaultValue": 1, "rules": [{"force": "x"}]}}}, "types"),
        (
            "unleash",
            {"features": [{"name": "f", "enabled": True, "strategies": [{"name": "remoteAddress"}]}]},
            "remoteAddress",
        ),
        (
            "unleash",
            {
                "features": [
                    {
                        "name": "f",
                        "enabled": True,
                        "strategies": [
                            {"name": "flexibleRollout", "parameters": {"rollout": "50", "stickiness": "random"}}
                        ],
                    }
                ]
            },
            "anew",
        ),
        (
            "flagsmith",
            {"features": {"f": {"key": "1", "name": "f", "enabled": True, "variants": [{"value": 1, "weight": 50}]}}},
            "multivariate",
        ),
    ],
)
def test_what_has_no_equal_is_named_and_not_guessed(engine: str, definitions: Any, word: str) -> None:
    found = CONVERT[engine](definitions, "v3")
    assert found.flags == []
    (refused,) = found.refused
    assert refused.flag == "f"
    assert word in refused.english
    assert refused.chinese


# --- by command ---


def test_what_is_converted_is_a_folder_that_is_planned_and_applied(
    account: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    account("settings")
    evaluation_wiring.snapshots.cache_clear()
    evaluation_wiring.evaluations.cache_clear()
    serve(monkeypatch, lambda: ADMIN)
    both, share = {"on": True, "off": False}, {"fractional": [["on", 30], ["off", 70]]}
    definitions = {
        "new-ui": {
            "state": "ENABLED",
            "variants": both,
            "defaultVariant": "off",
            "targeting": {"if": [{"!": [{"<": [{"var": "age"}, 18]}]}, share]},
        },
        "odd": {"state": "ENABLED", "variants": both, "defaultVariant": "off", "targeting": {"var": "x"}},
        "a key": {"state": "ENABLED", "variants": both, "defaultVariant": "on"},
    }
    file = tmp_path / "flagd.json"
    file.write_text(json.dumps({"flags": definitions}), encoding="utf-8")
    with pytest.raises(Stop, match="v1, v2 or v3"):
        settings_convert.convert(settings_convert.Engine.FLAGD, file, tmp_path / "out")
    with pytest.raises(Stop, match="2 flags are not carried") as stopped:
        settings_convert.convert(settings_convert.Engine.FLAGD, file, tmp_path / "out", engine_version="v3")
    assert stopped.value.exit_code == 3
    told = capsys.readouterr().out
    assert "1 flags, 1 segments written" in told
    assert "a key" in told
    commands.apply(Api("https://hub.example", "token", "/api/v1"), tmp_path / "out")
    assert evaluated("new-ui", targetingKey="u-1003", age=20)["value"] is True
    assert evaluated("new-ui", targetingKey="u-1003", age=17)["value"] is False
