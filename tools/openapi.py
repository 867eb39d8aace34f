"""Writes docs/openapi.json from the handlers themselves; ``--check`` fails when the file is out of date.

What a route declares (its right, its headers), its docstring, its models with the docstrings of their fields, and the
sample in ``events/`` are all that the document is made of; what every route has is written in ``openapi_parts``.
"""

import argparse
import ast
import importlib
import inspect
import json
import re
import sys
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from pydantic import BaseModel
from pydantic.alias_generators import to_camel
from pydantic.json_schema import GenerateJsonSchema

from infra.stage import CONTEXTS

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), *map(str, sorted(ROOT.glob("layers/*/python")))]
DOCUMENT = ROOT / "docs" / "openapi.json"
parts = importlib.import_module("tools.openapi_parts")
SHARED = "<context>"
CHANGES = {"POST", "PUT", "PATCH", "DELETE"}


@dataclass(frozen=True, slots=True)
class Operation:
    """One route of one function; a function that every context deploys (``<context>`` in its path) has one in each."""

    context: str
    function: str
    route: Any
    in_envelope: bool
    is_foreign: bool
    """It speaks a protocol of others: its body has no model."""
    folder: str
    """Where its code and its sample lie."""

    @property
    def rule(self) -> str:
        """The address as the handler writes it, with the context's name."""
        rule: str = self.route.path.replace(SHARED, self.context)
        return rule

    @property
    def path(self) -> str:
        """The address, variables in camelCase like everything else."""
        return re.sub(r"<(\w+)>", lambda found: f"{{{to_camel(found[1])}}}", self.rule)

    @property
    def name(self) -> str:
        """The operation's id: the name of the handler's function, and the context's where several have it."""
        name: str = self.route.func.__name__
        return f"{name}_{self.context}" if SHARED in self.route.path else name

    def fields(self) -> Iterator[tuple[str, Any]]:
        """Yield what goes in and comes out: path, query, body, answer."""
        dependant = self.route.dependant
        yield from (("path", field) for field in dependant.path_params if f"<{field.name}>" in self.rule)
        yield from (("query", field) for field in dependant.query_params)
        yield from (("body", field) for field in dependant.body_params)
        if dependant.return_param is not None:
            yield "answer", dependant.return_param


def operations() -> list[Operation]:
    """Return the routes of all HTTP functions, by path and method.

    Raises:
        ValueError: two functions claim the same method and path, or two routes have the same name.
    """
    api = importlib.import_module("enghub.core.http").Api
    found = []
    for handler in sorted(ROOT.glob("functions/*/*/handler.py")):
        context, name = handler.parts[-3:-1]
        app = getattr(importlib.import_module(f"functions.{context}.{name}.handler"), "app", None)
        if isinstance(app, APIGatewayRestResolver):
            routes = [*app._static_routes, *app._dynamic_routes]
            found += [
                Operation(
                    whose,
                    f"{whose}/{name}",
                    route,
                    isinstance(app, api),
                    getattr(app, "foreign", True) is not None,
                    f"{context}/{name}",
                )
                for route in routes
                for whose in (CONTEXTS if SHARED in route.path else (context,))
            ]
    for kind in (lambda one: (one.route.method, re.sub("<.*?>", "<>", one.rule)), lambda one: one.name):
        taken: dict[Any, Operation] = {}
        for one in found:
            if taken.setdefault(kind(one), one) is not one:
                message = f"{one.function} and {taken[kind(one)].function} both answer {kind(one)}"
                raise ValueError(message)
    return sorted(found, key=lambda one: (one.path, one.route.method))


class Schemas(GenerateJsonSchema):
    """JSON Schemas of our models, with the docstrings of fields; a request that patches has no defaults."""

    def model_schema(self, schema: Any) -> Any:
        """Return the schema of one model."""
        made = super().model_schema(schema)
        cls: type[BaseModel] = schema["cls"]
        patch = issubclass(cls, importlib.import_module("enghub.core.wire").Patch)
        said = {name: text for base in reversed(cls.__mro__) for name, text in _docstrings(base).items()}
        for name, field in cls.model_fields.items():
            shown = made.get("properties", {}).get(field.alias or name)
            if isinstance(shown, dict):
                if patch:
                    shown.pop("default", None)
                if name in said:
                    shown["description"] = said[name]
        return made


def _docstrings(cls: type) -> dict[str, str]:
    if not cls.__module__.startswith("enghub."):
        return {}
    body: Any = ast.parse(textwrap.dedent(inspect.getsource(cls))).body[0]
    return {
        field.target.id: " ".join(text.value.value.split())
        for field, text in zip(body.body, body.body[1:], strict=False)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }


def build() -> dict[str, Any]:
    """Return the OpenAPI document of all HTTP functions."""
    found = operations()
    inputs: list[Any] = [
        ((operation.name, kind, field.name), field.mode, field._type_adapter.core_schema)
        for operation in found
        for kind, field in operation.fields()
    ]
    shown, named = Schemas(ref_template="#/components/schemas/{model}").generate_definitions(inputs)
    schemas: dict[Any, Any] = {(*key, mode): schema for (key, mode), schema in shown.items()}
    definitions: dict[str, Any] = {str(name): schema for name, schema in named.items()}
    paths: dict[str, Any] = {}
    for operation in found:
        paths.setdefault(operation.path, {})[operation.route.method.lower()] = _operation(
            operation, schemas, definitions
        )
    components = {
        "schemas": dict(sorted({**definitions, "Error": parts.ERROR}.items())),
        "parameters": parts.HEADERS,
        "securitySchemes": parts.SECURITY_SCHEMES,
    }
    document = {**parts.HEAD, "paths": paths, "components": components, "security": [{"bearer": []}]}
    tidied: dict[str, Any] = _tidy(document)
    return _used(tidied)


