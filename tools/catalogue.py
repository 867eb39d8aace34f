"""Writes docs/catalogue.md, the list of all functions, from their docstrings; ``--check`` compares."""

import argparse
import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "docs" / "catalogue.md"
HEAD = """# Functions

Generated from the handlers by `python -m tools.catalogue`; do not edit.

| function | does | trigger | runbook |
| --- | --- | --- | --- |
"""


@dataclass(frozen=True, slots=True)
class Function:
    """One row: what the docstring of a handler says."""

    context: str
    name: str
    does: str
    trigger: str
    runbook: str

    def row(self) -> str:
        """Return the table row."""
        runbook = f"[{Path(self.runbook).stem}]({self.runbook.removeprefix('docs/')})"
        link = f"[`{self.context}/{self.name}`](../functions/{self.context}/{self.name}/handler.py)"
        return f"| {link} | {self.does} | {self.trigger} | {runbook} |\n"


def functions() -> Iterator[Function]:
    """Yield every function, by context and name."""
    for handler in sorted(ROOT.glob("functions/*/*/handler.py")):
        text = ast.get_docstring(ast.parse(handler.read_text("utf-8"))) or ""
        context, name = handler.parts[-3:-1]
        yield Function(context, name, _first(text), _part(text, "Trigger"), _part(text, "Runbook"))


def _first(text: str) -> str:
    return " ".join(text.split("\n\n", maxsplit=1)[0].split())


def _part(text: str, label: str) -> str:
    found = re.search(rf"{label}: (.+?)(?:\.\s|\.$|\n\n|\Z)", text, re.DOTALL)
    return " ".join(found.group(1).split()).replace("|", "/") if found else ""


def main() -> int:
    """Write the page, or compare it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    text = HEAD + "".join(function.row() for function in functions())
    if parser.parse_args().check:
        if not DOCUMENT.is_file() or DOCUMENT.read_text("utf-8") != text:
            print("docs/catalogue.md is out of date: run python -m tools.catalogue", file=sys.stderr)
            return 1
        return 0
    DOCUMENT.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
