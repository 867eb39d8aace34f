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
calls = 0
def seen(*_):
    global calls
    calls += 1
{before}
if {counted}:
    sys.setprofile(seen)
started = time.process_time()
{statement}
spent = time.process_time() - started
sys.setprofile(None)
with open("/proc/self/status") as status:
    peak_kb = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
print(spent, peak_kb / 1024, calls, *sys.modules)
"""


@dataclass(frozen=True)
class Import:
    """One import: CPU in ms, peak memory in MB, calls (0 where not counted), modules that are loaded then."""

    name: str
    cpu_ms: float
    memory_mb: float
    calls: int
    modules: tuple[str, ...]


def measure(name: str, statement: str, path: list[Path], before: str = "pass", *, counted: bool = False) -> Import:
    """Import once, in a fresh interpreter that has run `before`; warnings are errors.

    `counted` counts calls and returns, of Python and of C: the same in every run, but it takes time of its own.

    Raises:
        RuntimeError: with what the interpreter wrote.
    """
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROBE.format(statement=statement, before=before, counted=counted)],
        env={"PYTHONPATH": os.pathsep.join(map(str, path)), "PATH": os.environ["PATH"], "PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{name}: {done.stderr or done.stdout}")
    cpu_seconds, memory_mb, calls, *modules = done.stdout.split()
    return Import(name, float(cpu_seconds) * 1000, float(memory_mb), int(calls), tuple(modules))


def functions() -> list[tuple[str, list[Path]]]:
    """Return every function's name and the folders it sees in Lambda, without the vendor layer."""
    found = []
    for handler in sorted(ROOT.glob("functions/*/*/handler.py")):
        context, name = handler.parts[-3], handler.parts[-2]
        layers = [ROOT / "layers" / layer / "python" for layer in dict.fromkeys(("core", "kit", context))]
        found.append((f"{context}/{name}", [handler.parent, *layers]))
    return found


def measure_all() -> list[Import]:
    """Measure ``import boto3`` and every function in turns, and keep the cheapest of each."""
    wanted: list[tuple[str, str, list[Path]]] = [("import boto3 (baseline)", "import boto3", [])]
    wanted += [(name, "import handler", path) for name, path in functions()]
    rounds = [[measure(*one) for one in wanted] for _ in range(ROUNDS)]
    return [min(measured, key=lambda one: one.cpu_ms) for measured in zip(*rounds, strict=True)]
