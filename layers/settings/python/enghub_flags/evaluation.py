"""Compiles flags once, and evaluates them many times: every result that a flag can have is made beforehand.

The order within a flag: disabled, prerequisites, names (users, then tenants), rules, fallthrough.
"""

import copy
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import Any

from enghub_flags.hashing import HashVersion, draw
from enghub_flags.model import (
    TARGETING_KEY,
    TENANT,
    USER,
    WHOLE,
    Context,
    ErrorCode,
    Flag,
    Reason,
    Result,
    Segment,
    Serve,
    ValueType,
)
from enghub_flags.operators import compiled_clause

Evaluate = Callable[[Context], Result]
Serves = Callable[[Context], Result | None]
"""None: not in, and the next rule decides."""
IN, WHICH = "in", "which"
"""The two draws of a rollout."""


@dataclass(frozen=True)
class Ruleset:
    """All flags that somebody may ask for; ``broken`` stand in a circle of prerequisites, and those never hold."""

    flags: Mapping[str, Flag]
    segments: Mapping[str, Segment] = field(default_factory=dict)
    broken: frozenset[str] = frozenset()
    _compiled: dict[str, Evaluate] = field(default_factory=dict, repr=False, compare=False)

    def evaluate(self, key: str, context: Context) -> Result:
        """Return what a flag answers; an unknown one is a result with an error, nothing is raised."""
        found = self._compiled.get(key)
        if found is None:
            if key not in self.flags:
                return Result(key, None, "", Reason.ERROR, error=ErrorCode.FLAG_NOT_FOUND)
            found = self.compile(key)
        return found(context)

    def evaluate_all(self, context: Context) -> list[Result]:
        """Return what every flag answers, by key."""
        return [self.evaluate(key, context) for key in self.flags]

    def compile(self, key: str) -> Evaluate:
        """Return the evaluation of a flag, made on first use."""
        if key not in self._compiled:
            self._compiled[key] = _compiled(self, self.flags[key])
        return self._compiled[key]


def compiled(flags: Iterable[Flag], segments: Iterable[Segment] = ()) -> Ruleset:
    """Return the flags ready for evaluation; of two with one key the later one counts."""
    by_key = {flag.key: flag for flag in flags}
    return Ruleset(by_key, {segment.key: segment for segment in segments}, frozenset(circle(by_key.values())))


def circle(flags: Iterable[Flag]) -> set[str]:
    """Return the keys of flags whose prerequisites lead back to themselves."""
    graph = {flag.key: {one.flag for one in flag.prerequisites} for flag in flags}
    found: set[str] = set()
    while True:
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            cycle = set(error.args[1])
            found |= cycle
            graph = {key: needs - cycle for key, needs in graph.items() if key not in cycle}
        else:
            return found


def unit_of(context: Context, attribute: str) -> str:
    """Return what is drawn by; empty where the attribute is absent, null, empty, or neither text nor integer."""
    found = context.get(attribute)
    if type(found) is str:
        return found
    return str(found) if isinstance(found, int) and not isinstance(found, bool) else ""


def in_draw(flag: Flag) -> Callable[[str], float]:
    """Return the draw of who is in, of thousandths of a percent."""
    return draw(flag.hash_version, _seed(flag, IN), WHOLE)


def which_draw(flag: Flag, total: int) -> Callable[[str], float]:
    """Return the draw of who gets which variant, independent of who is in."""
    return draw(flag.hash_version, _seed(flag, WHICH), total)


def _seed(flag: Flag, purpose: str) -> tuple[str, ...]:
    return (flag.salt, purpose) if flag.hash_version is HashVersion.OURS else (flag.salt,)


def _compiled(ruleset: Ruleset, flag: Flag) -> Evaluate:
    maker = _Maker(flag)
    if not flag.is_enabled:
        off = maker.result(flag.off_variant, Reason.DISABLED)
        return maker.finished(lambda _: off)
    decide = _decision(maker, ruleset)
    if flag.prerequisites:
        decide = _after_prerequisites(maker, ruleset, decide)
    return maker.finished(decide)


def _decision(maker: "_Maker", ruleset: Ruleset) -> Evaluate:
    flag = maker.flag
    users, tenants = maker.names()
    rules = [
        (
            [compiled_clause(clause, ruleset.segments) for clause in rule.clauses],
            maker.serves(rule.serve, rule.rule_id, Reason.TARGETING_MATCH),
        )
        for rule in flag.rules
    ]
    plain = Reason.DEFAULT if rules or users or tenants else Reason.STATIC
    otherwise = maker.serves(flag.fallthrough, "", plain)
    off = maker.result(flag.off_variant, Reason.DEFAULT)

    def by_rules(context: Context) -> Result:
        for tests, serve in rules:
            for test in tests:
                if not test(context):
                    break
            else:
                found = serve(context)
                if found is not None:
                    return found
        return otherwise(context) or off

    def by_names(context: Context) -> Result:
        who = context.get(TARGETING_KEY) or context.get(USER)
        if isinstance(who, str) and who in users:
            return users[who]
        tenant = context.get(TENANT)
        if isinstance(tenant, str) and tenant in tenants:
            return tenants[tenant]
        return by_rules(context)

    return by_names if users or tenants else by_rules


