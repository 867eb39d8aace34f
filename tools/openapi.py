"""Writes docs/openapi.json from the handlers themselves; ``--check`` fails when the file is out of date."""

import argparse
import importlib
import json
import re
import sys
from pathlib import Path
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.merge import OpenAPIMerge
from pydantic.alias_generators import to_camel

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), *map(str, sorted(ROOT.glob("layers/*/python")))]
DOCUMENT = ROOT / "docs" / "openapi.json"
ERRORS = {
    "400": "A field is not valid; details name it",
    "401": "No valid token",
    "403": "A permission is missing",
    "404": "Not found for this tenant",
    "409": "Conflict, outdated version, or a reused Idempotency-Key",
    "413": "The body is too large",
    "415": "The body is not application/json",
    "422": "A business rule refuses the request",
    "429": "Too many requests",
    "500": "A fault of ours",
    "503": "Try again later",
}
ENVELOPE = {
    "success": {"type": "boolean"},
    "code": {"type": "string", "description": "HTTP status, or a code of CFG-24"},
    "message": {"type": "string"},
    "timestamp": {"type": "string", "format": "date-time"},
    "requestId": {"type": "string"},
}


def build() -> dict[str, Any]:
    """Return the OpenAPI document of all HTTP functions.

    Raises:
        OpenAPIMergeError: two functions claim the same method and path.
    """
    merge = OpenAPIMerge(title="EngHub", version="1", on_conflict="error")
    for handler in sorted(ROOT.glob("functions/*/*/handler.py")):
        context, name = handler.parts[-3:-1]
        module = importlib.import_module(f"functions.{context}.{name}.handler")
        app = getattr(module, "app", None)
        if isinstance(app, APIGatewayRestResolver):
            schema = json.loads(app.get_openapi_json_schema(title="EngHub", version="1"))
            merge.add_schema(_in_camel_case(_with_envelopes(schema, context, name)))
    document: dict[str, Any] = json.loads(merge.get_openapi_json_schema())
    components = document.setdefault("components", {})
    components["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
    components.setdefault("schemas", {})["Error"] = _error_schema()
    for unused in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(unused, None)
    document["security"] = [{"bearer": []}]
    document["paths"] = dict(sorted(document["paths"].items()))
    components["schemas"] = dict(sorted(components["schemas"].items()))
    return document


def _in_camel_case(schema: dict[str, Any]) -> dict[str, Any]:
    """Name path parameters as the API names everything else."""
    schema["paths"] = {
        re.sub(r"\{(\w+)\}", lambda found: f"{{{to_camel(found[1])}}}", path): operations
        for path, operations in schema["paths"].items()
    }
    for operations in schema["paths"].values():
        for parameter in (p for operation in operations.values() for p in operation.get("parameters", ())):
            if parameter["in"] == "path":
                parameter["name"] = to_camel(parameter["name"])
    return schema


def _with_envelopes(schema: dict[str, Any], context: str, function: str) -> dict[str, Any]:
    for operations in schema["paths"].values():
        for operation in operations.values():
            operation["tags"] = [context]
            operation["x-enghub-context"] = context
            operation["x-enghub-function"] = f"{context}/{function}"
            operation.setdefault("x-enghub-public", False)
            if operation["x-enghub-public"]:
                operation["security"] = []
            for status, response in list(operation["responses"].items()):
                if not status.startswith("2"):
                    del operation["responses"][status]
                    continue
                for content in response.get("content", {}).values():
                    content["schema"] = _envelope(content.get("schema", {}))
            operation["responses"] |= {
                status: {"description": text, "content": {"application/json": {"schema": _ref("Error")}}}
                for status, text in ERRORS.items()
            }
    return schema


def _envelope(data: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": [*ENVELOPE, "data"], "properties": {**ENVELOPE, "data": data}}


def _error_schema() -> dict[str, Any]:
    details = {
        "type": "object",
        "required": ["error"],
        "properties": {
            "error": {"type": "string", "description": "stable name of the error"},
            "field": {"type": "string"},
        },
        "additionalProperties": True,
    }
    return {"type": "object", "required": [*ENVELOPE, "details"], "properties": {**ENVELOPE, "details": details}}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


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
