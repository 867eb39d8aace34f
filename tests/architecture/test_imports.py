"""What importing a function costs and touches, in fresh interpreters that see only its own layers.

One interpreter per context imports all its functions under a guard: no AWS client, no socket, no other layer. The cost
is measured for functions whose imports no other function's contain: what imports less costs less. A function's own
lines, which the others do not have, are timed by running them once more in the context's interpreter.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bench.imports import functions, measure
from tests.architecture import source
from tests.architecture.source import ROOT, Source

pytestmark = pytest.mark.xdist_group("imports")

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
TOUR = """
import importlib.util, json
def run(path, name):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
own = dict()
for path in {paths}:
    try:
        run(path, "handler")
    except BaseException as error:
        raise SystemExit(f"{{path}}: {{error!r}}") from error
    begun = time.process_time()
    run(path, "handler")
    own[path] = (time.process_time() - begun) * 1000
open({told!r}, "w").write(json.dumps(own))
"""
LAYERS = dict(functions())


@dataclass(frozen=True)
class Seen:
    """What one interpreter saw that imported all functions of a context."""

    modules: frozenset[str]
    own_ms: dict[str, float]
    """CPU of each handler's own lines, by its path."""


@cache
def toured(context: str) -> Seen:
    handlers = [str(ROOT / file.path) for file in source.handlers() if file.owner == context]
    layers = next(path[1:] for name, path in LAYERS.items() if name.startswith(f"{context}/"))
    with TemporaryDirectory() as folder:
        told = Path(folder) / "own.json"
        seen = measure(context, TOUR.format(paths=handlers, told=str(told)), layers, GUARD)
        return Seen(frozenset(seen.modules), json.loads(told.read_text("utf-8")))


def reached(handler: Source, modules: frozenset[str]) -> frozenset[str]:
    """Return what importing a function imports, by the syntax trees; `modules` tells modules from names in them."""
    ours = {file.module: file for file in source.runtime() if not file.is_function}
    found: set[str] = set()
    waiting = [handler]
    while waiting:
        names = {source.defining(name, modules) or name for name in source.at_import(waiting.pop())} - found
        found |= names
        waiting += [ours[name] for name in names if name in ours]
    return frozenset(found)


@cache
def measured_for_all() -> list[tuple[str, float]]:
    """Return the functions whose import no other one's contains, each with the dearest own lines it stands for."""
    imports = {file: reached(file, toured(file.owner).modules) for file in source.handlers()}
    largest = {names: file for file, names in imports.items() if not any(names < other for other in imports.values())}
    return [
        ("/".join(file.path.parts[1:3]), max(_own(other) for other, less in imports.items() if less <= names))
        for names, file in largest.items()
    ]


def _own(file: Source) -> float:
    return toured(file.owner).own_ms[str(ROOT / file.path)]


@pytest.mark.parametrize("context", sorted({name.split("/")[0] for name in LAYERS}))
def test_importing_a_contexts_functions_opens_nothing_and_needs_only_its_layers(context: str) -> None:
    seen = toured(context)
    ours = {module.split(".")[1] for module in seen.modules if module.startswith("enghub.")}
    assert ours <= {"core", "kit", context}
    assert len(seen.own_ms) == len([name for name in LAYERS if name.startswith(f"{context}/")])


def test_importing_any_function_stays_in_its_budget() -> None:
    """Measured in turns with the baseline, as machines change their pace."""
    over = [told for name, own_ms in measured_for_all() if (told := over_budget(name, own_ms))]
    assert over == []


def over_budget(name: str, own_ms: float) -> str | None:
    baseline = cost = float("inf")
    for _ in range(ROUNDS):
        baseline = min(baseline, measure("boto3", "import boto3", []).cpu_ms)
        cost = min(cost, measure(name, "import handler", LAYERS[name]).cpu_ms + own_ms)
        if cost <= BUDGET * baseline:
            return None
    return f"{name}: {cost / baseline:.2f} x import boto3"


@pytest.mark.parametrize("name", sorted(LAYERS)[::9])
def test_what_the_syntax_trees_say_is_what_an_interpreter_imports(name: str) -> None:
    handler = next(file for file in source.handlers() if "/".join(file.path.parts[1:3]) == name)
    said = {module for module in reached(handler, toured(handler.owner).modules) if module.startswith("enghub.")}
    seen = {module for module in measure(name, "import handler", LAYERS[name]).modules if module.count(".") > 1}
    real = {m for m in seen if m.startswith("enghub.") and not _is_package(m)}
    assert {module for module in said if not _is_package(module)} == real


def _is_package(module: str) -> bool:
    return any((ROOT / "layers").glob(f"*/python/{module.replace('.', '/')}/"))
