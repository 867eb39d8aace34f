"""The rules of ARCHITECTURE.md that a linter does not know, read from the syntax trees."""

import ast
import json
from collections.abc import Iterator
from graphlib import TopologicalSorter
from itertools import takewhile

import pytest

from tests.architecture import source
from tests.architecture.source import ROOT, Offence, Rule, Source, check, made_up

ENVIRONMENT = {"os.environ", "os.getenv", "os.putenv"}
NOW = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time"}
NOT_FOR_FUNCTIONS = {"functions", "infra", "aws_cdk", "tests", "cli"}
ROLES = [{"wiring"}, {"dynamo"}, {"service", "api"}, {"repository"}, {"model", "errors"}]
"""A module of a role may import from the same line or the ones below it (gateways stand beside dynamo)."""
FILE_LINES, HANDLER_LINES, FUNCTION_LINES = 400, 150, 40


def only_config_reads_the_environment(file: Source) -> Iterator[Offence]:
    if file.path.match("enghub/core/config.py"):
        return
    used = [*source.attributes(file), *((found.line, found.name) for found in file.imports)]
    yield from (Offence(file, line, f"{name}: ask core/config.py") for line, name in used if name in ENVIRONMENT)


def only_the_clock_asks_for_the_time(file: Source) -> Iterator[Offence]:
    if file.path.match("enghub/core/clock.py"):
        return
    used = source.attributes(file)
    yield from (Offence(file, line, f"{name}: ask core/clock.py") for line, name in used if name in NOW)


def pynamodb_is_known_to_storage_alone(file: Source) -> Iterator[Offence]:
    if file.path.name == "dynamo.py" or (not file.is_function and file.module.split(".")[1:-1] == ["core"]):
        return
    for found in file.imports:
        if found.parts[0] == "pynamodb":
            yield Offence(file, found.line, f"imports {found.name}")


def a_function_imports_its_own_context_the_kit_and_the_core(file: Source) -> Iterator[Offence]:
    if not file.is_function:
        return
    for found in file.imports:
        foreign = found.parts[0] == "enghub" and found.parts[1] not in {"core", "kit", file.owner}
        if foreign or found.parts[0] in NOT_FOR_FUNCTIONS:
            yield Offence(file, found.line, f"imports {found.name}")


def a_module_imports_roles_of_its_own_height_or_below(file: Source) -> Iterator[Offence]:
    if file.is_function or not any(file.path.stem in roles for roles in ROLES):
        return
    above = set().union(*takewhile(lambda roles: file.path.stem not in roles, ROLES))
    if file.path.stem not in ROLES[0] | ROLES[1]:
        above |= {"gateways"}
    for found in file.imports:
        if found.parts[0] == "enghub" and found.parts[1] not in {"core", "kit"} and above & set(found.parts[2:]):
            yield Offence(file, found.line, f"{file.path.stem} imports {found.name}")


def a_package_file_is_empty(file: Source) -> Iterator[Offence]:
    if file.path.name != "__init__.py" or file.is_function:
        return
    if file.text:
        yield Offence(file, 1, "is not empty")
    if file.module == "enghub":
        yield Offence(file, 1, "enghub is a namespace package")


def a_handler_says_what_triggers_it_and_which_runbook_helps(file: Source) -> Iterator[Offence]:
    documentation = ast.get_docstring(file.tree) or ""
    if "Trigger:" not in documentation:
        yield Offence(file, 1, "says no Trigger:")
    if "Runbook: docs/runbooks/" not in documentation:
        yield Offence(file, 1, "names no Runbook: docs/runbooks/")
        return
    runbook = documentation.split("Runbook: ")[1].split()[0].rstrip(".")
    if not (ROOT / runbook).is_file():
        yield Offence(file, 1, f"there is no {runbook}")


def a_handler_exposes_lambda_handler_and_stays_small(file: Source) -> Iterator[Offence]:
    names = {node.name for node in file.tree.body if isinstance(node, ast.FunctionDef)}
    for node in file.tree.body:
        if isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    if "lambda_handler" not in names:
        yield Offence(file, 1, "has no lambda_handler")
    if file.lines > HANDLER_LINES:
        yield Offence(file, file.lines, f"{file.lines} lines, {HANDLER_LINES} at most")


def a_function_has_a_sample_event(file: Source) -> Iterator[Offence]:
    _, context, function, _ = file.path.parts
    sample = ROOT / "events" / context / f"{function}.json"
    if not sample.is_file() or not isinstance(json.loads(sample.read_text("utf-8")), dict):
        yield Offence(file, 1, f"no object in {sample.relative_to(ROOT)}")


