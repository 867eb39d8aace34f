"""`make setup` with stand-ins for Python and its installers: what it makes anew, and when."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PYTHON = """#!/bin/sh
case "$*" in
  "-m venv .venv") echo venv >> made; mkdir -p .venv/bin; cp installer .venv/bin/python; cp installer .venv/bin/uv ;;
esac
"""
INSTALLER = """#!/bin/sh
echo "$*" >> installed
"""
BROKEN = """#!/bin/sh
echo "No module named pip" >&2
exit 1
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("Makefile", "requirements-dev.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / name)
    for name, text in (("python", PYTHON), ("installer", INSTALLER)):
        program(tmp_path / name, text)
    return tmp_path


def program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def make_setup(folder: Path) -> str:
    done = subprocess.run(
        ["make", "setup", f"PYTHON={folder / 'python'}"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        env={name: value for name, value in os.environ.items() if not name.startswith("MAKE")},
    )
    return done.stdout


def test_an_environment_is_made_once(folder: Path) -> None:
    make_setup(folder)
    assert "Nothing to be done" in make_setup(folder)
    assert (folder / "made").read_text() == "venv\n"


def test_a_half_made_environment_is_made_anew(folder: Path) -> None:
    program(folder / ".venv/bin/python", BROKEN)
    (folder / ".venv/half").touch()
    assert "made anew" in make_setup(folder)
    assert (folder / "made").read_text() == "venv\n"
    assert not (folder / ".venv/half").exists()
    assert "Nothing to be done" in make_setup(folder)


def test_new_requirements_are_installed_into_the_environment_there_is(folder: Path) -> None:
    make_setup(folder)
    (folder / ".venv/kept").touch()
    before = (folder / "installed").read_text().count("\n")
    os.utime(folder / "requirements-dev.txt", (4e9, 4e9))
    make_setup(folder)
    assert (folder / ".venv/kept").exists()
    assert (folder / "installed").read_text().count("\n") == 2 * before
