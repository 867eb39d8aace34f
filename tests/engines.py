"""The flag engines of others, as published: one process says what each of them answers (``bench/engines_worker``)."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.processes import installed

BENCH = Path(__file__).parents[1] / "bench"
PINNED = BENCH / "engines.txt"
Asked = list[tuple[str, dict[str, Any]]]


class Engines:
    """Asks the process."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def answers(self, engine: str, definitions: Any, asked: Asked) -> list[Any]:
        """Return what an engine answers, in order."""
        said = {"engine": engine, "definitions": definitions, "asked": asked}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(said) + "\n")
        self._process.stdin.flush()
        found = json.loads(self._process.stdout.readline())
        assert isinstance(found, list), found
        return found


def _pip(target: str) -> list[str]:
    pip = [sys.executable, "-m", "uv", "pip", "install", "--no-deps", "--require-hashes"]
    return [*pip, "--target", target, "--requirement", str(PINNED)]


@contextmanager
def engines() -> Iterator[Engines]:
    """The engines, installed once into .build/bench, as published JavaScript clients are by ``tests/npm.py``."""
    name = f"engines-{hashlib.sha256(PINNED.read_bytes()).hexdigest()[:12]}"
    target = installed(name, _pip)
    worker = [sys.executable, "-S", str(BENCH / "engines_worker.py")]
    with subprocess.Popen(
        worker,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(target)},
    ) as process:
        try:
            yield Engines(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(10)
