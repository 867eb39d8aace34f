"""Writes events/subscriptions.json, which event types each consumer's queue gets; ``--check`` compares.

The stack subscribes a function to what its handler reads (``entrypoints.events``), and never imports a handler itself.
A consumer of a type that any context may publish names no source.
"""

import argparse
import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from enghub.core.entrypoints import EventConsumer

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), *map(str, sorted(ROOT.glob("layers/*/python")))]
DOCUMENT = ROOT / "events" / "subscriptions.json"


def consumers() -> Iterator[tuple[str, str, "EventConsumer"]]:
    """Yield context, name and handler of every function that reads events of the bus."""
    for path in sorted(ROOT.glob("functions/*/*/handler.py")):
        if "entrypoints.events(" not in path.read_text("utf-8"):
            continue
        context, name = path.parts[-3:-1]
        handler = importlib.import_module(f"functions.{context}.{name}.handler").lambda_handler
        yield context, name, handler


def build() -> str:
    """Return the text of the document."""
    found: dict[str, dict[str, dict[str, list[str]]]] = {}
    for context, name, consumer in consumers():
        sources = {reader.source for reader in consumer.readers.values()}
        found.setdefault(context, {})[name] = {
            "eventTypes": sorted(consumer.readers),
            "sources": [] if "" in sources else sorted(sources),
        }
    return json.dumps(found, indent=2) + "\n"


def main() -> int:
    """Write the document, or compare it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    if parser.parse_args().check:
        if not DOCUMENT.is_file() or DOCUMENT.read_text("utf-8") != build():
            print("events/subscriptions.json is out of date: run python -m tools.subscriptions", file=sys.stderr)
            return 1
        return 0
    DOCUMENT.write_text(build(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
