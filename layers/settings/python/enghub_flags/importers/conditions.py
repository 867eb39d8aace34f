"""Conditions of other engines as rules of ours: "and", "or" and "not" become rules of clauses that all must hold."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from enghub_flags.importers.model import Converted, Document, NotCarried

MOST_RULES = 50
MOST_CLAUSES = 20
_OPPOSITE = {
    "IN": "NOT_IN",
    "EQUALS": "NOT_EQUALS",
    "CONTAINS": "NOT_CONTAINS",
    "STARTS_WITH": "NOT_STARTS_WITH",
    "ENDS_WITH": "NOT_ENDS_WITH",
    "EXISTS": "NOT_EXISTS",
}
_OPPOSITE |= {other: one for one, other in _OPPOSITE.items()}


@dataclass(frozen=True, slots=True)
class Is:
    """One clause of ours."""

    attribute: str
    operator: str
    values: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Every:
    """All of them; of none: everybody."""

    parts: tuple["Condition", ...] = ()


@dataclass(frozen=True, slots=True)
class Some:
    """One of them at least; of none: nobody."""

    parts: tuple["Condition", ...] = ()


@dataclass(frozen=True, slots=True)
class Not:
    """Whoever it does not hold for."""

    part: "Condition"


Condition = Is | Every | Some | Not
Literal = tuple[Is, bool]


def ways(condition: Condition, *, holds: bool = True) -> list[list[Literal]]:
    """Return the ways in which a condition holds (or does not): each a list of clauses that hold, or do not, together.

    Raises:
        NotCarried: there are too many.
    """
    if isinstance(condition, Not):
        return ways(condition.part, holds=not holds)
    if isinstance(condition, Is):
        return [[(condition, holds)]]
    if isinstance(condition, Some) == holds:
        found = [way for part in condition.parts for way in ways(part, holds=holds)]
        return _bounded(found)
    found = [[]]
    for part in condition.parts:
        found = _bounded([one + other for one in found for other in ways(part, holds=holds)])
    return found


def _bounded(found: list[list[Literal]]) -> list[list[Literal]]:
    if len(found) > MOST_RULES or any(len(way) > MOST_CLAUSES for way in found):
        english = f"its conditions make more than {MOST_RULES} rules of {MOST_CLAUSES} clauses"
        raise NotCarried(english, f"条件展开后超过 {MOST_RULES} 条规则或 {MOST_CLAUSES} 个子句")
    return found


def rules_of(condition: Condition, serve: Document, name: str, into: Converted) -> list[Document]:
    """Return the rules that serve whoever a condition holds for; helper segments go into ``into``."""
    found = []
    for number, way in enumerate(ways(condition), 1):
        clauses = [_clause(literal, into) for literal in dict.fromkeys(way)]
        found.append({"ruleId": name if number == 1 else f"{name}-{number}", "clauses": clauses, "serve": serve})
    return found


def _clause(literal: Literal, into: Converted) -> Document:
    one, holds = literal
    if not holds and one.operator not in _OPPOSITE:
        return {"attribute": "", "operator": "NOT_IN_SEGMENT", "values": [_segment(one, into)]}
    operator = one.operator if holds else _OPPOSITE[one.operator]
    return {"attribute": one.attribute, "operator": operator, "values": list(one.values)}


def _segment(one: Is, into: Converted) -> str:
    """Return the segment of those for whom a clause holds: its opposite is whoever is not in it, the unknown too."""
    clause = {"attribute": one.attribute, "operator": one.operator, "values": list(one.values)}
    key = f"imported-{hashlib.sha256(json.dumps(clause, sort_keys=True).encode()).hexdigest()[:16]}"
    if all(segment["key"] != key for segment in into.segments):
        into.segments.append({"key": key, "rules": [[clause]]})
    return key


def split(
    hash_version: str, seed: Sequence[str], scale: int, ranges: list[list[Any]], by: str, **more: Any
) -> Document:
    """Return what is served by the draw of another engine."""
    drawn = {"hashVersion": hash_version, "seed": list(seed), "scale": scale, "ranges": ranges}
    return {"split": drawn, "bucketBy": by, **more}
