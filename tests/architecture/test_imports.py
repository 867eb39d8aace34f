"""What importing a function costs and touches, in fresh interpreters that see only its own layers.

One interpreter per context imports all its functions under a guard: no AWS client, no socket, no other layer. The cost
is counted for functions whose imports no other function's contain: what imports less costs less. A function's own
lines, which the others do not have, are counted by running them once more in the context's interpreter. Calls are
counted, not time: they are the same on every machine, whatever else it does (docs/decisions/0135).
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

BUDGET = 2.42
"""An import may make at most this many times the calls of ``import boto3``: about 2.5 times its CPU."""
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
    calls = 0
    sys.setprofile(seen)
    run(path, "handler")
    sys.setprofile(None)
    own[path] = calls
open({told!r}, "w").write(json.dumps(own))
"""
LAYERS = dict(functions())


@dataclass(frozen=True)
class Seen:
    """What one interpreter saw that imported all functions of a context."""

    modules: frozenset[str]
    own_calls: dict[str, int]
    """Calls of each handler's own lines, by its path."""


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
def measured_for_all() -> list[tuple[str, int]]:
    """Return the functions whose import no other one's contains, each with the dearest own lines it stands for."""
    imports = {file: reached(file, toured(file.owner).modules) for file in source.handlers()}
    largest = {names: file for file, names in imports.items() if not any(names < other for other in imports.values())}
    return [
        ("/".join(file.path.parts[1:3]), max(_own(other) for other, less in imports.items() if less <= names))
        for names, file in largest.items()
    ]


def _own(file: Source) -> int:
    return toured(file.owner).own_calls[str(ROOT / file.path)]


@pytest.mark.parametrize("context", sorted({name.split("/")[0] for name in LAYERS}))
def test_importing_a_contexts_functions_opens_nothing_and_needs_only_its_layers(context: str) -> None:
    seen = toured(context)
    ours = {module.split(".")[1] for module in seen.modules if module.startswith("enghub.")}
    assert ours <= {"core", "kit", context}
    assert len(seen.own_calls) == len([name for name in LAYERS if name.startswith(f"{context}/")])


def test_importing_any_function_stays_in_its_budget() -> None:
    # The first one may have to compile what it imports.
    baseline = min(measure("boto3", "import boto3", [], counted=True).calls for _ in range(2))
    counted = {
        name: (measure(name, "import handler", LAYERS[name], counted=True).calls + own) / baseline
        for name, own in measured_for_all()
    }
    assert {name: f"{share:.2f} x import boto3" for name, share in counted.items() if share > BUDGET} == {}
