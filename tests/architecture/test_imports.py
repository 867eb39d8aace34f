"""What importing a function costs and touches, in fresh interpreters that see only its own layers."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HANDLERS = sorted(ROOT.glob("functions/*/*/handler.py"))
BUDGET = 2.5
"""An import may cost at most this many times the CPU of ``import boto3``, measured in the same run."""
ROUNDS = 8

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


def ratio(handler: Path) -> float:
    """Return the cost of an import in costs of ``import boto3``; measured in turns, as machines change their pace."""
    baseline = cost = float("inf")
    for _ in range(ROUNDS):
        baseline = min(baseline, run("import boto3", [], "")[0])
        cost = min(cost, run("import handler", layers(handler), "")[0])
        if cost <= BUDGET * baseline:
            break
    return cost / baseline


@pytest.mark.parametrize("handler", HANDLERS, ids=lambda path: f"{path.parts[-3]}-{path.parts[-2]}")
def test_importing_a_function_opens_nothing_and_needs_only_its_layers(handler: Path) -> None:
    _, modules = run("import handler", layers(handler), GUARD)
    allowed = {"core", handler.parts[-3]}
    assert {module.split(".")[1] for module in modules} <= allowed


@pytest.mark.parametrize("handler", HANDLERS, ids=lambda path: f"{path.parts[-3]}-{path.parts[-2]}")
def test_importing_a_function_stays_in_its_budget(handler: Path) -> None:
    found = ratio(handler)
    assert found <= BUDGET, f"{found:.2f} x import boto3"
