"""Processes that are measured: their environment, their peak; and tools of others, no dependencies of ours."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

TOOLS = Path(".build/bench")


def environment() -> dict[str, str]:
    """Return the environment of a process that imports our layers."""
    paths = [".", *(str(path) for path in Path("layers").glob("*/python"))]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


def peak_mb() -> float:
    """Return this program's peak; `ru_maxrss` would be at least that of the process that started it."""
    lines = Path("/proc/self/status").read_text("utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def installed(name: str, command: Callable[[str], list[str]]) -> Path:
    """Return where a tool is, after installing it once.

    Raises:
        OSError, subprocess.SubprocessError: it cannot be installed here.
    """
    target = (TOOLS / name).resolve()
    if not (target / ".ready").exists():
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        subprocess.run(command(str(target)), check=True, capture_output=True, timeout=300)
        (target / ".ready").touch()
    return target
