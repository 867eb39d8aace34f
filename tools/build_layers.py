"""Builds the Lambda layers with third-party code for arm64 Linux, without Docker: ``.build/layers/<name>/python``.

``vendor`` holds what every function may import; ``upgrade`` adds the packages of one context to that context's own
code. Requirements come from pyproject.toml, pinned with hashes in requirements.txt and requirements-<context>.txt
(``--lock`` compiles them anew). The same requirements give the same bytes: what did not change is not published again.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / ".build" / "layers"
LIMIT_MB = 250
"""AWS: all layers and the code of one function, unzipped (Lambda quotas)."""
PYTHON, PLATFORM = "3.13", "aarch64-manylinux_2_28"
"""What Lambda runs: its Python 3.13 lives on Amazon Linux 2023, whose glibc is 2.34."""
UNNEEDED_FOLDERS = ("tests", "test", "testing", "__pycache__", "docs", "examples")
UNNEEDED_SUFFIXES = (".pyc", ".pyi", ".md", ".rst", ".c", ".h", ".pyx")
UNSTABLE_METADATA = ("RECORD", "INSTALLER", "REQUESTED")
"""What an installer writes about itself; it would give every build other bytes."""
KEPT_FOLDERS = ("boto3/docs", "botocore/docs", "numpy/testing", "sqlalchemy/testing")
"""Folders that look unneeded but are imported at run time."""
SERVICES = frozenset(
    {
        "cloudwatch",
        "dynamodb",
        "events",
        "kms",
        "lambda",
        "logs",
        "route53",
        "s3",
        "scheduler",
        "secretsmanager",
        "sesv2",
        "sns",
        "sqs",
        "ssm",
        "stepfunctions",
        "sts",
    }
)
"""The AWS services our functions call; the models of all others are most of botocore's size."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer with third-party packages: its requirements file, the extra that defines it, and own code to add."""

    name: str
    requirements: str
    extra: str | None = None
    own_code: Path | None = None


LAYERS = (
    Layer("vendor", "requirements.txt"),
    *(
        Layer(context, f"requirements-{context}.txt", context, ROOT / "layers" / context)
        for context in ("golive", "mes", "notices", "plm", "settings", "upgrade")
    ),
)


def lock_development() -> None:
    """Compile ``requirements-dev.txt``: everything, on every platform, from pyproject.toml."""
    command = ["pip", "compile", "--quiet", "pyproject.toml", "--generate-hashes", "--no-header", "--no-emit-index-url"]
    command += ["--universal", "--python-version", "3.11", "--output-file", "requirements-dev.txt"]
    for extra in (*(layer.extra for layer in LAYERS if layer.extra), "cli", "dev"):
        command += ["--extra", extra]
    _uv(*command)


def lock(layer: Layer) -> None:
    """Compile the requirements file of ``layer`` from pyproject.toml, without what ``vendor`` has already."""
    command = ["pip", "compile", "--quiet", "pyproject.toml", "--generate-hashes", "--no-header", "--no-emit-index-url"]
    command += ["--python-version", PYTHON, "--python-platform", PLATFORM, "--output-file", layer.requirements]
    if layer.extra:
        command += ["--extra", layer.extra, "--constraint", LAYERS[0].requirements]
        for name in _pinned(ROOT / LAYERS[0].requirements):
            command += ["--no-emit-package", name]
    _uv(*command)


def build(layer: Layer) -> int:
    """Build ``layer`` unless it is up to date; returns its size in bytes."""
    target, mark = OUT / layer.name, OUT / f"{layer.name}.sha256"
    inputs = _inputs(layer)
    if not (target.is_dir() and mark.exists() and mark.read_text(encoding="utf-8") == inputs):
        shutil.rmtree(target, ignore_errors=True)
        python = target / "python"
        python.mkdir(parents=True)
        _uv(
            *("pip", "install", "--quiet", "--target", str(python), "--requirements", layer.requirements),
            *("--python-platform", PLATFORM, "--python-version", PYTHON, "--only-binary", ":all:"),
            *("--no-deps", "--require-hashes", "--no-compile", "--link-mode", "copy"),
        )
        _prune(python)
        if layer.own_code:
            ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
            shutil.copytree(layer.own_code, target, dirs_exist_ok=True, ignore=ignored)
        mark.write_text(inputs, encoding="utf-8")
    return sum(file.stat().st_size for file in target.rglob("*") if file.is_file())


def _inputs(layer: Layer) -> str:
    digest = hashlib.sha256(Path(__file__).read_bytes())
    files = [ROOT / layer.requirements]
    if layer.own_code:
        files += sorted(file for file in layer.own_code.rglob("*") if file.is_file() and file.suffix != ".pyc")
    for file in files:
        digest.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def _prune(python: Path) -> None:
    """Remove what no function imports: tests, type stubs, sources of extensions, models of services never called."""
    shutil.rmtree(python / "bin", ignore_errors=True)
    folders = [path for path in python.rglob("*") if path.is_dir() and path.name in UNNEEDED_FOLDERS]
    for folder in folders:
        if not any(str(folder).endswith(kept) for kept in KEPT_FOLDERS):
            shutil.rmtree(folder, ignore_errors=True)
    for service in (python / "botocore" / "data").iterdir() if (python / "botocore" / "data").is_dir() else ():
        if service.is_dir() and service.name not in SERVICES:
            shutil.rmtree(service)
    for file in [path for path in python.rglob("*") if path.is_file()]:
        in_metadata = file.parent.suffix == ".dist-info"
        if (file.suffix in UNNEEDED_SUFFIXES and not in_metadata) or (
            in_metadata and file.name in {"RECORD", "INSTALLER"}
        ):
            file.unlink()


def _pinned(requirements: Path) -> Iterator[str]:
    for line in requirements.read_text(encoding="utf-8").splitlines():
        if "==" in line and not line.startswith((" ", "#")):
            yield line.split("==")[0].split("[")[0]


def _uv(*arguments: str) -> None:
    uv = Path(sys.executable).with_name("uv")
    subprocess.run([str(uv), *arguments], cwd=ROOT, check=True, env=dict(os.environ))


def main() -> int:
    """Build all layers, print their sizes, and fail if a function could not carry them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lock", action="store_true", help="compile the requirements files anew first")
    options = parser.parse_args()
    if options.lock:
        for layer in LAYERS:
            lock(layer)
        lock_development()
    sizes = {layer.name: build(layer) / 1e6 for layer in LAYERS}
    for name, size in sizes.items():
        print(f"{name:<10}{size:8.1f} MB")
    most = sizes.pop("vendor") + max(sizes.values())
    print(f"{'a function':<10}{most:8.1f} MB at most, of {LIMIT_MB} MB")
    return 0 if most < LIMIT_MB else 1


if __name__ == "__main__":
    sys.exit(main())
