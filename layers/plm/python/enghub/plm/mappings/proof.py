"""What the tests of a mapping say about it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from enghub.plm.mappings.applying import Around, CompiledMapping, LeftOut
from enghub.plm.mappings.model import MappingTest
from enghub.plm.products.reading import PROBLEM


@dataclass(frozen=True, slots=True)
class Tested:
    """What became of one test: the fields that were made, the problem (reason, field, value), or left out."""

    test: MappingTest
    made: Mapping[str, Any]
    problem: tuple[str, str, str] | None
    left_out: bool
    passed: bool


@dataclass(frozen=True, slots=True)
class Proof:
    """Which tests pass, and which rules none of them proves."""

    tested: tuple[Tested, ...]
    unproved: tuple[str, ...]

    @property
    def failed(self) -> tuple[Tested, ...]:
        """The tests that do not pass."""
        return tuple(one for one in self.tested if not one.passed)

    @property
    def is_whole(self) -> bool:
        """Whether the version may be activated."""
        return not self.failed and not self.unproved


def proved(mapping: CompiledMapping, tests: Sequence[MappingTest], around: Around) -> Proof:
    """Run the tests; one has to expect every made field, one to break every check, one to be left out by ``take``."""
    tested = tuple(_tested(mapping, test, around) for test in tests)
    passed = [one for one in tested if one.passed]
    expected = {name for one in passed if one.problem is None for name in one.test.expect}
    broken = {one.problem[2] for one in passed if one.problem is not None and one.problem[0] == "RULE"}
    unproved = [f"field {rule.field}" for rule in mapping.rules.fields if rule.field not in expected]
    unproved += [f"check {check.name}" for check, _ in mapping.checks if check.name not in broken]
    if mapping.take is not None and not any(one.left_out for one in passed):
        unproved.append("take")
    return Proof(tested, tuple(unproved))


def _tested(mapping: CompiledMapping, test: MappingTest, around: Around) -> Tested:
    found = mapping.apply(test.source, replace(around, file=test.file, product=test.product))
    if isinstance(found, LeftOut):
        return Tested(test, {}, None, True, test.left_out)
    problem = found.get(PROBLEM)
    made = {name: value for name, value in found.items() if not name.startswith("#")}
    if problem is not None:
        return Tested(test, made, problem, False, bool(test.refused) and problem[1] == test.refused)
    fits = not test.left_out and not test.refused and all(made.get(name) == test.expect[name] for name in test.expect)
    return Tested(test, made, None, False, fits and bool(test.expect))
