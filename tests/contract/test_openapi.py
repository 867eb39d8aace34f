"""The published document: valid OpenAPI 3.1 that a client in any language can read, complete for every route."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from openapi_spec_validator import OpenAPIV31SpecValidator

ROOT = Path(__file__).parents[2]
DOCUMENT: dict[str, Any] = json.loads((ROOT / "docs" / "openapi.json").read_text("utf-8"))
OPERATIONS = [operation for operations in DOCUMENT["paths"].values() for operation in operations.values()]


def patterns(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("pattern"), str):
            yield value["pattern"]
        for inner in value.values():
            yield from patterns(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from patterns(inner)


def test_it_is_valid_openapi() -> None:
    assert list(OpenAPIV31SpecValidator(DOCUMENT).iter_errors()) == []


def test_its_patterns_mean_the_same_in_every_language() -> None:
    assert {one for one in patterns(DOCUMENT) if "\\p" in one or "\\P" in one} == set()


def test_every_operation_says_what_it_is_for_and_who_may() -> None:
    for operation in OPERATIONS:
        name = operation["operationId"]
        assert re.fullmatch(r"[a-z]+(_[a-z]+)+", name), name
        assert operation["tags"] == [operation["x-enghub-context"]]
        assert operation["description"].split("\n\n")[0], name
        if not operation["x-enghub-public"]:
            assert all(role in operation["description"] for role in operation["x-enghub-roles"]), name
        else:
            assert operation["x-enghub-public-reason"] in operation["description"], name


def test_every_answer_that_can_be_retried_says_when() -> None:
    for operation in OPERATIONS:
        for status in {"429", "503"} & set(operation["responses"]):
            assert "Retry-After" in operation["responses"][status]["headers"], operation["operationId"]


def test_every_body_that_a_sample_has_is_shown_as_its_example() -> None:
    shown = {
        operation["x-enghub-function"]
        for operation in OPERATIONS
        if "example" in operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    }
    with_body = {
        "/".join(path.with_suffix("").parts[-2:])
        for path in ROOT.glob("events/*/*.json")
        if json.loads(path.read_text("utf-8")).get("body")
    }
    assert shown >= with_body & {operation["x-enghub-function"] for operation in OPERATIONS}
