"""The command as a package that a runner installs: built, installed where nothing else is, used against a hub (N4)."""

import json
import re
import shutil
import subprocess
import sys
import threading
import tomllib
import venv
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import distribution
from pathlib import Path
from typing import Any, ClassVar
from zipfile import ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement

from enghub.upgrade.manifests.document import Manifest
from enghub_cli.bundle import script_paths
from enghub_cli.main import COMMANDS
from tests.factories.upgrade import baseline, step

ROOT = Path(__file__).parents[3]
PROJECT = tomllib.loads((ROOT / "cli/pyproject.toml").read_text("utf-8"))["project"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, so that nothing is left beside the sources."""
    folder = tmp_path_factory.mktemp("wheel")
    source = shutil.copytree(ROOT / "cli", folder / "cli", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*command, "--wheel-dir", str(folder), str(source)], check=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def runner(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the package and what it declares, taken from here: no registry is asked."""
    home = tmp_path_factory.mktemp("runner") / "venv"
    venv.create(home, with_pip=False, symlinks=True)
    (packages,) = home.glob("lib/python*/site-packages")
    for name in sorted(needed(set(PROJECT["dependencies"]))):
        copy(name, packages)
    pip = [sys.executable, "-m", "pip", "--python", str(home / "bin/python"), "install", "--quiet", "--no-index"]
    subprocess.run([*pip, "--no-deps", str(wheel)], check=True)
    return home / "bin"


def needed(wanted: set[str]) -> set[str]:
    """Return the names of distributions that some need, and what these need."""
    found: set[str] = set()
    while wanted:
        one = Requirement(wanted.pop())
        if one.name.lower() in found or (one.marker is not None and not one.marker.evaluate({"extra": ""})):
            continue
        found.add(one.name.lower())
        wanted |= set(distribution(one.name).requires or ())
    return found


def copy(name: str, target: Path) -> None:
    found = distribution(name)
    for top in {file.parts[0] for file in found.files or () if file.parts[0] not in ("..", "__pycache__")}:
        source = Path(str(found.locate_file(top)))
        if source.is_dir():
            shutil.copytree(source, target / top, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
        elif source.exists():
            shutil.copy(source, target / top)


class Answers(BaseHTTPRequestHandler):
    """A hub with a site and an upgrade that fails."""

    STATUS: ClassVar[dict[str, Any]] = {
        "executionId": "01E",
        "siteId": "shop",
        "environment": "test",
        "upgradeBeforeVersion": "1.0.0",
        "upgradeAfterVersion": "1.1.0",
        "status": "FAILED",
        "totalSteps": 1,
        "completedSteps": 0,
        "currentStep": "1.1.0/s",
        "steps": [],
        "error": "no such table",
        "breakpoint": {"step": "1.1.0/s"},
        "summary": "Stopped at 1.1.0/s. Cause: no such table",
        "rollback": None,
        "queuePosition": None,
    }
    seen: ClassVar[list[tuple[str, str, Any]]] = []

    def do_GET(self) -> None:
        self._answer({"version": "1.0.0"} if "/sites/" in self.path else {"items": [], "cursor": None})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.seen.append((self.path, self.headers["Authorization"], body))
        self._answer({"versionType": "baseline", "steps": 1, "executionId": "01E", "status": "PENDING"})

    def _answer(self, data: Any) -> None:
        text = json.dumps({"data": self.STATUS if "/status/" in self.path else data}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def hub() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def typed(runner: Path, folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(runner / "enghub"), *words],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "LANG": "C.UTF-8", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_runner_validates_and_upgrades_with_nothing_but_the_package(runner: Path, hub: str, tmp_path: Path) -> None:
    main = step("enghub.SqlScripts", "s", sql_scripts=["a.sql"])
    (tmp_path / "1.1.0.json").write_text(json.dumps(baseline("1.1.0", upgrade_steps={"post_upgrade": [main]})))
    (tmp_path / "a.sql").write_text("SELECT 1;")
    there = {"ENGHUB_API": hub, "ENGHUB_TOKEN": "secret-token"}
    done = typed(runner, tmp_path, "upgrade", "validate", ".", **there)
    assert (done.returncode, done.stdout, done.stderr) == (0, "1.1.0.json: baseline 1.1.0, 1 steps\n", "")
    path, token, body = Answers.seen[-1]
    assert (path, token) == ("/api/v1/upgrade/manifests/validate", "Bearer secret-token")
    assert body["scripts"] == {"a.sql": "SELECT 1;"}
    words = ("upgrade", "execute", "--site", "shop", "--to", "1.1.0", "--follow", "--junit", "j.xml")
    failed = typed(runner, tmp_path, *words, **there)
    assert failed.returncode == 1, failed.stderr
    assert "Cause: no such table" in failed.stdout
    assert (tmp_path / "j.xml").exists()


def test_the_package_shows_what_it_can_do_and_says_where_the_rest_is(runner: Path, tmp_path: Path) -> None:
    assert typed(runner, tmp_path, "--version").stdout.strip() == PROJECT["version"]
    shown = typed(runner, tmp_path, "--help").stdout
    assert {name for name in COMMANDS if re.search(rf"^\W*{name}  ", shown, re.MULTILINE)} == {
        "upgrade",
        "mes",
        "plm",
        "parked",
    }
    elsewhere = typed(runner, tmp_path, "up")
    assert (elsewhere.returncode, "`enghub up` belongs to the repository" in elsewhere.stderr) == (2, True)
    assert "Say which hub" in typed(runner, tmp_path, "upgrade", "history").stderr
    assert "Traceback" not in typed(runner, tmp_path, "upgrade", "site", "add", "--help").stderr


def test_the_package_is_small_and_has_the_version_of_the_repository(wheel: Path) -> None:
    assert wheel.stat().st_size < 100_000
    assert {name.partition("/")[0] for name in ZipFile(wheel).namelist()} == {
        "enghub_cli",
        f"enghub_cli-{PROJECT['version']}.dist-info",
    }
    whole = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert PROJECT["version"] == whole["version"]
    own = {Requirement(one).name: one for one in (*whole["dependencies"], *whole["optional-dependencies"]["cli"])}
    assert all(own[Requirement(one).name] == one for one in PROJECT["dependencies"])


NAMES = st.sampled_from(["sql_scripts", "rollback_scripts", "config_files", "scripts", "other", "backup"])
VALUES = st.recursive(
    st.lists(st.text(max_size=5)) | st.integers(),
    lambda inner: st.dictionaries(NAMES, inner, max_size=3) | st.lists(inner, max_size=2),
    max_leaves=8,
)


@given(extra=st.dictionaries(NAMES, VALUES, max_size=3), back=st.dictionaries(NAMES, VALUES, max_size=3))
def test_the_command_finds_the_scripts_that_the_hub_finds(extra: dict[str, Any], back: dict[str, Any]) -> None:
    document = baseline(
        upgrade_steps={"post_upgrade": [step("x.Y", "a", **extra)], "pre_upgrade": [step("x.Y", "b", **extra)]},
        rollback_steps={"pre_rollback": [step("x.Y", "c", **back)]},
    )
    assert set(script_paths(document)) == set(Manifest.model_validate(document).script_paths)
