"""The wheel of the Python client stands alone: its own code, the hub's engine, httpx; hashes with or without mmh3."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from zipfile import ZipFile

import pytest

from enghub_flags.hashing import HashVersion, draw

ROOT = Path(__file__).parents[3]
SOURCE = ROOT / "clients" / "python"
PROJECT = tomllib.loads((SOURCE / "pyproject.toml").read_text("utf-8"))["project"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built as `make package` does."""
    folder = tmp_path_factory.mktemp("client")
    shutil.copytree(SOURCE, folder / "client")
    shutil.copytree(ROOT / "layers" / "settings" / "python" / "enghub_flags", folder / "client" / "enghub_flags")
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--wheel-dir", str(folder), str(folder / "client")], check=True)
    return next(folder.glob("*.whl"))


def test_the_wheel_holds_client_and_engine_with_their_types(wheel: Path) -> None:
    names = set(ZipFile(wheel).namelist())
    assert {"enghub_client/py.typed", "enghub_flags/py.typed", "enghub_flags/murmur.py"} <= names
    assert {name.partition("/")[0] for name in names} == {
        "enghub_client",
        "enghub_flags",
        f"enghub_client-{PROJECT['version']}.dist-info",
    }
    engine = ROOT / "layers" / "settings" / "python"
    with ZipFile(wheel) as held:
        for name in names:
            if name.startswith("enghub_flags/"):
                assert held.read(name) == (engine / name).read_bytes(), name


WITHOUT = """
import importlib.abc, sys
class Gone(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"mmh3", "boto3", "botocore", "aws_lambda_powertools", "pydantic", "openfeature"}:
            raise ImportError(name)
sys.meta_path.insert(0, Gone())
from enghub_client import Client
from enghub_flags.hashing import HashVersion, draw
assert "enghub" not in sys.modules
print([draw(HashVersion.OURS, ("s", "in"), 100_000)(f"u-{n}") for n in range(20)])
"""


def test_it_needs_neither_aws_nor_compiled_code_and_draws_the_same(wheel: Path, tmp_path: Path) -> None:
    with ZipFile(wheel) as held:
        held.extractall(tmp_path)
    found = subprocess.run(
        [sys.executable, "-c", WITHOUT], env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stderr
    assert found.stdout.strip() == str([draw(HashVersion.OURS, ("s", "in"), 100_000)(f"u-{n}") for n in range(20)])


def test_it_depends_on_httpx_alone() -> None:
    assert [one.partition(">")[0] for one in PROJECT["dependencies"]] == ["httpx"]