def _after_prerequisites(maker: "_Maker", ruleset: Ruleset, decide: Evaluate) -> Evaluate:
    flag = maker.flag
    needed = [
        (one.flag, frozenset(one.variants), maker.result(flag.off_variant, Reason.PREREQUISITE_FAILED, one.flag))
        for one in flag.prerequisites
    ]
    if flag.key in ruleset.broken:
        failed = needed[0][2]
        return lambda _: failed

    def evaluate(context: Context) -> Result:
        for key, variants, failed in needed:
            found = ruleset.evaluate(key, context)
            if found.variant not in variants or found.reason is Reason.DISABLED:
                return failed
        return decide(context)

    return evaluate


class _Maker:
    """Makes the results and draws of one flag."""

    def __init__(self, flag: Flag) -> None:
        self.flag = flag

    def result(self, variant: str, reason: Reason, rule: str = "", attribute: str = "") -> Result:
        flag = self.flag
        return Result(flag.key, flag.value(variant), variant, reason, rule, attribute, flag.version)

    def finished(self, decide: Evaluate) -> Evaluate:
        """Give an OBJECT away as a copy: who gets it may change it."""
        if self.flag.value_type is not ValueType.OBJECT:
            return decide

        def evaluate(context: Context) -> Result:
            found = decide(context)
            return found._replace(value=copy.deepcopy(found.value))

        return evaluate

    def names(self) -> tuple[dict[str, Result], dict[str, Result]]:
        users: dict[str, Result] = {}
        tenants: dict[str, Result] = {}
        for target in self.flag.targets:
            found = self.result(target.variant, Reason.TARGETING_MATCH, f"targets.{target.variant}")
            for names, here in ((target.users, users), (target.tenants, tenants)):
                for name in names:
                    here.setdefault(name, found)
        return users, tenants

    def serves(self, serve: Serve, rule: str, plain: Reason) -> Serves:
        if not serve.draws:
            fixed = self.result(serve.variant, plain, rule)
            return lambda _: fixed
        attribute = serve.bucket_by
        out = None if serve.continues else self.result(self.flag.off_variant, Reason.SPLIT, rule)
        lacking = self.result(self.flag.off_variant, Reason.NO_BUCKETING_ATTRIBUTE, rule, attribute)
        drawn = self._split(serve, rule, out) if serve.split else self._rollout(serve, rule, out)

        def serves(context: Context) -> Result | None:
            unit = context.get(attribute)
            if type(unit) is not str:
                unit = unit_of(context, attribute)
            if not unit:
                return None if out is None else lacking
            return drawn(unit)

        return serves

    def _rollout(self, serve: Serve, rule: str, out: Result | None) -> Callable[[str], Result | None]:
        limit, is_in = serve.percentage, in_draw(self.flag)
        if not serve.weights:
            found = self.result(serve.variant, Reason.SPLIT, rule)
            return lambda unit: found if is_in(unit) < limit else out
        limits, total = self._limits(serve.weights, rule)
        which = which_draw(self.flag, total)

        def drawn(unit: str) -> Result | None:
            if is_in(unit) >= limit:
                return out
            place = which(unit)
            for end, result in limits:
                if place < end:
                    return result
            return out

        return drawn

    def _limits(self, weights: tuple[tuple[str, int], ...], rule: str) -> tuple[list[tuple[int, Result]], int]:
        """Return where each variant's share ends; one of weight zero has none, wherever it stands."""
        end, limits = 0, []
        for variant, weight in weights:
            end += weight
            if weight:
                limits.append((end, self.result(variant, Reason.SPLIT, rule)))
        return limits, end

    def _split(self, serve: Serve, rule: str, out: Result | None) -> Callable[[str], Result | None]:
        split = serve.split
        if split is None:
            raise TypeError(serve)
        position = draw(split.hash_version, split.seed, split.scale)
        ranges = [(low, high, self.result(variant, Reason.SPLIT, rule)) for low, high, variant in split.ranges]

        def drawn(unit: str) -> Result | None:
            place = position(unit)
            for low, high, result in ranges:
                if low <= place < high:
                    return result
            return out

        return drawn


def typed(result: Result, wanted: ValueType, fallback: Any) -> Result:
    """Return the result as somebody asks for it: integers serve as floats, whole floats as integers, nothing rounds."""
    if result.error is not None:
        return result._replace(value=fallback)
    value = as_type(result.value, wanted)
    if value is None:
        return result._replace(value=fallback, variant="", reason=Reason.ERROR, error=ErrorCode.TYPE_MISMATCH)
    return result._replace(value=value)


def as_type(value: Any, wanted: ValueType) -> Any:
    """Return a value as a type has it, None where it is none of it."""
    if isinstance(value, bool):
        return value if wanted is ValueType.BOOLEAN else None
    if wanted is ValueType.STRING:
        return value if isinstance(value, str) else None
    if wanted is ValueType.OBJECT:
        return value if isinstance(value, dict | list) else None
    if not isinstance(value, int | float):
        return None
    if wanted is ValueType.FLOAT:
        return float(value)
    return int(value) if wanted is ValueType.INTEGER and value == int(value) else None