def a_file_and_a_function_stay_small(file: Source) -> Iterator[Offence]:
    if file.lines > FILE_LINES:
        yield Offence(file, file.lines, f"{file.lines} lines, {FILE_LINES} at most")
    for node in file.nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            start = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
            length = (node.end_lineno or 0) - start.lineno + 1
            if length > FUNCTION_LINES:
                yield Offence(file, node.lineno, f"{node.name}: {length} lines, {FUNCTION_LINES} at most")


def what_is_wrong_is_said_in_both_languages(file: Source) -> Iterator[Offence]:
    """`problem=` is a Text, and a validator raises Unfit: of a plain string the other language hears nothing."""
    for node in file.nodes:
        if isinstance(node, ast.keyword) and node.arg == "problem" and _is_written_out(node.value):
            yield Offence(file, node.value.lineno, "problem= a plain string: write a Text")
        if isinstance(node, ast.FunctionDef) and node.name in _validators(file):
            for raised in ast.walk(node):
                if isinstance(raised, ast.Raise) and "ValueError" in ast.dump(raised):
                    yield Offence(file, raised.lineno, f"{node.name} raises ValueError: raise wire.Unfit(Text)")


def _is_written_out(value: ast.expr) -> bool:
    match value:
        case ast.Constant(value=str()) | ast.JoinedStr() | ast.Call(func=ast.Name(id="str")):
            return True
        case ast.IfExp():
            return _is_written_out(value.body) or _is_written_out(value.orelse)
        case ast.BinOp():
            return _is_written_out(value.left) or _is_written_out(value.right)
        case ast.Subscript():
            return _is_written_out(value.value)
    return False


def _validators(file: Source) -> set[str]:
    """Return the functions that pydantic calls: decorated ones, and those in AfterValidator and its like."""
    kinds = {"field_validator", "model_validator", "AfterValidator", "BeforeValidator", "PlainValidator"}
    found = set()
    for node in file.nodes:
        if isinstance(node, ast.FunctionDef) and any(
            isinstance(one, ast.Name) and one.id in kinds for mark in node.decorator_list for one in ast.walk(mark)
        ):
            found.add(node.name)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in kinds:
            found |= {one.id for one in node.args if isinstance(one, ast.Name)}
    return found


EVERYWHERE: tuple[Rule, ...] = (
    only_config_reads_the_environment,
    only_the_clock_asks_for_the_time,
    pynamodb_is_known_to_storage_alone,
    a_function_imports_its_own_context_the_kit_and_the_core,
    a_module_imports_roles_of_its_own_height_or_below,
    a_package_file_is_empty,
    a_file_and_a_function_stay_small,
    what_is_wrong_is_said_in_both_languages,
)
FOR_HANDLERS: tuple[Rule, ...] = (
    a_handler_says_what_triggers_it_and_which_runbook_helps,
    a_handler_exposes_lambda_handler_and_stays_small,
    a_function_has_a_sample_event,
)


@pytest.mark.parametrize("rule", EVERYWHERE, ids=lambda rule: rule.__name__)
def test_everywhere(rule: Rule) -> None:
    assert len(source.runtime()) > 200
    check(rule)


@pytest.mark.parametrize("rule", FOR_HANDLERS, ids=lambda rule: rule.__name__)
def test_for_handlers(rule: Rule) -> None:
    assert len(source.handlers()) > 50
    check(rule, source.handlers())


def test_for_clients() -> None:
    assert len(source.clients()) > 10
    check(a_file_and_a_function_stay_small, source.clients())


def test_no_two_modules_import_each_other_not_even_in_a_circle() -> None:
    """Also inside functions and for types only: who reads a module never has to read it first."""
    layers = {file.module: file for file in source.runtime() if not file.is_function}
    graph = {
        module: {
            found for wanted in file.imports if (found := source.defining(wanted.name, layers)) not in (None, module)
        }
        for module, file in layers.items()
    }
    TopologicalSorter(graph).prepare()  # a CycleError names the circle


