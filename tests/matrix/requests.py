"""One good request for every operation of the published document, with the ids that its owner's answers told."""

import json
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import schemathesis

from tests.factories.operations import DOCUMENT, each, one_operation

Ids = dict[str, list[str]]
"""By the name of a variable of a path, what an owner was told that it may be."""


@dataclass(frozen=True)
class Operation:
    """An operation that somebody has to sign in for."""

    name: str
    context: str
    method: str
    path: str
    rights: frozenset[str]
    variables: tuple[str, ...]
    headers: dict[str, str]
    query: dict[str, Any]
    body: Any = None


@dataclass(frozen=True)
class Request:
    """What is sent."""

    operation: Operation
    path: str
    headers: dict[str, str] = field(default_factory=dict)

    def send(self, client: httpx.Client, headers: dict[str, str] | None = None) -> httpx.Response:
        """Send it as the client's caller."""
        one = self.operation
        sent = {**one.headers, **self.headers, **(headers or {})}
        content = None if one.body is None else json.dumps(one.body).encode()
        return client.request(one.method, self.path, params=one.query, headers=sent, content=content)


def names() -> list[str]:
    """Return the ids of all operations that take a right."""
    return [said["operationId"] for _, _, said in _published() if not said["x-enghub-public"]]


def operations(wanted: Collection[str]) -> Iterator[Operation]:
    """Yield the operations, with a body and a query that their schemas allow; always the same."""
    for path, method, said in _published():
        if said["operationId"] in wanted:
            case = _one_case(one_operation(said["operationId"]))
            kinds = said.get("requestBody", {}).get("content", {})
            kind = next(iter(kinds), "application/json")
            body = kinds.get(kind, {}).get("example", None if not kinds else case.body)
            headers = {"Content-Type": kind} if kinds else {}
            takes = {one["name"] for one in _parameters(said) if one["in"] == "header"}
            if "Idempotency-Key" in takes:
                headers["Idempotency-Key"] = f"matrix-{said['operationId']}"
            yield Operation(
                said["operationId"],
                said["x-enghub-context"],
                method.upper(),
                path,
                frozenset(said["x-enghub-rights"]),
                tuple(re.findall(r"{(\w+)}", path)),
                headers,
                {one["name"]: case.query[one["name"]] for one in _required(said) if one["name"] in (case.query or {})},
                body,
            )


def requests(operation: Operation, ids: Ids, most: int = 2) -> Iterator[Request]:
    """Yield the operation's request for ``most`` known ids of each variable; a made-up one where none is known."""
    known = [ids.get(name, [])[:most] or ["made-up-1"] for name in operation.variables]
    for number in range(max(map(len, known), default=1)):
        path = operation.path
        for name, values in zip(operation.variables, known, strict=True):
            path = path.replace(f"{{{name}}}", values[number % len(values)])
        yield Request(operation, path)


def harvest(answers: Iterable[Any], names: Iterable[str]) -> Ids:
    """Return what answers tell about the variables of paths."""
    wanted, found = set(names), Ids()
    for name, value in (pair for answer in answers for pair in _members(answer)):
        if name in wanted and isinstance(value, str | int) and str(value) not in found.setdefault(name, []):
            found[name].append(str(value))
    return found


def _published() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in sorted(DOCUMENT["paths"].items()):
        for method, said in sorted(methods.items()):
            yield path, method, said


def _members(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        yield from value.items()
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from _members(one)


def _parameters(said: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for one in said["parameters"]:
        yield DOCUMENT["components"]["parameters"][one["$ref"].rpartition("/")[2]] if "$ref" in one else one


def _required(said: dict[str, Any]) -> Iterator[dict[str, Any]]:
    return (one for one in _parameters(said) if one["in"] == "query" and one["required"])


def _one_case(operation: Any) -> Any:
    kept: list[Any] = []

    def keep(case: Any) -> None:
        kept.append(case)

    each(operation.as_strategy(generation_mode=schemathesis.GenerationMode.POSITIVE), keep, 1)
    return kept[0]
