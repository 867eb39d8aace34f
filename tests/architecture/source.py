"""The run-time code under the rules: every file read and parsed once per session, and what rules say of it.

A rule is a function that yields the offences of one file; a test runs it over all files and shows every offence with
its place. So that a rule is known to bite, tests give it a file made up in memory (`made_up`).
"""

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


class Source:
    """One file: its text and syntax tree, read when first asked for."""

    def __init__(self, path: Path, text: str | None = None) -> None:
        self.path = path
        """From the repository's root."""
        self._given = text

    @cached_property
    def text(self) -> str:
        """What is written in it."""
        return (ROOT / self.path).read_text("utf-8") if self._given is None else self._given

    @cached_property
    def tree(self) -> ast.Module:
        """Its syntax tree."""
        return ast.parse(self.text, str(self.path))

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """All nodes of the tree."""
        return tuple(ast.walk(self.tree))

    @cached_property
    def imports(self) -> tuple["Import", ...]:
        """What the file imports, wherever in it."""
        return tuple(_imports(self.nodes))

    @property
    def lines(self) -> int:
        """How long it is."""
        return len(self.text.splitlines())

    @property
    def module(self) -> str:
        """The dotted name under which a layer's module is imported; a function's is its folder's."""
        parts = self.path.with_suffix("").parts
        inside = parts[3:] if parts[0] == "layers" else parts
        return ".".join(inside).removesuffix(".__init__")

    @property
    def is_function(self) -> bool:
        """Whether it belongs to one Lambda alone."""
        return self.path.parts[0] == "functions"

    @property
    def owner(self) -> str:
        """The context, `core` or `kit`."""
        return self.path.parts[1]


@dataclass(frozen=True)
class Import:
    """A dotted name that is imported at `line`."""

    line: int
    name: str

    @property
    def parts(self) -> list[str]:
        """The name's parts."""
        return self.name.split(".")


@dataclass(frozen=True)
class Offence:
    """What is wrong at a line of a file."""

    source: Source
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.source.path}:{self.line}: {self.what}"


Rule = Callable[[Source], Iterable[Offence]]


@cache
def runtime() -> tuple[Source, ...]:
    """Return every file that runs in Lambda."""
    found = [*ROOT.glob("layers/*/python/**/*.py"), *ROOT.glob("functions/**/*.py")]
    return tuple(Source(path.relative_to(ROOT)) for path in sorted(found))


def clients() -> list[Source]:
    """Return every file that runs in other people's programs."""
    return [Source(path.relative_to(ROOT)) for path in sorted(ROOT.glob("clients/**/*.py"))]


def handlers() -> list[Source]:
    """Return the functions' entry points."""
    return [source for source in runtime() if source.is_function and source.path.name == "handler.py"]


def made_up(path: str, text: str) -> Source:
    """Return a file that is nowhere but in a test."""
    return Source(Path(path), text)


def check(rule: Rule, sources: Iterable[Source] | None = None) -> None:
    """Fail with every offence against `rule`, one line each."""
    found = [str(offence) for source in (runtime() if sources is None else sources) for offence in rule(source)]
    if found:
        pytest.fail("\n".join(found), pytrace=False)


def attributes(source: Source) -> Iterator[tuple[int, str]]:
    """Yield every `a.b` used in a file, with its line."""
    for node in source.nodes:
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield node.lineno, f"{node.value.id}.{node.attr}"


def _imports(nodes: Iterable[ast.AST]) -> Iterator[Import]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (Import(node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (Import(node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def defining(wanted: str, modules: Iterable[str]) -> str | None:
    """Return the module that an import reads: itself, or the one that holds the imported name."""
    return next((module for module in (wanted, wanted.rpartition(".")[0]) if module in modules), None)
