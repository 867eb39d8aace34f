"""No operation of the published document goes untested: some `test_operations.py` sends it generated requests."""

import ast
import json
from collections.abc import Iterator

from tests.architecture.source import ROOT


def _asked_for() -> Iterator[str]:
    """Yield every context whose operations a test is run for, one by one: `parametrize(..., operations("mes"))`."""
    for path in sorted(ROOT.glob("tests/functional/*/test_operations.py")):
        for test in ast.parse(path.read_text("utf-8")).body:
            if not isinstance(test, ast.FunctionDef) or not test.name.startswith("test_"):
                continue
            for mark in (node for one in test.decorator_list for node in ast.walk(one)):
                match mark:
                    case ast.Call(func=ast.Name(id="operations"), args=[ast.Constant(value=str(context))]):
                        yield context


def test_every_operation_of_the_document_is_sent_generated_requests() -> None:
    document = json.loads((ROOT / "docs" / "openapi.json").read_text("utf-8"))
    published = [
        (operation["x-enghub-context"], operation["operationId"])
        for operations in document["paths"].values()
        for operation in operations.values()
    ]
    names = [name for _, name in published]
    assert len(set(names)) == len(names), "tests find an operation by its id"
    asked = set(_asked_for())
    assert [f"{context}: {name}" for context, name in published if context not in asked] == []
