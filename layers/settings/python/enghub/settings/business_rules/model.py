"""A business rule: a decision table with its tests, in versions of which one is active (CFG-15, REQ-008-003).

Work-order handling, dispatch and SLA rules. A version never changes; it may decide once its tests prove it: they pass,
and every row counts in one of them. Two layers: the global one, for every tenant, and the tenant's own, whose active
rule of the same key takes the place of the global one. Pure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from enghub.core.commits import Commit, Kept
from enghub.core.identity import Origin
from enghub.core.strictjson import parse_json
from enghub.kit.expressions.errors import ExpressionFailed, ExpressionRefused, NoRowFits, SeveralRowsFit
from enghub.kit.expressions.tables import CompiledTable, Decision
from enghub.settings.configs.merge import same

MAX_DEFINITION = 100_000
"""Characters of a table, and of its tests: an event and an item take them."""


class RuleKind(StrEnum):
    """What a rule decides about (REQ-008-003)."""

    WORK_ORDER = "WORK_ORDER"
    DISPATCH = "DISPATCH"
    SLA = "SLA"
    OTHER = "OTHER"


@dataclass(frozen=True, slots=True)
class BusinessRule:
    """One rule of a space; ``version`` is the latest one, ``active_version`` the one that decides (0: none)."""

    tenant_id: str
    """``*`` for the global layer."""
    rule_key: str
    name: str
    kind: RuleKind
    version: int
    active_version: int = 0
    updated_by: str = ""
    updated_at: datetime | None = None
    activated_by: str = ""
    activated_at: datetime | None = None
    change_request: str = ""
    """The request for change by which the active version was approved."""
    approved_by: tuple[str, ...] = ()

    @property
    def layer(self) -> str:
        """Whose it is."""
        return "global" if self.tenant_id == "*" else "tenant"


@dataclass(frozen=True, slots=True)
class Activation:
    """Which version of a rule decides (0: none), since when, by whom, agreed to by whom."""

    tenant_id: str
    version: int
    by: str
    at: datetime | None
    change_request: str = ""
    approved_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleVersion:
    """One version of a rule; it never changes."""

    tenant_id: str
    rule_key: str
    version: int
    name: str
    kind: RuleKind
    table: str
    """The decision table as JSON text."""
    tests: str
    """Its tests as JSON text."""
    description: str = ""
    created_by: str = ""
    created_at: datetime | None = None
    reason: str = ""

    def says_the_same(self, other: "RuleVersion") -> bool:
        """Tell whether both say the same, whoever wrote them when, in whichever order of members."""
        mine, theirs = ((v.name, v.kind, v.description) for v in (self, other))
        texts = ((self.table, other.table), (self.tests, other.tests))
        return mine == theirs and all(one == two or same(parse_json(one), parse_json(two)) for one, two in texts)


@dataclass(frozen=True, slots=True)
class RuleTest:
    """A test kept with a rule: for these inputs these results; none means that no row may fit."""

    name: str
    inputs: Mapping[str, Any]
    expect: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a table said to one set of inputs: its rows and results, or why it could not decide."""

    inputs: Mapping[str, Any]
    rows: tuple[int, ...] = ()
    results: tuple[Mapping[str, Any], ...] = ()
    problem: Exception | None = None

    @property
    def is_nothing(self) -> bool:
        """Whether it decided that no row fits."""
        return not self.rows and (self.problem is None or isinstance(self.problem, NoRowFits))


@dataclass(frozen=True, slots=True)
class Tested:
    """What became of one test."""

    test: RuleTest
    outcome: Outcome
    passed: bool


@dataclass(frozen=True, slots=True)
class Proof:
    """What the tests of a version say about it."""

    tested: tuple[Tested, ...]
    never_reached: tuple[int, ...]
    """Rows, from 1, that count in no test."""

    @property
    def failed(self) -> tuple[Tested, ...]:
        """The tests that do not pass."""
        return tuple(one for one in self.tested if not one.passed)

    @property
    def is_whole(self) -> bool:
        """Whether the version may be activated."""
        return not self.failed and not self.never_reached


def tests_of(text: str) -> tuple[RuleTest, ...]:
    """Return the tests of their JSON text."""
    return tuple(RuleTest(one["name"], one["inputs"], tuple(one["expect"])) for one in parse_json(text))


def decided(table: CompiledTable, inputs: Mapping[str, Any]) -> Outcome:
    """Return what a table says; a cell that cannot be evaluated is a problem that names row and column."""
    try:
        found: Decision = table.decide(inputs)
    except (ExpressionFailed, ExpressionRefused, NoRowFits, SeveralRowsFit) as problem:
        return Outcome(inputs, problem=problem)
    return Outcome(inputs, found.rows, found.results)


def proved(table: CompiledTable, tests: Sequence[RuleTest]) -> Proof:
    """Run the tests; return which pass, and which rows none of them reaches."""
    tested = tuple(_tested(table, test) for test in tests)
    reached = {row for one in tested for row in one.outcome.rows}
    return Proof(tested, tuple(n for n in range(1, len(table.tests) + 1) if n not in reached))


def _tested(table: CompiledTable, test: RuleTest) -> Tested:
    outcome = decided(table, test.inputs)
    if not test.expect:
        return Tested(test, outcome, outcome.is_nothing)
    got = [dict(one) for one in outcome.results]
    return Tested(test, outcome, same(got, [dict(one) for one in test.expect]))


def saved(wanted: RuleVersion, before: Kept[BusinessRule] | None, origin: Origin) -> Commit[BusinessRule]:
    """Return the commit of a new version; which one is active stays."""
    head = BusinessRule(wanted.tenant_id, wanted.rule_key, wanted.name, wanted.kind, 1)
    if before is not None:
        head = replace(before.value, name=wanted.name, kind=wanted.kind, version=before.value.version + 1)
    after = replace(head, updated_by=origin.user_id, updated_at=origin.at)
    return Commit(origin, "created" if before is None else "changed", after, before, reason=wanted.reason)


def activated(
    before: Kept[BusinessRule],
    version: int,
    origin: Origin,
    reason: str,
    *,
    change_request: str = "",
    approved_by: tuple[str, ...] = (),
) -> Commit[BusinessRule]:
    """Return the commit by which a version becomes the one that decides; 0: none does."""
    after = replace(
        before.value,
        active_version=version,
        activated_by=origin.user_id,
        activated_at=origin.at,
        change_request=change_request,
        approved_by=approved_by,
    )
    return Commit(origin, "activated" if version else "deactivated", after, before, reason=reason)
