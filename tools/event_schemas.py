"""Writes events/published/<Type>.1.0.schema.json, the JSON Schema of each event's ``data``; ``--check`` compares.

The models are the leaf classes of every context's ``published.py``.
"""

import argparse
import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "events" / "published"
VERSION = "1.0"


def models() -> Iterator[type[BaseModel]]:
    """Yield the model of every published event, by context."""
    for path in sorted(ROOT.glob("layers/*/python/enghub/*/published.py")):
        module = importlib.import_module(f"enghub.{path.parent.name}.published")
        defined = [
            value
            for value in vars(module).values()
            if isinstance(value, type) and issubclass(value, BaseModel) and value.__module__ == module.__name__
        ]
        yield from (model for model in defined if not any(model in other.__mro__[1:] for other in defined))


def schema_of(model: type[BaseModel]) -> str:
    """Return the text of a schema file."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **model.model_json_schema()}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def main() -> int:
    """Write the schemas, or compare them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    FOLDER.mkdir(parents=True, exist_ok=True)
    outdated = []
    for model in models():
        path = FOLDER / f"{model.__name__}.{VERSION}.schema.json"
        if path.is_file() and path.read_text("utf-8") == schema_of(model):
            continue
        outdated.append(path.name)
        if not check:
            path.write_text(schema_of(model), "utf-8")
    if check and outdated:
        print(f"out of date: {', '.join(outdated)}: run python -m tools.event_schemas", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
