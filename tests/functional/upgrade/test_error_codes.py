"""The codes of the source document, chapter 12.1, in `details.error` of the answers (UPG-21)."""

from pathlib import Path
from typing import Any

import pytest

from enghub.upgrade.edge import ERROR_NAMES
from tests.factories.handlers import ROOT, load_module
from tests.functional.upgrade.conftest import Upgrade
from tests.functional.upgrade.test_upgrade import prepared

HTTP = sorted(
    path.parent.name
    for path in Path(ROOT).glob("functions/upgrade/*/handler.py")
    if "app = " in path.read_text("utf-8")
)


def code(answer: tuple[int, Any]) -> tuple[int, str]:
    return answer[0], answer[1]["details"]["error"]


def test_what_an_execution_does_not_allow_is_an_execution_error(upgrade: Upgrade) -> None:
    prepared(upgrade)
    upgrade.started("2.16.5")
    assert code(upgrade.execute("2.16.5")) == (409, "UPGRADE_EXECUTION_ERROR")


def test_a_missing_manifest_or_site_is_a_configuration_not_found(upgrade: Upgrade) -> None:
    missing = upgrade.send("read_manifests", "GET", "/api/v1/upgrade/manifests/9.9.9")
    assert code(missing) == (404, "CONFIGURATION_NOT_FOUND")


@pytest.mark.parametrize("body", [{}, "{", {"upgradeBeforeVersion": "x"}, {"surprise": 1}])
def test_a_wrong_request_is_a_validation_error(upgrade: Upgrade, body: Any) -> None:
    answer = upgrade.send("execute_upgrade", "POST", "/api/v1/upgrade/execute", body)
    assert code(answer) == (400, "VALIDATION_ERROR")
    assert answer[1]["details"]["field"]


def test_a_fault_of_ours_is_an_internal_server_error_and_says_no_more(upgrade: Upgrade, monkeypatch: Any) -> None:
    from enghub.upgrade.executions import wiring  # noqa: PLC0415

    def broken() -> Any:
        raise RuntimeError("password=hunter2")

    monkeypatch.setattr(wiring, "upgrades", broken)
    answer = upgrade.send("read_upgrades", "GET", "/api/v1/upgrade/executions")
    assert code(answer) == (500, "INTERNAL_SERVER_ERROR")
    assert "hunter2" not in str(answer)


@pytest.mark.parametrize("name", HTTP)
def test_every_function_of_the_context_names_errors_so(name: str) -> None:
    assert load_module("upgrade", name).app.error_names == ERROR_NAMES
