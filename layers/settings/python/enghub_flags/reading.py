"""Flags and segments from and to their JSON documents, as rulesets, clients and the API write them; all of it checked.

{"key": "new-ui", "valueType": "BOOLEAN", "isEnabled": true, "salt": "9f...", "hashVersion": "1", "offVariant": "off",
 "variants": [{"name": "on", "value": true}, {"name": "off", "value": false}],
 "targets": [{"variant": "on", "users": ["u-1"], "tenants": []}],
 "prerequisites": [{"flag": "base", "variants": ["on"]}],
 "rules": [{"ruleId": "cn", "clauses": [{"attribute": "country", "operator": "IN", "values": ["CN"]}], "serve": {...}}],
 "fallthrough": {"variant": "on", "percentage": 12.5, "bucketBy": "targetingKey"}}

``serve`` is ``{"variant"}``; or with ``percentage`` (at most three decimals), ``bucketBy`` and instead of one variant
``weights`` ({"a": 1, "b": 2}); or another engine's ``split``.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from enghub_flags.evaluation import as_type
from enghub_flags.hashing import HashVersion
from enghub_flags.model import (
    TARGETING_KEY,
    WHOLE,
    Clause,
    Flag,
    Operator,
    Prerequisite,
    Rule,
    Segment,
    Serve,
    Split,
    Target,
    ValueType,
    Variant,
)
from enghub_flags.operators import ORDERS, instant, is_number
from enghub_flags.semver import version

MAX_SAFE = 2**53 - 1
"""The largest integer that every reader of JSON reads exactly (RFC 8259 6)."""
MAX_WEIGHTS = 2**31 - 1


class DefinitionRefused(ValueError):
    """A definition says what cannot be; ``field`` is its place, ``problem`` a sentence in English and Chinese."""

    def __init__(self, field: str, english: str, chinese: str) -> None:
        super().__init__(f"{field}: {english}")
        self.field = field
        self.problem = (english, chinese)


# --- reading ---------------------------------------------------------------------------------------------------------


def flag_from(document: Mapping[str, Any], *, checked: bool = True) -> Flag:
    """Return the flag of a document.

    Raises:
        DefinitionRefused: it says what cannot be.
        KeyError, TypeError, ValueError: it is no such document at all.
    """
    value_type = ValueType(document.get("valueType", "BOOLEAN"))
    flag = Flag(
        key=document["key"],
        value_type=value_type,
        variants=tuple(Variant(one["name"], plain(one["value"])) for one in document["variants"]),
        off_variant=document["offVariant"],
        fallthrough=serve_from(document["fallthrough"], "fallthrough"),
        salt=document["salt"],
        is_enabled=document.get("isEnabled", True),
        hash_version=HashVersion(document.get("hashVersion", "1")),
        targets=tuple(
            Target(one["variant"], tuple(one.get("users", ())), tuple(one.get("tenants", ())))
            for one in document.get("targets", ())
        ),
        prerequisites=tuple(
            Prerequisite(one["flag"], tuple(one["variants"])) for one in document.get("prerequisites", ())
        ),
        rules=tuple(
            Rule(
                one["ruleId"],
                clauses_from(one.get("clauses", ()), f"rules.{place}.clauses"),
                serve_from(one["serve"], f"rules.{place}.serve"),
            )
            for place, one in enumerate(document.get("rules", ()))
        ),
        version=document.get("version", 1),
    )
    return check(flag) if checked else flag


def clauses_from(documents: Iterable[Mapping[str, Any]], field: str) -> tuple[Clause, ...]:
    """Return clauses, each checked."""
    return tuple(
        check_clause(
            Clause(one.get("attribute", ""), Operator(one["operator"]), tuple(map(plain, one.get("values", ())))),
            f"{field}.{place}",
        )
        for place, one in enumerate(documents)
    )


def serve_from(document: Mapping[str, Any], field: str) -> Serve:
    """Return what is served.

    Raises:
        DefinitionRefused: the percentage is none.
    """
    split = document.get("split")
    return Serve(
        variant=document.get("variant") or "",
        percentage=thousandths(document.get("percentage", 100), f"{field}.percentage"),
        bucket_by=document.get("bucketBy") or TARGETING_KEY,
        weights=tuple((name, int(weight)) for name, weight in (document.get("weights") or {}).items()),
        split=None
        if split is None
        else Split(
            HashVersion(split["hashVersion"]),
            tuple(split["seed"]),
            int(split["scale"]),
            tuple((float(low), float(high), variant) for low, high, variant in split["ranges"]),
        ),
        continues=document.get("continues", False),
    )


def segment_from(document: Mapping[str, Any]) -> Segment:
    """Return a segment.

    Raises:
        DefinitionRefused
    """
    rules = tuple(clauses_from(rule, f"rules.{place}") for place, rule in enumerate(document.get("rules", ())))
    for place, rule in enumerate(rules):
        if any(clause.operator in {Operator.IN_SEGMENT, Operator.NOT_IN_SEGMENT} for clause in rule):
            raise DefinitionRefused(f"rules.{place}", "a segment names no other segment", "分群不能引用其他分群")
    return Segment(document["key"], tuple(document.get("included", ())), tuple(document.get("excluded", ())), rules)


def thousandths(percent: Any, field: str) -> int:
    """Return a percentage as thousandths of a percent.

    Raises:
        DefinitionRefused: it is not between 0 and 100, or has more than three decimals.
    """
    number = Decimal(str(percent)) if is_number(percent) or isinstance(percent, Decimal) else None
    scaled = None if number is None else number * 1000
    if scaled is None or not 0 <= scaled <= WHOLE or scaled != scaled.to_integral_value():
        problem = ("write a percentage from 0 to 100 with at most three decimals", "百分比须为 0 到 100，最多三位小数")
        raise DefinitionRefused(field, *problem)
    return int(scaled)


def percent(thousandth: int) -> float | int:
    """Return thousandths of a percent as a percentage."""
    return thousandth // 1000 if thousandth % 1000 == 0 else thousandth / 1000


def plain(value: Any) -> Any:
    """Return JSON with its numbers as int and float; a Decimal with a point stays a float."""
    if isinstance(value, Decimal):
        return (
            int(value)
            if value == value.to_integral_value() and "E" not in str(value) and "." not in str(value)
            else float(value)
        )
    if isinstance(value, Mapping):
        return {name: plain(one) for name, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list | tuple) else value


# --- checking --------------------------------------------------------------------------------------------------------


def check(flag: Flag) -> Flag:
    """Return the flag with its values as its type has them.

    Raises:
        DefinitionRefused
    """
    variants = tuple(
        Variant(one.name, checked_value(one.value, flag.value_type, f"variants.{place}.value"))
        for place, one in enumerate(flag.variants)
    )
    names = [one.name for one in variants]
    if len(set(names)) < len(names) or not names:
        raise DefinitionRefused("variants", "give every variant a name of its own", "每个变体须有唯一名称")
    _known(flag.off_variant, names, "offVariant")
    for place, target in enumerate(flag.targets):
        _known(target.variant, names, f"targets.{place}.variant")
    for place, rule in enumerate(flag.rules):
        _check_serve(rule.serve, names, f"rules.{place}.serve")
    if len({rule.rule_id for rule in flag.rules}) < len(flag.rules):
        raise DefinitionRefused("rules", "give every rule an id of its own", "每条规则须有唯一标识")
    _check_serve(flag.fallthrough, names, "fallthrough")
    if any(one.flag == flag.key for one in flag.prerequisites):
        raise DefinitionRefused("prerequisites", "a flag is no prerequisite of itself", "开关不能以自身为前置条件")
    return replace(flag, variants=variants)


def checked_value(value: Any, value_type: ValueType, field: str) -> Any:
    """Return a value as its type has it: 10.0 of an INTEGER is 10.

    Raises:
        DefinitionRefused: it is of another type, or a number that some reader would round.
    """
    found = as_type(value, value_type)
    if found is None or (isinstance(found, float) and not math.isfinite(found)):
        raise DefinitionRefused(field, f"write a value of type {value_type}", f"值须为 {value_type} 类型")
    if is_number(value) and abs(value) > MAX_SAFE and isinstance(value, int):
        english = "integers beyond 9007199254740991 are rounded by some readers: write it as a STRING"
        raise DefinitionRefused(field, english, "整数绝对值不能超过 9007199254740991，请改用 STRING")
    return found


def _known(variant: str, names: list[str], field: str) -> None:
    if variant not in names:
        raise DefinitionRefused(
            field, f"name one of the variants: {', '.join(names)}", f"须为变体之一：{', '.join(names)}"
        )


def _check_serve(serve: Serve, names: list[str], field: str) -> None:
    if bool(serve.variant) + bool(serve.weights) + (serve.split is not None) != 1:
        raise DefinitionRefused(field, "say either variant or weights", "variant 与 weights 须二选一")
    if serve.variant:
        _known(serve.variant, names, f"{field}.variant")
    for name, weight in serve.weights:
        _known(name, names, f"{field}.weights.{name}")
        if weight < 0:
            raise DefinitionRefused(f"{field}.weights.{name}", "write a weight of 0 or more", "权重不能为负")
    if serve.weights and not 0 < sum(weight for _, weight in serve.weights) <= MAX_WEIGHTS:
        raise DefinitionRefused(f"{field}.weights", "let the weights sum up to 1 or more", "权重之和须至少为 1")
    for _, __, name in serve.split.ranges if serve.split else ():
        _known(name, names, f"{field}.split.ranges")


def check_clause(clause: Clause, field: str) -> Clause:
    """Return the clause.

    Raises:
        DefinitionRefused: its operator cannot work with its values.
    """
    kind, values = clause.operator, clause.values
    needs: Callable[[Any], bool] = lambda value: isinstance(value, str | bool) or is_number(value)  # noqa: E731
    sentence = ("write texts, numbers or booleans", "须为文本、数字或布尔值")
    if kind in {Operator.BEFORE, Operator.AFTER}:
        needs, sentence = (
            lambda value: instant(value) is not None,
            (
                "write an ISO 8601 time with an offset",
                "须为带时区偏移的 ISO 8601 时间",
            ),
        )
    elif kind.startswith("SEMVER"):
        needs, sentence = (
            lambda value: version(value) is not None,
            ("write a version as 1.10.0", "须为 1.10.0 形式的版本号"),
        )
    elif kind in ORDERS:
        needs, sentence = is_number, ("write a number", "须为数字")
    elif "WITH" in kind or "SEGMENT" in kind:
        needs, sentence = lambda value: isinstance(value, str), ("write texts", "须为文本")
    few, most = (0, 0) if "EXISTS" in kind else (1, 1) if kind in ORDERS else (1, 1000)
    if not few <= len(values) <= most:
        raise DefinitionRefused(
            f"{field}.values", f"{kind} takes {few} to {most} values", f"{kind} 需要 {few} 到 {most} 个值"
        )
    if not all(map(needs, values)):
        raise DefinitionRefused(f"{field}.values", *sentence)
    if not clause.attribute and "SEGMENT" not in kind:
        raise DefinitionRefused(f"{field}.attribute", "name the attribute", "请指定属性")
    return clause


# --- writing ---------------------------------------------------------------------------------------------------------


def flag_to(flag: Flag) -> dict[str, Any]:
    """Return the document of a flag; what it has not is left out."""
    return _without_nothing(
        {
            "key": flag.key,
            "version": flag.version,
            "valueType": flag.value_type.value,
            "isEnabled": flag.is_enabled,
            "salt": flag.salt,
            "hashVersion": flag.hash_version.value,
            "variants": [{"name": one.name, "value": one.value} for one in flag.variants],
            "offVariant": flag.off_variant,
            "targets": [
                {"variant": one.variant, "users": list(one.users), "tenants": list(one.tenants)} for one in flag.targets
            ],
            "prerequisites": [{"flag": one.flag, "variants": list(one.variants)} for one in flag.prerequisites],
            "rules": [
                {
                    "ruleId": rule.rule_id,
                    "clauses": list(map(clause_to, rule.clauses)),
                    "serve": serve_to(rule.serve),
                }
                for rule in flag.rules
            ],
            "fallthrough": serve_to(flag.fallthrough),
        }
    )


def clause_to(clause: Clause) -> dict[str, Any]:
    """Return the document of a clause."""
    return {"attribute": clause.attribute, "operator": clause.operator.value, "values": list(clause.values)}


def serve_to(serve: Serve) -> dict[str, Any]:
    """Return the document of what is served."""
    found: dict[str, Any] = {"variant": serve.variant} if serve.variant else {}
    if serve.percentage != WHOLE:
        found["percentage"] = percent(serve.percentage)
    if serve.bucket_by != TARGETING_KEY:
        found["bucketBy"] = serve.bucket_by
    if serve.weights:
        found["weights"] = dict(serve.weights)
    if serve.split is not None:
        split = serve.split
        found["split"] = {
            "hashVersion": split.hash_version.value,
            "seed": list(split.seed),
            "scale": split.scale,
            "ranges": [list(one) for one in split.ranges],
        }
    return {**found, "continues": True} if serve.continues else found


def segment_to(segment: Segment) -> dict[str, Any]:
    """Return the document of a segment."""
    return _without_nothing(
        {
            "key": segment.key,
            "included": list(segment.included),
            "excluded": list(segment.excluded),
            "rules": [list(map(clause_to, rule)) for rule in segment.rules],
        }
    )


def _without_nothing(found: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if value not in ([], None)}
