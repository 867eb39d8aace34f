"""Kill the worker anywhere, resume: the database equals that of an undisturbed run (UPG-08, issue 2, must show 4)."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from enghub.upgrade.gateways.databases.session import Address
from enghub.upgrade.sql.tokens import Dialect
from tests import databases
from tests.functional.upgrade import scenario

ROOT = Path(__file__).parents[3]


def worker(folder: Path, address: Address, kill_at: int) -> subprocess.CompletedProcess[str]:
    url = address.url.render_as_string(hide_password=False)
    layers = [ROOT / "layers" / name / "python" for name in ("core", "upgrade")]
    return subprocess.run(
        [sys.executable, "-m", "tests.functional.upgrade.scenario", str(folder), address.dialect, url, str(kill_at)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (ROOT, *layers)))},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def undisturbed(dialect: Dialect, folder: Path) -> tuple[dict[str, str], list[str]]:
    with databases.database(dialect, folder) as address:
        scenario.prepare(address)
        scenario.plan_execution(folder, dialect)
        point, passed = scenario.counted(None)
        assert scenario.run(folder, address, point) == "done"
        return scenario.contents(address), passed


def points_of_interest(passed: list[str]) -> list[int]:
    """The first, a middle and the last time of every kind of point."""
    chosen = set()
    for name in dict.fromkeys(passed):
        places = [index for index, found in enumerate(passed, 1) if found == name]
        chosen |= {places[0], places[len(places) // 2], places[-1]}
    return sorted(chosen)


def test_a_worker_killed_anywhere_leaves_what_a_resumed_one_finishes_exactly(dialect: Dialect, tmp_path: Path) -> None:
    expected, passed = undisturbed(dialect, tmp_path)
    assert {"statement", "rows", "checkpoint", "batch", "failed row", "check", "step begun", "step recorded"} <= set(passed)
    for kill_at in points_of_interest(passed):
        folder = tmp_path / str(kill_at)
        folder.mkdir()
        with databases.database(dialect, folder) as address:
            scenario.prepare(address)
            scenario.plan_execution(folder, dialect)
            killed = worker(folder, address, kill_at)
            assert killed.returncode == -signal.SIGKILL, killed.stderr
            point, _ = scenario.counted(None)
            assert scenario.run(folder, address, point) == "done"
            assert scenario.contents(address) == expected, f"killed at point {kill_at}: {passed[kill_at - 1]}"


@pytest.mark.parametrize("second", [1, 5])
def test_a_worker_killed_twice_still_ends_right(dialect: Dialect, tmp_path: Path, second: int) -> None:
    expected, passed = undisturbed(dialect, tmp_path)
    folder = tmp_path / "killed"
    folder.mkdir()
    with databases.database(dialect, folder) as address:
        scenario.prepare(address)
        scenario.plan_execution(folder, dialect)
        for kill_at in (passed.index("batch") + 1, second):
            assert worker(folder, address, kill_at).returncode == -signal.SIGKILL
        point, _ = scenario.counted(None)
        assert scenario.run(folder, address, point) == "done"
        assert scenario.contents(address) == expected
