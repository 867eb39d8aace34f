"""Kill a step at every point, resume it: what is left equals what an undisturbed run leaves (UPG-08, issue 3)."""

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from enghub.upgrade.sql.tokens import Dialect
from tests import databases
from tests.functional.upgrade.steps import matrix
from tests.functional.upgrade.steps.matrix import Place
from tests.functional.upgrade.steps.scenarios import SCENARIOS, Scenario


@pytest.fixture(autouse=True)
def _no_flushing(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A killed process loses nothing it wrote; flushing guards against power cuts, and costs most of the time."""
    monkeypatch.setattr(os, "fsync", lambda _: None)

    def connected(connection: object, _: object) -> None:
        if isinstance(connection, sqlite3.Connection):
            connection.execute("PRAGMA synchronous = OFF")

    event.listen(sa.Engine, "connect", connected)
    yield
    event.remove(sa.Engine, "connect", connected)


def undisturbed(scenario: Scenario, dialect: Dialect, folder: Path) -> tuple[dict[str, str], list[str]]:
    folder.mkdir()
    with databases.database(dialect, folder) as address:
        place = Place(folder, address)
        scenario.before(place)
        passed = matrix.counted(lambda point: scenario.work(place, point))
        expected = matrix.contents(place)
        scenario.after(place)
        return expected, passed


def killed_and_resumed(scenario: Scenario, dialect: Dialect, folder: Path, number: int) -> dict[str, str]:
    folder.mkdir()
    with databases.database(dialect, folder) as address:
        place = Place(folder, address)
        scenario.before(place)
        assert matrix.killed_at(number, lambda point: scenario.work(place, point))
        scenario.work(place)
        return matrix.contents(place)


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_step_killed_at_any_point_ends_as_if_nothing_had_happened(
    name: str, dialect: Dialect, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    scenario = SCENARIOS[name]
    expected, passed = undisturbed(scenario, dialect, tmp_path / "undisturbed")
    every = dialect is Dialect.SQLITE or pytestconfig.getoption("--full-matrix")
    numbers = range(1, len(passed) + 1) if every else matrix.every_kind(passed)
    for number in numbers:
        found = killed_and_resumed(scenario, dialect, tmp_path / str(number), number)
        assert found == expected, f"killed at point {number} of {len(passed)}: {passed[number - 1]}"
