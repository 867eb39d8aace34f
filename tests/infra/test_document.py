"""The stacks and the published document agree, and every path has one place under the one address."""

import re
from typing import Any

import pytest

from infra.document import Route, prefix_of, published, routes_of
from infra.sources import ROOT
from infra.stage import CORE, EVERYTHING, PREFIXES

OPERATION = {"x-enghub-function": "mes/read", "x-enghub-public": False}


def document(**paths: Any) -> dict[str, Any]:
    return {"paths": {f"/{path.replace('__', '/')}": item for path, item in paths.items()}}


def test_routes_come_by_path_and_method() -> None:
    found = routes_of(document(b={"post": OPERATION, "get": OPERATION, "parameters": []}, a={"get": OPERATION}))
    assert [(route.path, route.method) for route in found] == [("/a", "GET"), ("/b", "GET"), ("/b", "POST")]
    assert found[0] == Route("/a", "GET", "mes", "read", public=False)


def test_a_route_names_its_function() -> None:
    with pytest.raises(ValueError, match="GET /a names no function"):
        routes_of(document(a={"get": {}}))


def test_a_variable_has_one_name_at_one_place() -> None:
    paths = {"/a/{id}": {"get": OPERATION}, "/a/{name}/b": {"get": OPERATION}}
    with pytest.raises(ValueError, match="choose one name"):
        routes_of({"paths": paths})


def test_every_published_path_lies_under_exactly_one_prefix_of_its_context() -> None:
    assert {(route.path, prefix_of(route.path, PREFIXES)[0]) for route in published()} == {
        (route.path, route.context) for route in published()
    }


def test_a_path_under_no_prefix_or_under_two_is_refused() -> None:
    with pytest.raises(ValueError, match="lies under 0 prefixes"):
        prefix_of("/api/v1/work-orders-archive", PREFIXES)
    with pytest.raises(ValueError, match="lies under 2 prefixes"):
        prefix_of("/a/b/c", {"x": ["a"], "y": ["a/b"]})


FOREIGN = {"ofrep", "v2"}
"""Protocols of others, at the paths that their clients write (decision 0086)."""


def test_no_prefix_lies_under_another_and_each_is_used() -> None:
    prefixes = [prefix for listed in PREFIXES.values() for prefix in listed]
    assert [a for a in prefixes for b in prefixes if a is not b and f"{a}/".startswith(f"{b}/")] == []
    used = {prefix_of(route.path, PREFIXES)[1] for route in published()}
    assert used == {prefix for context in {route.context for route in published()} for prefix in PREFIXES[context]}
    assert all(
        prefix.startswith(f"{EVERYTHING}/")
        for context, listed in PREFIXES.items()
        for prefix in listed
        if context != "sandbox" and prefix not in FOREIGN
    )


def test_every_function_that_answers_http_is_published() -> None:
    """The other way round is an error at synthesis: the document names no function that its stack does not have."""
    handlers = {
        (file.parts[-3], file.parts[-2])
        for file in ROOT.glob("functions/*/*/handler.py")
        if re.search(r"^app = ", file.read_text("utf-8"), re.MULTILINE)
    }
    shared = {name for context, name in handlers if context == CORE}  # each context deploys them for itself
    named = {(CORE if route.name in shared else route.context, route.name) for route in published()}
    assert handlers == named