def _operation(
    operation: Operation, schemas: Mapping[Any, dict[str, Any]], definitions: Mapping[str, Any]
) -> dict[str, Any]:
    route, said = operation.route, operation.route.openapi_extensions
    parameters, body, answer = [], None, None
    for kind, field in operation.fields():
        schema = schemas[operation.name, kind, field.name, field.mode]
        if kind == "body":
            body = schema
        elif kind == "answer":
            answer = schema
        elif kind == "query" and isinstance(field.type_, type) and issubclass(field.type_, BaseModel):
            parameters += _of_model(definitions[schema["$ref"].rpartition("/")[2]])
        else:
            parameters.append(_parameter(kind, field.alias, schema, required=field.required))
    made: dict[str, Any] = {
        "tags": [operation.context],
        "summary": operation.name.replace("_", " ").capitalize(),
        "description": _description(operation),
        "operationId": operation.name,
        "parameters": parameters + (parts.headers(said, route.method) if operation.in_envelope else []),
    }
    if body is not None or (operation.is_foreign and route.method in CHANGES):
        made["requestBody"] = _body(operation, body or ({} if operation.in_envelope else {"type": "object"}))
    made["responses"] = parts.responses(route, answer or {}, operation.in_envelope, has_body=body is not None)
    if said["x-enghub-public"]:
        made["security"] = route.security or []
    made |= {name: value for name, value in said.items() if name not in {"x-enghub-key", "x-enghub-etag"}}
    return {**made, "x-enghub-context": operation.context, "x-enghub-function": operation.function}


def _description(operation: Operation) -> str:
    text = inspect.getdoc(operation.route.func) or ""
    said = operation.route.openapi_extensions
    if said["x-enghub-public"]:
        return f"{text}\n\nPublic: {said['x-enghub-public-reason']}."
    rights = " or ".join(f"`{name}`" for name in said["x-enghub-rights"])
    which = ", as the data decide" if len(said["x-enghub-rights"]) > 1 else ""
    return f"{text}\n\nTakes the right {rights}{which}, which these roles hold: {', '.join(said['x-enghub-roles'])}."


def _of_model(model: Mapping[str, Any]) -> list[dict[str, Any]]:
    required = model.get("required", ())
    return [
        _parameter("query", name, schema, required=name in required) for name, schema in model["properties"].items()
    ]


def _parameter(kind: str, name: str, schema: dict[str, Any], *, required: bool) -> dict[str, Any]:
    choices = [one for one in schema.get("anyOf", ()) if one != {"type": "null"}]
    if len(choices) == 1:
        schema = {**{k: v for k, v in schema.items() if k not in {"anyOf", "default"}}, **choices[0]}
    schema = {k: v for k, v in schema.items() if not (k == "default" and v is None)}
    description = {"description": schema.pop("description")} if "description" in schema else {}
    if kind == "path":
        name = to_camel(name)
        if schema.get("type") == "string" and "pattern" not in schema:
            schema = {"minLength": 1, "maxLength": 255, **schema}
    if (publish := importlib.import_module("enghub.core.wire").PUBLISHED.get(schema.get("pattern"))) is not None:
        publish(schema)
        description = {"description": schema.pop("description")}
    return {"name": name, "in": kind, "required": required, **description, "schema": schema}


def _body(operation: Operation, schema: dict[str, Any]) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": schema}
    if operation.route.openapi_extensions.get("x-enghub-form"):
        return {"required": True, "content": {"multipart/form-data": content}}
    if media := operation.route.openapi_extensions.get("x-enghub-media"):
        return {"required": True, "content": {media: content}}
    sample = json.loads((ROOT / "events" / f"{operation.folder}.json").read_text("utf-8"))
    pattern = re.sub(r"<\w+>", "[^/]+", operation.rule)
    if sample.get("httpMethod") == operation.route.method and re.fullmatch(pattern, sample["path"]) and sample["body"]:
        content["example"] = json.loads(sample["body"])
    return {"required": True, "content": {"application/json": content}}


_COMPARED = {"gt": "exclusiveMinimum", "ge": "minimum", "lt": "exclusiveMaximum", "le": "maximum"}


def _tidy(value: Any, inside: str = "") -> Any:
    """Drop the titles that pydantic makes of field names; whole numbers as such; names that fit no pattern are none."""
    if isinstance(value, list):
        return [_tidy(one) for one in value]
    if isinstance(value, dict):
        is_schema = inside != "properties"
        if is_schema and "patternProperties" in value:
            value = {"additionalProperties": False, **value}
        return {
            (_COMPARED.get(name, name) if is_schema else name): one if name == "example" else _tidy(one, name)
            for name, one in value.items()
            if not (is_schema and name == "title" and isinstance(one, str) and inside != "info")
        }
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _used(document: dict[str, Any]) -> dict[str, Any]:
    """Drop the schemas that nothing refers to (models of queries became parameters)."""
    schemas = document["components"]["schemas"]
    while True:
        text = json.dumps(document)
        unused = [name for name in schemas if f'"#/components/schemas/{name}"' not in text]
        if not unused:
            return document
        for name in unused:
            del schemas[name]


def main() -> int:
    """Write the document, or compare it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    text = json.dumps(build(), indent=2, ensure_ascii=False) + "\n"
    if parser.parse_args().check:
        current = DOCUMENT.read_text("utf-8") if DOCUMENT.is_file() else ""
        if current != text:
            print("docs/openapi.json is out of date: run python -m tools.openapi", file=sys.stderr)
            return 1
        return 0
    DOCUMENT.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
