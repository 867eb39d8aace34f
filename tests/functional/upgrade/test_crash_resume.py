"""Kill the worker anywhere, resume: the database equals that of an undisturbed run (UPG-08, issue 2, must show 4)."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from enghub.kit.databases.session import Address
from enghub.kit.sql.dialect import Dialect
from tests import databases
from tests.functional.upgrade import scenario

ROOT = Path(__file__).parents[3]


EFFECTS = {"statement", "rows", "checkpoint", "batch", "failed row"}


def worker(folder: Path, address: Address, kill_at: int | str) -> int:
    """Work in a process of its own that is killed at a point; return its wait status."""
    child = os.fork()
    if child == 0:  # nothing of the parent is cleaned up in here: the process either dies or leaves at once
        try:
            point, _ = scenario.counted(kill_at)
            scenario.run(folder, address, point)
        finally:
            os._exit(0)
    return os.waitpid(child, 0)[1]


def undisturbed(dialect: Dialect, folder: Path) -> tuple[dict[str, str], list[str]]:
    with databases.database(dialect, folder) as address:
        scenario.prepare(address)
        scenario.plan_execution(folder, dialect)
        point, passed = scenario.counted(None)
        assert scenario.run(folder, address, point) == "done"
        return scenario.contents(address), passed


def points_of_interest(passed: list[str]) -> list[int]:
    """The first and the last time of every kind of point, and a middle one of those around an effect."""
    chosen = set()
    for name in dict.fromkeys(passed):
        places = [index for index, found in enumerate(passed, 1) if found == name]
        chosen |= {places[0], places[-1]}
        if name in {"statement", "intent", "effect", "rows", "batch"}:
            chosen.add(places[len(places) // 2])
    return sorted(chosen)


def test_a_worker_killed_anywhere_leaves_what_a_resumed_one_finishes_exactly(tmp_path: Path) -> None:
    """Every point by itself, on the database that is quickest to make."""
    dialect = Dialect.SQLITE
    expected, passed = undisturbed(dialect, tmp_path)
    assert set(passed) >= EFFECTS | {"check", "step begun", "step recorded"}
    for kill_at in points_of_interest(passed):
        folder = tmp_path / str(kill_at)
        folder.mkdir()
        with databases.database(dialect, folder) as address:
            scenario.prepare(address)
            scenario.plan_execution(folder, dialect)
            assert worker(folder, address, kill_at) == signal.SIGKILL
            point, _ = scenario.counted(None)
            assert scenario.run(folder, address, point, soft_seconds=30) == "done"
            assert scenario.contents(address) == expected, f"killed at point {kill_at}: {passed[kill_at - 1]}"


def test_workers_killed_one_after_the_other_at_every_kind_of_point_end_right(dialect: Dialect, tmp_path: Path) -> None:
    """One upgrade, a chain of workers: each takes up what the last one left and is killed at the next kind of point."""
    expected, passed = undisturbed(dialect, tmp_path)
    kinds = list(dict.fromkeys(passed))
    folder = tmp_path / "killed"
    folder.mkdir()
    killed: list[str] = []
    with databases.database(dialect, folder) as address:
        scenario.prepare(address)
        scenario.plan_execution(folder, dialect)
        for kind in (*kinds, *EFFECTS, *EFFECTS):
            if worker(folder, address, kind) == signal.SIGKILL:
                killed.append(kind)
        point, _ = scenario.counted(None)
        assert scenario.run(folder, address, point) == "done"
        assert scenario.contents(address) == expected, killed
    assert len(set(killed)) >= len(kinds) // 2, killed


def test_a_fresh_interpreter_killed_in_the_middle_of_the_migration_is_resumed(dialect: Dialect, tmp_path: Path) -> None:
    expected, passed = undisturbed(dialect, tmp_path)
    folder = tmp_path / "killed"
    folder.mkdir()
    layers = [ROOT / "layers" / name / "python" for name in ("core", "kit", "upgrade")]
    with databases.database(dialect, folder) as address:
        scenario.prepare(address)
        scenario.plan_execution(folder, dialect)
        url = address.url.render_as_string(hide_password=False)
        middle = [index for index, name in enumerate(passed, 1) if name == "rows"][2]
        killed = subprocess.run(
            [sys.executable, "-m", "tests.functional.upgrade.scenario", folder, dialect, url, str(middle)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (ROOT, *layers)))},
            check=False,
            timeout=120,
        )
        assert killed.returncode == -signal.SIGKILL
        point, _ = scenario.counted(None)
        assert scenario.run(folder, address, point) == "done"
        assert scenario.contents(address) == expected
