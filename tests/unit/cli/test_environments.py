"""The processes in which the local cloud runs functions."""

import io
import json
import subprocess
import sysconfig
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from enghub_cli.cloud.emulator import functions
from enghub_cli.cloud.environment import Environment

TELLS = """
import json, os, sys
said = sys.stdin.readline()
told = {"said": said, "folder": os.getcwd(), "variables": dict(os.environ), "path": sys.path[-1]}
told["ours"] = [name for name in sys.modules if name.partition(".")[0] == "enghub"]
print(json.dumps(told), flush=True)
print("logged", file=sys.stderr)
sys.stdin.readline()
sys.exit(3)
"""


@contextmanager
def started(script: str, folder: Path) -> Iterator[Environment]:
    (folder / "_worker.py").write_text(script, "utf-8")
    path = [sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib") + "/lib-dynload", "/nowhere"]
    environment = Environment(str(folder / "_worker.py"), str(folder), {"NAME": "value"}, path)
    try:
        yield environment
    finally:
        environment.kill()
        environment.wait(10)
        for stream in (environment.stdin, environment.stdout, environment.stderr):
            stream.close()


def test_an_environment_has_only_its_own_variables_folder_path_and_modules(tmp_path: Path) -> None:
    with started(TELLS, tmp_path) as environment:
        environment.stdin.write("hello\n")
        told = json.loads(environment.stdout.readline())
        assert environment.stderr.readline() == "logged\n"
        assert environment.poll() is None
        environment.stdin.write("end\n")
        assert environment.wait(10) == 3
    assert told == {
        "said": "hello\n",
        "folder": str(tmp_path),
        "variables": {"NAME": "value"},
        "path": "/nowhere",
        "ours": [],
    }


def test_an_environment_is_ended_by_terminate(tmp_path: Path) -> None:
    with started("import sys; sys.stdin.readline()", tmp_path) as environment:
        with pytest.raises(subprocess.TimeoutExpired):
            environment.wait(0)
        environment.terminate()
        assert environment.wait(10) != 0
        assert environment.stdout.readline() == ""


def test_two_environments_draw_different_random_numbers(tmp_path: Path) -> None:
    script = "import random; print(random.random(), flush=True)"
    with started(script, tmp_path) as one, started(script, tmp_path) as other:
        assert one.stdout.readline() != other.stdout.readline()


def test_a_layer_is_unpacked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("python/module.py", "x = 1")
    folder = functions.unpacked(packed.getvalue())
    (folder / "python" / "kept").touch()
    assert functions.unpacked(packed.getvalue()) == folder
    assert sorted(file.name for file in (folder / "python").iterdir()) == ["kept", "module.py"]
