"""What importing a function costs and touches, in fresh interpreters that see only its own layers.

One interpreter per context imports all its functions under a guard: no AWS client, no socket, no other layer. It counts
the calls that each module makes while it is imported, and who imports whom: what a function costs follows from both.
Where that comes near the budget, and for the dearest function of each context, a fresh interpreter imports this one
alone. Calls are counted, not time: they are the same on every machine, whatever else it does (docs/decisions/0135).
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bench.imports import functions, measure

pytestmark = pytest.mark.xdist_group("imports")

BUDGET = 2.42
"""An import may make at most this many times the calls of ``import boto3``: about 2.5 times its CPU."""
NEAR = 0.05
"""What a cost that was put together may differ from the one counted, in units of ``import boto3``."""
GUARD = """
import botocore.session, socket
def refuse(*args, **kwargs):
    raise SystemExit("an AWS client or a socket at import")
botocore.session.Session.create_client = refuse
socket.socket.connect = refuse
"""
TOUR = """
import _frozen_importlib, builtins, importlib.util, json
calls_of, imports_of, importing = dict(), dict(), ["__main__"]
find, real = _frozen_importlib._find_and_load, builtins.__import__

def seen(*_):
    calls_of[importing[-1]] = calls_of.get(importing[-1], 0) + 1

def find_and_load(name, import_):
    importing.append(name)
    try:
        return find(name, import_)
    finally:
        importing.pop()

def noted(name, globals=None, locals=None, fromlist=(), level=0):
    found = real(name, globals, locals, fromlist, level)
    if globals is not None:
        importer = globals.get("__name__", "")
        base = importlib.util.resolve_name("." * level + name, globals["__package__"] or importer) if level else name
        imports_of.setdefault(importer, set()).update([base, *(base + "." + one for one in fromlist or ())])
    return found

_frozen_importlib._find_and_load, builtins.__import__ = find_and_load, noted
sys.setprofile(seen)
{guard}
sys.setprofile(None)
for path in {paths}:
    spec = importlib.util.spec_from_file_location(path, path)
    module = importlib.util.module_from_spec(spec)
    importing.append(path)
    sys.setprofile(seen)
    try:
        spec.loader.exec_module(module)
    except BaseException as error:
        raise SystemExit(f"{{path}}: {{error!r}}") from error
    finally:
        sys.setprofile(None)
        importing.pop()
_frozen_importlib._find_and_load, builtins.__import__ = find, real
told = dict(calls=calls_of, imports=dict((name, sorted(found)) for name, found in imports_of.items()))
open({told!r}, "w").write(json.dumps(told))
"""
LAYERS = dict(functions())
CONTEXTS = sorted({name.split("/")[0] for name in LAYERS})


@dataclass(frozen=True)
class Seen:
    """What one interpreter saw that imported all functions of a context."""

    modules: frozenset[str]
    calls: dict[str, int]
    """Calls that a module makes while it is imported, without those of modules it imports; handlers by their path."""
    imports: dict[str, list[str]]

    def cost(self, handler: str) -> int:
        """Return the calls of importing one handler: its own, and those of all modules that this imports."""
        waiting, found = [handler], set[str]()
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += [*self.imports.get(name, ()), *_packages(name)]
        return sum(self.calls.get(name, 0) for name in found)


def _packages(name: str) -> Iterator[str]:
    while "." in name:
        name = name.rpartition(".")[0]
        yield name


@cache
def toured(context: str) -> Seen:
    handlers = [_handler(name) for name in LAYERS if name.startswith(f"{context}/")]
    layers = next(path[1:] for name, path in LAYERS.items() if name.startswith(f"{context}/"))
    with TemporaryDirectory() as folder:
        told = Path(folder) / "told.json"
        seen = measure(context, TOUR.format(paths=handlers, told=str(told), guard=GUARD), layers)
        return Seen(frozenset(seen.modules), **json.loads(told.read_text("utf-8")))


def _handler(name: str) -> str:
    return str(LAYERS[name][0] / "handler.py")


@pytest.mark.parametrize("context", CONTEXTS)
def test_importing_a_contexts_functions_opens_nothing_and_needs_only_its_layers(context: str) -> None:
    seen = toured(context)
    ours = {module.split(".")[1] for module in seen.modules if module.startswith("enghub.")}
    assert ours <= {"core", "kit", context}
    assert {_handler(name) for name in LAYERS if name.startswith(f"{context}/")} <= seen.calls.keys()


def test_importing_any_function_stays_in_its_budget() -> None:
    # The first one may have to compile what it imports.
    baseline = min(measure("boto3", "import boto3", [], counted=True).calls for _ in range(2))
    told = {name: toured(name.split("/")[0]).cost(_handler(name)) / baseline for name in LAYERS}
    dearest = {
        max((name for name in told if name.startswith(f"{context}/")), key=told.__getitem__) for context in CONTEXTS
    }
    near = {name for name, share in told.items() if share > BUDGET - NEAR}
    counted = {
        name: measure(name, "import handler", LAYERS[name], counted=True).calls / baseline for name in near | dearest
    }
    assert {name: (told[name], share) for name, share in counted.items() if abs(told[name] - share) > NEAR} == {}
    assert {name: f"{share:.2f} x import boto3" for name, share in counted.items() if share > BUDGET} == {}