MODEL = "layers/mes/python/enghub/mes/orders/model.py"
HANDLER = "functions/mes/report_production/handler.py"
GOOD = '"""Trigger: POST /x. Runbook: docs/runbooks/mes-reporting.md."""\nlambda_handler = print\n'
VALIDATOR = "class A:\n    @model_validator(mode='after')\n    def f(self):\n        raise ValueError('no')"
BREAKS: list[tuple[Rule, str, str, int]] = [
    (only_config_reads_the_environment, MODEL, "import os\nx = os.environ['A']", 1),
    (only_config_reads_the_environment, MODEL, "from os import getenv", 1),
    (only_the_clock_asks_for_the_time, MODEL, "def f():\n    return datetime.now(UTC)", 1),
    (pynamodb_is_known_to_storage_alone, MODEL, "from pynamodb.models import Model", 1),
    (pynamodb_is_known_to_storage_alone, HANDLER, "import pynamodb", 1),
    (a_function_imports_its_own_context_the_kit_and_the_core, HANDLER, "from enghub.plm import wiring", 1),
    (a_function_imports_its_own_context_the_kit_and_the_core, HANDLER, "import tests.waiting", 1),
    (a_module_imports_roles_of_its_own_height_or_below, MODEL, "from enghub.mes.orders.service import Orders", 1),
    (a_module_imports_roles_of_its_own_height_or_below, MODEL, "from enghub.mes.gateways import plm", 1),
    (a_package_file_is_empty, "layers/mes/python/enghub/mes/__init__.py", "x = 1", 1),
    (a_package_file_is_empty, "layers/mes/python/enghub/__init__.py", "", 1),
    (a_file_and_a_function_stay_small, MODEL, "x = 1\n" * 401, 1),
    (a_file_and_a_function_stay_small, MODEL, "def f():\n" + "    x = 1\n" * 41, 1),
    (what_is_wrong_is_said_in_both_languages, MODEL, "raise Invalid(field='a', problem='no')", 1),
    (what_is_wrong_is_said_in_both_languages, MODEL, "raise Invalid(field='a', problem=f'no {x}'[:9])", 1),
    (what_is_wrong_is_said_in_both_languages, MODEL, "raise Invalid(field='a', problem=str(error))", 1),
    (what_is_wrong_is_said_in_both_languages, MODEL, VALIDATOR, 1),
    (what_is_wrong_is_said_in_both_languages, MODEL, "def f(x):\n    raise ValueError(m)\nT = AfterValidator(f)", 1),
    (a_handler_says_what_triggers_it_and_which_runbook_helps, HANDLER, '"""Nothing."""', 2),
    (a_handler_says_what_triggers_it_and_which_runbook_helps, HANDLER, GOOD.replace("mes-rep", "no-"), 1),
    (a_handler_exposes_lambda_handler_and_stays_small, HANDLER, "x = 1\n" * 151, 2),
    (a_function_has_a_sample_event, "functions/mes/no_such/handler.py", GOOD, 1),
]
ALLOWED: list[tuple[Rule, str, str]] = [
    (only_config_reads_the_environment, "layers/core/python/enghub/core/config.py", "import os\nx = os.environ"),
    (only_the_clock_asks_for_the_time, "layers/core/python/enghub/core/clock.py", "x = datetime.now(UTC)"),
    (pynamodb_is_known_to_storage_alone, "layers/core/python/enghub/core/outbox.py", "import pynamodb"),
    (pynamodb_is_known_to_storage_alone, "layers/mes/python/enghub/mes/orders/dynamo.py", "import pynamodb"),
    (a_function_imports_its_own_context_the_kit_and_the_core, HANDLER, "from enghub.kit import calendars"),
    (a_module_imports_roles_of_its_own_height_or_below, MODEL.replace("model", "dynamo"), "import enghub.mes.gateways"),
    (a_file_and_a_function_stay_small, MODEL, 'def f():\n    """Text."""\n' + "    x = 1\n" * 40),
    (what_is_wrong_is_said_in_both_languages, MODEL, "raise Invalid(problem=NO.filled(x=str(x)))\nA(problem=None)"),
    (what_is_wrong_is_said_in_both_languages, MODEL, VALIDATOR.replace("ValueError('no')", "Unfit(NO)")),
    *((rule, HANDLER, GOOD) for rule in FOR_HANDLERS),
]


@pytest.mark.parametrize(("rule", "path", "text", "times"), BREAKS, ids=lambda value: getattr(value, "__name__", ""))
def test_a_rule_sees_what_breaks_it(rule: Rule, path: str, text: str, times: int) -> None:
    assert len(list(rule(made_up(path, text)))) == times


@pytest.mark.parametrize(("rule", "path", "text"), ALLOWED, ids=lambda value: getattr(value, "__name__", ""))
def test_a_rule_lets_pass_what_is_meant(rule: Rule, path: str, text: str) -> None:
    assert list(rule(made_up(path, text))) == []


def test_every_offence_is_shown_with_its_place() -> None:
    two = [made_up(MODEL, "import os\n\nx = os.environ\ny = os.getenv('A')"), made_up(HANDLER, "import pynamodb")]
    with pytest.raises(pytest.fail.Exception) as told:
        check(only_config_reads_the_environment, two)
    assert str(told.value).splitlines() == [
        f"{MODEL}:3: os.environ: ask core/config.py",
        f"{MODEL}:4: os.getenv: ask core/config.py",
    ]
