"""How clauses look at attributes. Compiled once; an evaluation raises nothing, whatever the context holds.

An attribute that is absent, null, or of a type that the operator does not compare:

| operator | absent or null | another type |
| --- | --- | --- |
| IN, EQUALS, CONTAINS, STARTS_WITH, ENDS_WITH, EXISTS, IN_SEGMENT | false | false |
| NOT_IN, NOT_EQUALS, NOT_CONTAINS, NOT_STARTS_WITH, NOT_ENDS_WITH, NOT_EXISTS, NOT_IN_SEGMENT | true | true |
| LESS, LESS_OR_EQUAL, GREATER, GREATER_OR_EQUAL, BEFORE, AFTER, SEMVER_* | false | false |

So "all but CN" serves somebody of unknown country, and "age < 18" nobody of unknown age. Numbers compare exactly,
integers beyond 2^53 against floats too; true is not 1 and "5" is not 5. A list is IN when one of its elements is.
"""

import operator
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from enghub_flags.model import TARGETING_KEY, USER, Clause, Context, Operator, Segment
from enghub_flags.semver import version

Test = Callable[[Context], bool]
_NEGATED = {
    Operator.NOT_IN: Operator.IN,
    Operator.NOT_EQUALS: Operator.IN,
    Operator.EQUALS: Operator.IN,
    Operator.NOT_CONTAINS: Operator.CONTAINS,
    Operator.NOT_STARTS_WITH: Operator.STARTS_WITH,
    Operator.NOT_ENDS_WITH: Operator.ENDS_WITH,
    Operator.NOT_EXISTS: Operator.EXISTS,
    Operator.NOT_IN_SEGMENT: Operator.IN_SEGMENT,
}
NEGATIVE = frozenset(_NEGATED) - {Operator.EQUALS}
ORDERS: Mapping[Operator, Callable[[Any, Any], bool]] = {
    Operator.LESS: operator.lt,
    Operator.LESS_OR_EQUAL: operator.le,
    Operator.GREATER: operator.gt,
    Operator.GREATER_OR_EQUAL: operator.ge,
    Operator.BEFORE: operator.lt,
    Operator.AFTER: operator.gt,
    Operator.SEMVER_EQUALS: operator.eq,
    Operator.SEMVER_LESS: operator.lt,
    Operator.SEMVER_LESS_OR_EQUAL: operator.le,
    Operator.SEMVER_GREATER: operator.gt,
    Operator.SEMVER_GREATER_OR_EQUAL: operator.ge,
}


def compiled_clause(clause: Clause, segments: Mapping[str, Segment]) -> Test:
    """Return the test of a clause; a segment that does not exist holds nobody."""
    positive = _NEGATED.get(clause.operator, clause.operator)
    test = _positive(clause, positive, segments)
    if clause.operator in NEGATIVE:
        return lambda context: not test(context)
    return test


def member(segment: Segment) -> Test:
    """Return whether somebody is in a segment; segments do not nest."""
    included, excluded = frozenset(segment.included), frozenset(segment.excluded)
    rules = [[compiled_clause(clause, {}) for clause in rule] for rule in segment.rules]

    def test(context: Context) -> bool:
        who = context.get(TARGETING_KEY) or context.get(USER)
        if isinstance(who, str):
            if who in excluded:
                return False
            if who in included:
                return True
        return any(all(clause(context) for clause in rule) for rule in rules)

    return test


def _positive(clause: Clause, kind: Operator, segments: Mapping[str, Segment]) -> Test:
    attribute, values = clause.attribute, clause.values
    if kind is Operator.IN:
        return _in(attribute, values)
    if kind is Operator.IN_SEGMENT:
        members = [member(segments[name]) for name in values if name in segments]
        return lambda context: any(test(context) for test in members)
    if kind is Operator.EXISTS:
        return lambda context: context.get(attribute) is not None
    if kind in ORDERS:
        return _ordered(attribute, kind, values[0] if values else None)
    return _contains(attribute, values) if kind is Operator.CONTAINS else _with(attribute, kind, values)


def _with(attribute: str, kind: Operator, values: tuple[Any, ...]) -> Test:
    texts = tuple(value for value in values if isinstance(value, str))
    if kind is Operator.STARTS_WITH:
        return lambda context: isinstance(found := context.get(attribute), str) and found.startswith(texts)
    return lambda context: isinstance(found := context.get(attribute), str) and found.endswith(texts)


def _in(attribute: str, values: tuple[Any, ...]) -> Test:
    texts = frozenset(value for value in values if isinstance(value, str))
    numbers = frozenset(value for value in values if is_number(value))
    switches = frozenset(value for value in values if isinstance(value, bool))

    def one(found: Any) -> bool:
        if isinstance(found, str):
            return found in texts
        if isinstance(found, bool):
            return found in switches
        return isinstance(found, int | float) and found in numbers

    def test(context: Context) -> bool:
        found = context.get(attribute)
        if type(found) is str:
            return found in texts
        if isinstance(found, list | tuple):
            return any(one(element) for element in found)
        return one(found)

    return test


def _contains(attribute: str, values: tuple[Any, ...]) -> Test:
    has_one = _in(attribute, values)
    texts = tuple(value for value in values if isinstance(value, str))

    def test(context: Context) -> bool:
        found = context.get(attribute)
        if isinstance(found, str):
            return any(text in found for text in texts)
        return isinstance(found, list | tuple) and has_one(context)

    return test


def _ordered(attribute: str, kind: Operator, limit: Any) -> Test:
    compares = ORDERS[kind]
    reads: Callable[[Any], Any] = _number
    if kind in {Operator.BEFORE, Operator.AFTER}:
        reads = instant
    elif kind.startswith("SEMVER"):
        reads = version
    bound = reads(limit)

    def test(context: Context) -> bool:
        found = reads(context.get(attribute))
        return found is not None and bound is not None and compares(found, bound)

    return test


def is_number(value: Any) -> bool:
    """Tell whether a value is a number that compares: true and NaN are none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and value == value  # noqa: PLR0124


def _number(value: Any) -> float | None:
    return value if is_number(value) else None


def instant(value: Any) -> datetime | None:
    """Return the time that an ISO 8601 text with an offset says, None for anything else."""
    if isinstance(value, datetime):
        return value if value.tzinfo else None
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
        return found.astimezone(UTC) if found.tzinfo else None
    except (ValueError, OverflowError):
        return None
