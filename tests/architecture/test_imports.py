"""What importing a function costs and touches, in fresh interpreters that see only its own layers."""

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HANDLERS = sorted(ROOT.glob("functions/*/*/handler.py"))
BUDGET = 2.5
"""An import may cost at most this many times the CPU of ``import boto3``, measured in the same run."""

# httpx imports a command line of its own where it finds rich and click; the vendor layer carries neither.
PROBE = """
import sys, time
sys.modules.update(dict.fromkeys(("rich", "click", "pygments")))
import botocore.session, socket
def refuse(*args, **kwargs):
    raise SystemExit("an AWS client or a socket at import")
{guard}
started = time.process_time()
{statement}
print(time.process_time() - started, *sorted(m for m in sys.modules if m.startswith("enghub.")))
"""
GUARD = "botocore.session.Session.create_client = refuse; socket.socket.connect = refuse"


def run(statement: str, path: list[Path], guard: str) -> tuple[float, list[str]]:
    probe = PROBE.format(statement=statement, guard=guard)
    if not guard:
        probe = probe.replace("import botocore.session, socket", "")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", probe],
        env={"PYTHONPATH": os.pathsep.join(map(str, path)), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr or done.stdout
    cpu, *modules = done.stdout.split()
    return float(cpu), modules


def layers(handler: Path) -> list[Path]:
    context = handler.parts[-3]
    return [handler.parent, *(ROOT / "layers" / layer / "python" for layer in {"core", context})]


def cost(statement: str, path: list[Path]) -> float:
    return min(run(statement, path, "")[0] for _ in range(3))


@cache
def boto3_cost() -> float:
    return cost("import boto3", [])


@pytest.mark.parametrize("handler", HANDLERS, ids=lambda path: f"{path.parts[-3]}-{path.parts[-2]}")
def test_importing_a_function_opens_nothing_and_needs_only_its_layers(handler: Path) -> None:
    _, modules = run("import handler", layers(handler), GUARD)
    allowed = {"core", handler.parts[-3]}
    assert {module.split(".")[1] for module in modules} <= allowed


@pytest.mark.parametrize("handler", HANDLERS, ids=lambda path: f"{path.parts[-3]}-{path.parts[-2]}")
def test_importing_a_function_stays_in_its_budget(handler: Path) -> None:
    ratio = cost("import handler", layers(handler)) / boto3_cost()
    assert ratio <= BUDGET, f"{ratio:.2f} x import boto3"
