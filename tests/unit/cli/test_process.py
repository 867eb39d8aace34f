"""The local cloud's process: found only when it is ours and alive."""

import json
import os
from pathlib import Path

from enghub_cli.cloud import process
from enghub_cli.cloud.process import Home, Running


def noted(folder: Path, pid: int) -> Home:
    home = Home(folder)
    home.state_file.write_text(json.dumps({"pid": pid, "port": 9}))
    return home


def test_without_a_note_nothing_runs(tmp_path: Path) -> None:
    assert Home(tmp_path).running() is None
    assert process.stop(Home(tmp_path)) is False


def test_a_damaged_note_counts_as_none(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text("{")
    assert Home(tmp_path).noted() is None


def test_a_stranger_with_the_same_number_is_left_alone(tmp_path: Path) -> None:
    home = noted(tmp_path, os.getpid())
    assert home.noted() == Running(os.getpid(), 9)
    assert home.running() is None
    assert process.stop(home) is False


def test_a_process_that_is_gone_is_not_running(tmp_path: Path) -> None:
    assert noted(tmp_path, 2**22 + 1).running() is None
