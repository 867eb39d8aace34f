"""What importing a function costs and touches, in fresh interpreters that see only its own layers."""

from pathlib import Path

import pytest

from bench.imports import functions, measure

BUDGET = 2.5
"""An import may cost at most this many times the CPU of ``import boto3``, measured in the same run."""
ROUNDS = 8
GUARD = """
import botocore.session, socket
def refuse(*args, **kwargs):
    raise SystemExit("an AWS client or a socket at import")
botocore.session.Session.create_client = refuse
socket.socket.connect = refuse
"""
every_function = pytest.mark.parametrize(("name", "path"), functions(), ids=[name for name, _ in functions()])


@every_function
def test_importing_a_function_opens_nothing_and_needs_only_its_layers(name: str, path: list[Path]) -> None:
    modules = measure(name, "import handler", path, GUARD).modules
    ours = {module.split(".")[1] for module in modules if module.startswith("enghub.")}
    assert ours <= {"core", "kit", name.split("/", maxsplit=1)[0]}


@every_function
def test_importing_a_function_stays_in_its_budget(name: str, path: list[Path]) -> None:
    """Measured in turns with the baseline, as machines change their pace."""
    baseline = cost = float("inf")
    for _ in range(ROUNDS):
        baseline = min(baseline, measure("boto3", "import boto3", []).cpu_ms)
        cost = min(cost, measure(name, "import handler", path).cpu_ms)
        if cost <= BUDGET * baseline:
            break
    assert cost <= BUDGET * baseline, f"{cost / baseline:.2f} x import boto3"
