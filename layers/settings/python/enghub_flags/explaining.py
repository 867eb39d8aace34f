"""Why somebody gets what they get: every step of an evaluation with what it saw. Slow, and apart from ``evaluate``.

A property test holds both to the same answer.
"""

from dataclasses import dataclass
from typing import Any

from enghub_flags.evaluation import Ruleset, in_draw, unit_of, which_draw
from enghub_flags.hashing import draw
from enghub_flags.model import TARGETING_KEY, TENANT, USER, WHOLE, Clause, Context, Flag, Result, Serve
from enghub_flags.operators import compiled_clause


@dataclass(frozen=True, slots=True)
class Looked:
    """One clause with what it saw; ``actual`` None: absent or null."""

    clause: Clause
    actual: Any
    holds: bool


@dataclass(frozen=True, slots=True)
class Drawn:
    """Where somebody lies: in when below ``limit`` of ``scale``; ``position`` is None where nothing could be drawn."""

    attribute: str
    unit: str
    position: float | None
    limit: float
    scale: int
    which: float | None = None
    """The second draw, among ``weights``."""


@dataclass(frozen=True, slots=True)
class Step:
    """One stage: ``enabled``, ``prerequisite``, ``targets``, ``rule`` or ``fallthrough``."""

    stage: str
    name: str
    decides: bool
    clauses: tuple[Looked, ...] = ()
    drawn: Drawn | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """A result, and how it came about."""

    result: Result
    steps: tuple[Step, ...]


def explain(ruleset: Ruleset, key: str, context: Context) -> Explanation:
    """Return why a flag answers what it answers; an unknown flag has no steps."""
    result = ruleset.evaluate(key, context)
    flag = ruleset.flags.get(key)
    steps: list[Step] = []
    if flag is not None:
        for step in _steps(ruleset, flag, context):
            steps.append(step)
            if step.decides:
                break
    return Explanation(result, tuple(steps))


def _steps(ruleset: Ruleset, flag: Flag, context: Context) -> list[Step]:
    steps = [Step("enabled", str(flag.is_enabled).lower(), not flag.is_enabled)]
    for one in flag.prerequisites:
        found = ruleset.evaluate(one.flag, context)
        is_met = found.variant in one.variants and found.reason != "DISABLED" and flag.key not in ruleset.broken
        steps.append(Step("prerequisite", f"{one.flag} = {found.variant or 'none'}", not is_met))
    steps += _by_name(flag, context)
    for rule in flag.rules:
        looked = tuple(
            Looked(clause, context.get(clause.attribute), compiled_clause(clause, ruleset.segments)(context))
            for clause in rule.clauses
        )
        holds = all(one.holds for one in looked)
        drawn = _drawn(flag, rule.serve, context) if holds else None
        goes_on = rule.serve.continues and not _is_in(flag, rule.serve, drawn)
        steps.append(Step("rule", rule.rule_id, holds and not goes_on, looked, drawn))
    steps.append(Step("fallthrough", flag.fallthrough.variant, True, drawn=_drawn(flag, flag.fallthrough, context)))
    return steps


def _by_name(flag: Flag, context: Context) -> list[Step]:
    if not flag.targets:
        return []
    who, tenant = context.get(TARGETING_KEY) or context.get(USER), context.get(TENANT)
    is_named = any(who in one.users or tenant in one.tenants for one in flag.targets)
    return [Step("targets", str(who if who is not None else tenant), is_named)]


def _drawn(flag: Flag, serve: Serve, context: Context) -> Drawn | None:
    if not serve.draws:
        return None
    unit, split = unit_of(context, serve.bucket_by), serve.split
    if split is not None:
        position = draw(split.hash_version, split.seed, split.scale)(unit) if unit else None
        return Drawn(
            serve.bucket_by, unit, position, max((high for _, high, _ in split.ranges), default=0), split.scale
        )
    position = in_draw(flag)(unit) if unit else None
    total = sum(weight for _, weight in serve.weights)
    which = which_draw(flag, total)(unit) if unit and total else None
    return Drawn(serve.bucket_by, unit, position, serve.percentage, WHOLE, which)


def _is_in(flag: Flag, serve: Serve, drawn: Drawn | None) -> bool:
    if drawn is None:
        return True
    if drawn.position is None:
        return False
    if serve.split is not None:
        return any(low <= drawn.position < high for low, high, _ in serve.split.ranges)
    return drawn.position < serve.percentage
