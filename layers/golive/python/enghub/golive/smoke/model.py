"""HTTP scenarios: calls one after another, what is taken from an answer for the next, what must be true (OPS-07). Pure.

A text may name values as ``{{name}}``: those given and those extracted. A source is ``status``, ``milliseconds``,
``header:<name>``, or a path into the JSON body (``data.items.0.id``).
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from operator import ge, gt, le, lt
from typing import Any

_PLACE = re.compile(r"\{\{\s*([A-Za-z][A-Za-z0-9_]*)\s*\}\}")
MOST_STEPS = 50


class Missing(Exception):
    """A value that a text names was never given, or an answer does not have what is taken from it."""


class Comparison(StrEnum):
    """How a source is compared."""

    IS = "=="
    IS_NOT = "!="
    LESS = "<"
    AT_MOST = "<="
    AT_LEAST = ">="
    MORE = ">"
    CONTAINS = "contains"
    EXISTS = "exists"


@dataclass(frozen=True, slots=True)
class Assertion:
    """What must be true of an answer: ``data.state == READY``."""

    source: str
    test: Comparison
    value: str = ""

    def __str__(self) -> str:
        return f"{self.source} {self.test} {self.value}".rstrip()


@dataclass(frozen=True, slots=True)
class Extract:
    """A value that later steps may name."""

    name: str
    source: str


@dataclass(frozen=True, slots=True)
class Step:
    """One call."""

    name: str
    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    extracts: tuple[Extract, ...] = ()
    assertions: tuple[Assertion, ...] = (Assertion("status", Comparison.LESS, "400"),)


@dataclass(frozen=True, slots=True)
class Scenario:
    """Calls one after another; the first that is not as it must be ends it.

    ``secret`` names credentials of the tenant: headers by the host that they belong to. ``repeatable`` says that
    a call whose answer was lost may be sent again.
    """

    steps: tuple[Step, ...]
    secret: str = ""
    repeatable: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """What an address answered."""

    status: int
    headers: Mapping[str, str]
    body: str
    milliseconds: int


@dataclass(frozen=True, slots=True)
class StepResult:
    """What became of one call; ``problem`` is empty where all was as it must be."""

    name: str
    status: int
    milliseconds: int
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a scenario."""

    results: tuple[StepResult, ...]

    @property
    def passed(self) -> bool:
        """Every step was as it must be."""
        return all(not one.problem for one in self.results)

    @property
    def said(self) -> str:
        """The first problem, or how many calls it were."""
        problem = next((f"{one.name}: {one.problem}" for one in self.results if one.problem), "")
        return problem or f"{len(self.results)} calls, {sum(one.milliseconds for one in self.results)} ms"


Send = Callable[[Step], Said]
"""Sends one call whose texts are filled. Raises ValueError with the reason where nobody answers."""


def run(scenario: Scenario, send: Send, given: Mapping[str, str] | None = None) -> Report:
    """Run a scenario; each call once."""
    return Report(tuple(_results(scenario, send, dict(given or {}))))


def _results(scenario: Scenario, send: Send, values: dict[str, str]) -> Iterator[StepResult]:
    for step in scenario.steps:
        said = Said(0, {}, "", 0)
        try:
            said = send(_filled(step, values))
            problem = next((str(one) for one in step.assertions if not holds(one, said, values)), "")
            values.update({one.name: _text(taken(one.source, said)) for one in step.extracts if not problem})
        except (Missing, ValueError) as error:
            problem = str(error)
        yield StepResult(step.name, said.status, said.milliseconds, problem[:500])
        if problem:
            return


def _filled(step: Step, values: Mapping[str, str]) -> Step:
    headers = {name: fill(text, values) for name, text in step.headers.items()}
    return Step(step.name, step.method, fill(step.url, values), headers, fill(step.body, values))


def fill(text: str, values: Mapping[str, str]) -> str:
    """Return a text with the values that it names.

    Raises:
        Missing: one was never given.
    """

    def value(found: re.Match[str]) -> str:
        if found[1] not in values:
            message = f"nothing is known as {found[1]}"
            raise Missing(message)
        return values[found[1]]

    return _PLACE.sub(value, text)


def taken(source: str, said: Said) -> Any:
    """Return what an answer has at a source.

    Raises:
        Missing: nothing is there.
    """
    if source == "status":
        return said.status
    if source == "milliseconds":
        return said.milliseconds
    if source.startswith("header:"):
        name = source.removeprefix("header:").lower()
        if name not in said.headers:
            message = f"the answer has no header {name}"
            raise Missing(message)
        return said.headers[name]
    return _at(source, said)


def _at(source: str, said: Said) -> Any:
    try:
        found = json.loads(said.body, parse_float=Decimal)
        for part in source.split("."):
            found = found[int(part)] if isinstance(found, list) else found[part]
    except (ValueError, KeyError, IndexError, TypeError, RecursionError) as error:
        message = f"the answer has no {source}"
        raise Missing(message) from error
    return found


_ORDER: Mapping[Comparison, Callable[[Decimal, Decimal], bool]] = {
    Comparison.LESS: lt,
    Comparison.AT_MOST: le,
    Comparison.AT_LEAST: ge,
    Comparison.MORE: gt,
}


def holds(assertion: Assertion, said: Said, values: Mapping[str, str]) -> bool:
    """Tell whether an assertion is true; of what is not there only ``!=`` is.

    Raises:
        Missing: the assertion's value names what was never given.
    """
    wanted = fill(assertion.value, values)
    try:
        found = taken(assertion.source, said)
    except Missing:
        return assertion.test is Comparison.IS_NOT
    match assertion.test:
        case Comparison.EXISTS:
            return found is not None
        case Comparison.CONTAINS:
            return wanted in ([_text(one) for one in found] if isinstance(found, list) else _text(found))
        case Comparison.IS | Comparison.IS_NOT:
            return _same(found, wanted) is (assertion.test is Comparison.IS)
        case _:
            left, right = _number(found), _number(wanted)
            return left is not None and right is not None and _ORDER[assertion.test](left, right)


def _same(found: Any, wanted: str) -> bool:
    left, right = _number(found), _number(wanted)
    if left is not None and right is not None:
        return left == right
    return _text(found) == wanted


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool) or value is None:
        return None
    try:
        found = Decimal(str(value))
    except (InvalidOperation, ValueError):
        return None
    return found if found.is_finite() else None


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, Decimal) else json.dumps(value, default=str)
