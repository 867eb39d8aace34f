"""Every operation of the published document with generated requests, answered by the handlers in this process.

Requests come from schemathesis, the same in every run; the handlers get them as the gateway's proxy events. What a
schema cannot tell, and a handler refuses, is listed by the caller: each such answer is explained, all others fail.
"""

import base64
import json
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any
from unittest.mock import patch
from urllib.parse import parse_qs

import hypothesis
import schemathesis
from hypothesis import strategies as st
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from enghub.core.identity import Principal
from tests.factories.handlers import load_handler
from tests.factories.http import Context, a_request

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT: dict[str, Any] = json.loads((ROOT / "docs" / "openapi.json").read_text("utf-8"))
CHECKS: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
_LETTERS = st.sampled_from("AZaz09äß工号")
FORMATS = {"code": "._:/-", "path-id": "._:-", "order-number": "._-"}
"""Forms that the document names, because patterns for them differ between languages."""
for _name, _signs in FORMATS.items():
    schemathesis.openapi.format(
        _name,
        st.builds(lambda first, rest: first + rest, _LETTERS, st.text(_LETTERS | st.sampled_from(_signs), max_size=9)),
    )

EXPLAINED = (
    r".*: (write at most (14 digits|4 decimals|10 decimals)|write 10 digits or less before the point)"
    r"|.*: write a whole number"  # 7.0 is an integer to JSON Schema, and no count to us
    r"|.*: write a day of the years"
    r"|body: (a number has more than 38 digits|it holds text that is not valid Unicode)"
    r"|.*: write 1 to 255 printable characters"
    r"|cursor: take it unchanged"
    r"|.*: write a time zone of the IANA database"
    r"|.*: it holds a control character"
    r"|.*: begin with a letter or digit"  # the forms that the document names
)
"""Refusals of what fits a schema, that schemas of numbers, days and texts cannot tell."""

SAMPLE = 4
"""Requests of each kind and operation in `make test`, the same in every run."""
Sign = Callable[[dict[str, Any]], None]


class Gateway:
    """The API of one context as a WSGI application: finds the function of a request and calls it."""

    def __init__(
        self, context: str, caller: Principal, sign: Mapping[str, Sign] = MappingProxyType({}), *, english: bool = True
    ) -> None:
        self._english = english  # what is explained is written in English
        self._caller = caller
        self._sign = sign
        self._handlers: dict[str, Any] = {}
        self._routes = [
            (method.upper(), re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), operation)
            for path, operations in sorted(DOCUMENT["paths"].items(), key=lambda one: one[0].count("{"))
            for method, operation in operations.items()
            if operation["x-enghub-context"] == context
        ]

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace")
        method = environ["REQUEST_METHOD"]
        operation = next((op for verb, pattern, op in self._routes if verb == method and pattern.fullmatch(path)), None)
        if operation is None:
            start_response("404 Not Found", [("Content-Type", "application/json")])
            return [b"{}"]
        event = self._event(environ, method, path)
        if (sign := self._sign.get(operation["operationId"])) is not None:
            sign(event)
        answer = self._handler(operation["x-enghub-function"])(event, Context())
        headers = [(name, value) for name, values in answer["multiValueHeaders"].items() for value in values]
        start_response(f"{answer['statusCode']} Answered", headers)
        return [answer["body"].encode()]

    def _event(self, environ: dict[str, Any], method: str, path: str) -> dict[str, Any]:
        body = environ["wsgi.input"].read()
        headers = {name[5:].replace("_", "-"): value for name, value in environ.items() if name.startswith("HTTP_")}
        if environ.get("CONTENT_TYPE"):
            headers["Content-Type"] = environ["CONTENT_TYPE"]
        if self._english:
            headers.pop("ACCEPT-LANGUAGE", None)
        event = a_request(method, path, None, caller=self._caller if "AUTHORIZATION" in headers else None)
        query = parse_qs(environ["QUERY_STRING"], keep_blank_values=True)
        event |= {
            "headers": headers,
            "multiValueHeaders": {name: [value] for name, value in headers.items()},
            "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
            "multiValueQueryStringParameters": query or None,
        }
        try:
            event["body"] = body.decode() or None
        except UnicodeDecodeError:
            event |= {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
        return event

    def _handler(self, function: str) -> Any:
        if function not in self._handlers:
            context, name = function.split("/")
            own = (ROOT / "functions" / context / name).is_dir()
            self._handlers[function] = load_handler(context if own else "core", name)
        return self._handlers[function]


def operations(context: str) -> list[str]:
    """Return the ids of a context's operations."""
    return sorted(
        operation["operationId"]
        for one in DOCUMENT["paths"].values()
        for operation in one.values()
        if operation["x-enghub-context"] == context
    )


def one_operation(operation_id: str, app: Any = None) -> Any:
    """Return schemathesis' view of one operation, without reading the others, of which there are hundreds."""
    paths = {
        path: {method: operation}
        for path, methods in DOCUMENT["paths"].items()
        for method, operation in methods.items()
        if operation["operationId"] == operation_id
    }
    schema = schemathesis.openapi.from_dict({**DOCUMENT, "paths": paths})
    schema.app = app
    (found,) = schema.get_all_operations()
    return found.ok()  # type: ignore[union-attr]


def unexplained(
    gateway: Gateway, operation_id: str, explained: Mapping[str, str], *, may_fail: bool = False
) -> list[str]:
    """Return what of an operation's answers neither the document nor ``explained`` accounts for.

    It sends some requests that fit the schema, and as many that do not; ten times as many in a campaign.

    Args:
        gateway: who answers.
        operation_id: whose requests.
        explained: by operation, a pattern for ``field: problem`` of its own rules that no schema can tell.
        may_fail: 503 is what it is for.
    """
    found: list[str] = []
    operation = one_operation(operation_id, gateway)
    is_campaign = hypothesis.settings.get_current_profile_name() == "campaign"

    def check(case: Any) -> None:
        response = case.call()
        try:
            case.validate_response(response, checks=CHECKS[may_fail:])
        except FailureGroup as failures:
            found.extend(f"{_told(case)}: {failure}" for failure in failures.exceptions)
        if case.meta.generation.mode == schemathesis.GenerationMode.POSITIVE and response.status_code == 400:
            body = response.json()
            details = body.get("details") or {"field": body.get("errorCode"), "problem": body.get("errorDetails", body)}
            said = f"{details.get('field')}: {details.get('problem')}"
            if not re.match(EXPLAINED, said) and not re.match(explained.get(operation_id, "(?!)"), said):
                found.append(f"{_told(case)}: refused what its schema allows: {said}")

    for mode in (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE):
        with suppress(hypothesis.errors.Unsatisfiable):
            each(operation.as_strategy(generation_mode=mode), check, SAMPLE * (10 if is_campaign else 1))
    return found


def _told(case: Any) -> str:
    where = f"{case.path_parameters} {case.query} {case.headers} {case.body!r}"
    return f"{case.operation.definition.raw['operationId']} {where[:600]}"


def each(strategy: Any, check: Callable[[Any], None], examples: int) -> None:
    """Call ``check`` with examples that are the same in every run, whichever modules are loaded beside.

    Raises:
        hypothesis.errors.Unsatisfiable: there is none.
    """
    settings = hypothesis.settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    # Hypothesis mixes in the constants of all local modules that were ever loaded, so what ran before would decide.
    with patch.object(providers, "_get_local_constants", Constants):
        settings(hypothesis.given(strategy)(check))()  # type: ignore[no-untyped-call]
