"""The rules of ARCHITECTURE.md that a linter does not know, read from the syntax trees."""

import ast
import json
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONTEXTS = sorted(
    path.name for path in (ROOT / "layers").iterdir() if (path / "python").is_dir() and path.name not in {"core", "kit"}
)
RUNTIME = sorted([*ROOT.glob("layers/*/python/**/*.py"), *ROOT.glob("functions/**/*.py")])
HANDLERS = sorted(ROOT.glob("functions/*/*/handler.py"))
ROLES = [{"wiring"}, {"dynamo"}, {"service", "api"}, {"repository"}, {"model", "errors"}]
"""A module of a role may import from the same line or the ones below it (gateways stand beside dynamo)."""


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def imported(path: Path) -> Iterator[str]:
    """Yield the dotted names a module imports, wherever in the file."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def attributes(path: Path) -> set[str]:
    """Return every ``a.b`` used in a module."""
    return {
        f"{node.value.id}.{node.attr}"
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }


@pytest.mark.parametrize("path", RUNTIME, ids=name)
def test_only_config_reads_the_environment(path: Path) -> None:
    if path.match("enghub/core/config.py"):
        return
    assert not {"os.environ", "os.getenv", "os.putenv"} & attributes(path)
    assert not {"os.environ", "os.getenv"} & set(imported(path))


@pytest.mark.parametrize("path", RUNTIME, ids=name)
def test_only_the_clock_asks_for_the_time(path: Path) -> None:
    if path.match("enghub/core/clock.py"):
        return
    assert not {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time"} & attributes(path)


@pytest.mark.parametrize("path", RUNTIME, ids=name)
def test_pynamodb_is_known_to_storage_alone(path: Path) -> None:
    if path.parts[path.parts.index("python") + 2 : -1] == ("core",) if "python" in path.parts else False:
        return
    if path.name == "dynamo.py":
        return
    assert not [module for module in imported(path) if module.split(".")[0] == "pynamodb"]


@pytest.mark.parametrize("path", [p for p in RUNTIME if "functions" in p.relative_to(ROOT).parts], ids=name)
def test_a_function_imports_its_own_context_the_kit_and_the_core(path: Path) -> None:
    context = path.relative_to(ROOT).parts[1]
    for module in imported(path):
        parts = module.split(".")
        if parts[0] == "enghub":
            assert parts[1] in {"core", "kit", context}, module
        assert parts[0] not in {"functions", "infra", "aws_cdk", "tests", "cli"}, module


@pytest.mark.parametrize("path", [p for p in RUNTIME if "layers" in p.relative_to(ROOT).parts], ids=name)
def test_a_module_imports_roles_of_its_own_height_or_below(path: Path) -> None:
    height = next((n for n, roles in enumerate(ROLES) if path.stem in roles), None)
    if height is None:
        return
    above = set().union(*ROLES[:height]) | ({"gateways"} if height > 1 else set())
    for module in imported(path):
        parts = module.split(".")
        if parts[0] == "enghub" and parts[1] not in {"core", "kit"}:
            assert not above & set(parts[2:]), f"{path.stem} imports {module}"


def test_every_package_file_is_empty() -> None:
    for path in ROOT.glob("layers/*/python/**/__init__.py"):
        assert path.read_text("utf-8") == "", name(path)
    assert not list(ROOT.glob("layers/*/python/enghub/__init__.py")), "enghub is a namespace package"


@pytest.mark.parametrize("path", HANDLERS, ids=name)
def test_a_handler_says_what_triggers_it_and_which_runbook_helps(path: Path) -> None:
    documentation = ast.get_docstring(tree(path)) or ""
    assert "Trigger:" in documentation
    assert "Runbook: docs/runbooks/" in documentation
    runbook = documentation.split("Runbook: ")[1].split()[0].rstrip(".")
    assert (ROOT / runbook).is_file(), runbook


@pytest.mark.parametrize("path", HANDLERS, ids=name)
def test_a_handler_exposes_lambda_handler_and_stays_small(path: Path) -> None:
    module = tree(path)
    names = {node.name for node in module.body if isinstance(node, ast.FunctionDef)}
    names |= {
        target.id
        for node in module.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    assert "lambda_handler" in names
    assert len(path.read_text("utf-8").splitlines()) <= 150


@pytest.mark.parametrize("path", HANDLERS, ids=name)
def test_a_function_has_a_sample_event(path: Path) -> None:
    _, context, function, _ = path.relative_to(ROOT).parts
    sample = ROOT / "events" / context / f"{function}.json"
    assert sample.is_file(), name(sample)
    assert isinstance(json.loads(sample.read_text("utf-8")), dict)


@pytest.mark.parametrize("path", RUNTIME, ids=name)
def test_a_file_has_at_most_400_lines_and_a_function_40(path: Path) -> None:
    lines = len(path.read_text("utf-8").splitlines())
    assert lines <= 400, f"{lines} lines"
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            start = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
            length = (node.end_lineno or 0) - start.lineno + 1
            assert length <= 40, f"{node.name}: {length} lines"


def test_no_two_modules_import_each_other_not_even_in_a_circle() -> None:
    """Also inside functions and for types only: who reads a module never has to read it first."""
    layers = {dotted(path): path for path in RUNTIME if path.is_relative_to(ROOT / "layers")}
    graph = {
        module: {found for wanted in imported(path) if (found := defining(wanted, layers)) not in (None, module)}
        for module, path in layers.items()
    }
    TopologicalSorter(graph).prepare()  # a CycleError names the circle


def dotted(path: Path) -> str:
    inside = path.relative_to(ROOT / "layers").parts[2:]
    return ".".join(inside).removesuffix(".py").removesuffix(".__init__")


def defining(wanted: str, modules: dict[str, Path]) -> str | None:
    """Return the module that an import reads: itself, or the one that holds the imported name."""
    holder = wanted.rpartition(".")[0]
    return next((module for module in (wanted, holder) if module in modules), None)
