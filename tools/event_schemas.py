"""Writes events/published/<Type>.<version>.schema.json, the JSON Schema of each event's ``data``; ``--check`` compares.

The models are the leaf classes of every context's ``published.py``. Files of older versions stay: events of theirs are
still on their way, and every reader is tried with their samples.
"""

import argparse
import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), *map(str, sorted(ROOT.glob("layers/*/python")))]

from enghub.core.event_data import EventData  # noqa: E402 - layers are no packages of this environment

FOLDER = ROOT / "events" / "published"


def models() -> Iterator[type[EventData]]:
    """Yield the model of every published event: what any context may publish, then each context's own."""
    published = [f"enghub.{path.parent.name}.published" for path in ROOT.glob("layers/*/python/enghub/*/published.py")]
    for name in ("enghub.core.notices", *sorted(published)):
        module = importlib.import_module(name)
        defined = [
            value
            for value in vars(module).values()
            if isinstance(value, type) and issubclass(value, EventData) and value.__module__ == module.__name__
        ]
        yield from (model for model in defined if not any(model in other.__mro__[1:] for other in defined))


def schema_of(model: type[EventData]) -> str:
    """Return the text of a schema file."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **model.model_json_schema()}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def schema_path(model: type[EventData]) -> Path:
    """Return where the schema of the version that is published now is kept."""
    return FOLDER / f"{model.event_type()}.{model.VERSION}.schema.json"


def main() -> int:
    """Write the schemas, or compare them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    FOLDER.mkdir(parents=True, exist_ok=True)
    outdated = []
    for model in models():
        path = schema_path(model)
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
