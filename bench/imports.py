"""Import time (CPU) and memory of every function, against ``import boto3`` in the same run."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROUNDS = 5
# httpx imports a command line of its own where it finds rich and click; the vendor layer carries neither.
PROBE = """
import sys, time
sys.modules.update(dict.fromkeys(("rich", "click", "pygments")))
started = time.process_time()
{statement}
spent = time.process_time() - started
with open("/proc/self/status") as status:
    peak_kb = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
print(spent, peak_kb / 1024, len(sys.modules))
"""


@dataclass(frozen=True)
class Import:
    """One import: best CPU of several fresh interpreters in ms, peak memory in MB, modules loaded."""

    name: str
    cpu_ms: float
    memory_mb: float
    modules: int


def measure(name: str, statement: str, path: list[Path]) -> Import:
    """Import in fresh interpreters and keep the cheapest."""
    best: tuple[float, float, float] = (float("inf"), 0, 0)
    for _ in range(ROUNDS):
        done = subprocess.run(
            [sys.executable, "-c", PROBE.format(statement=statement)],
            env={"PYTHONPATH": os.pathsep.join(map(str, path)), "PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            check=True,
        )
        best = min(best, tuple(map(float, done.stdout.split())))  # type: ignore[assignment]
    return Import(name, best[0] * 1000, best[1], int(best[2]))


def functions() -> list[tuple[str, list[Path]]]:
    """Return every function's name and the folders it sees in Lambda, without the vendor layer."""
    found = []
    for handler in sorted(ROOT.glob("functions/*/*/handler.py")):
        context, name = handler.parts[-3], handler.parts[-2]
        layers = [ROOT / "layers" / layer / "python" for layer in dict.fromkeys(("core", context))]
        found.append((f"{context}/{name}", [handler.parent, *layers]))
    return found


def measure_all() -> list[Import]:
    """Measure ``import boto3`` first, then every function."""
    results = [measure("import boto3 (baseline)", "import boto3", [])]
    return results + [measure(name, "import handler", path) for name, path in functions()]
