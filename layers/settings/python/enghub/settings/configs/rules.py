"""Validation rules of an item: what they may say, and whether a value satisfies them (CFG-02, REQ-008 7.3.2).

Forms: ``{"type": "range", "min", "max"}``, ``{"type": "length", "min", "max"}``, ``{"type": "pattern", "pattern"}``,
``{"type": "enum", "values"}``, ``{"type": "schema", "schema"}`` (JSON Schema 2020-12), ``{"type": "properties",
"required"}`` (read as Java does) and ``{"type": "all", "rules"}``. Regular expressions run in linear time (Rust
``regex``), whoever wrote them; a JSON Schema never fetches anything.
"""

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any

from pydantic import StringConstraints, TypeAdapter, ValidationError
from pydantic_core import SchemaError

from enghub.core.events import dumps
from enghub.core.i18n import Filled, Text
from enghub.settings.configs import proposals, texts
from enghub.settings.configs.errors import ConfigRuleUnsatisfied, ValidationRuleMalformed
from enghub.settings.configs.model import ConfigType
from enghub.settings.configs.values import shown

MAX_RULE_BYTES = 16 * 1024
MAX_PATTERN_LENGTH = 1000
Rule = Mapping[str, Any]
Problem = Text | Filled | None


def check_rule(rule: Rule, config_type: ConfigType) -> None:
    """Refuse a rule that cannot be understood, or cannot apply to values of ``config_type``.

    Raises:
        ValidationRuleMalformed: 40001.
    """
    if len(dumps(rule).encode("utf-8", "surrogatepass")) > MAX_RULE_BYTES:
        raise _malformed(texts.AT_MOST.filled(most=MAX_RULE_BYTES, unit=texts.BYTES))
    for part in _parts(rule):
        kind = part.get("type")
        if not isinstance(kind, str) or kind not in _KINDS:
            raise _malformed(texts.KIND_OF.filled(kinds=", ".join(sorted([*_KINDS, "all"]))))
        members, types, _ = _KINDS[kind]
        unknown = set(part) - {"type", *members}
        if unknown:
            raise _malformed(texts.UNKNOWN_MEMBER.filled(name=sorted(unknown)[0], kind=kind))
        if config_type not in types:
            raise _malformed(texts.OTHER_KIND.filled(kind=kind, type=config_type))
        _CHECKS[kind](part)


def satisfy(rule: Rule | None, value: str, parsed: Any) -> None:
    """Raise unless the value satisfies the (checked) rule.

    Args:
        rule: from ``check_rule``; None allows everything.
        value: the text as given.
        parsed: what ``values.parse`` made of it.

    Raises:
        ConfigRuleUnsatisfied: 40003, with ``validationRule`` and ``actualValue``.
    """
    for part in _parts(rule) if rule else ():
        problem = _KINDS[part["type"]][2](part, value, parsed)
        if problem is not None:
            raise ConfigRuleUnsatisfied(
                field="configValue",
                problem=problem,
                actual_value=shown(value),
                validation_rule=part,
                suggestion=proposals.of_rule(part, value, parsed),
            )


def _parts(rule: Rule) -> list[Rule]:
    if rule.get("type") != "all":
        return [rule]
    parts = rule.get("rules")
    if not isinstance(parts, list) or not 0 < len(parts) <= 10 or set(rule) != {"type", "rules"}:
        raise _malformed(texts.SOME_RULES)
    if not all(isinstance(part, dict) for part in parts):
        raise _malformed(texts.RULES_ARE_OBJECTS)
    return parts


# --- is the rule well formed? ---


def _check_range(rule: Rule) -> None:
    _check_bounds(rule, texts.BOUND_NUMBERS, lambda bound: isinstance(bound, int | float | Decimal))


def _check_length(rule: Rule) -> None:
    _check_bounds(rule, texts.BOUND_COUNTS, lambda bound: isinstance(bound, int) and bound >= 0)


def _check_bounds(rule: Rule, expected: Text, fits: Callable[[Any], bool]) -> None:
    bounds = [rule[name] for name in ("min", "max") if rule.get(name) is not None]
    if not bounds:
        raise _malformed(texts.NO_BOUND.filled(kind=rule["type"]))
    if not all(fits(bound) and not isinstance(bound, bool) for bound in bounds):
        raise _malformed(expected)
    if len(bounds) == 2 and bounds[0] > bounds[1]:
        raise _malformed(texts.CROSSED)


def _check_pattern(rule: Rule) -> None:
    pattern = rule.get("pattern")
    if not isinstance(pattern, str) or not 0 < len(pattern) <= MAX_PATTERN_LENGTH:
        raise _malformed(texts.PATTERN_FORM.filled(most=MAX_PATTERN_LENGTH))
    try:
        _matcher(pattern)
    except SchemaError as error:
        raise _malformed(texts.NO_PATTERN) from error


def _check_enum(rule: Rule) -> None:
    allowed = rule.get("values")
    if not isinstance(allowed, list) or not 0 < len(allowed) <= 200 or not all(isinstance(v, str) for v in allowed):
        raise _malformed(texts.VALUES_FORM)


def _check_properties(rule: Rule) -> None:
    required = rule.get("required", [])
    if not isinstance(required, list) or not all(isinstance(name, str) for name in required):
        raise _malformed(texts.REQUIRED_FORM)


def _check_schema(rule: Rule) -> None:
    if not isinstance(rule.get("schema"), dict | bool):
        raise _malformed(texts.SCHEMA_FORM)
    try:
        _validator(dumps(rule["schema"]))
    except ValueError as error:
        raise _malformed(texts.NO_SCHEMA.filled(why=str(error).splitlines()[0][:300])) from error


# --- does the value satisfy it? None, or what is wrong ---


def _in_range(rule: Rule, _: str, parsed: Any) -> Problem:
    return _within(rule, parsed, None)


def _in_length(rule: Rule, value: str, _: Any) -> Problem:
    return _within(rule, len(value), texts.CHARACTERS)


def _within(rule: Rule, amount: Any, unit: Text | None) -> Problem:
    lowest, highest = rule.get("min"), rule.get("max")
    if lowest is not None and amount < lowest:
        return (texts.AT_LEAST if unit else texts.LEAST).filled(least=lowest, unit=unit)
    if highest is not None and amount > highest:
        return (texts.AT_MOST if unit else texts.MOST).filled(most=highest, unit=unit)
    return None


def _in_pattern(rule: Rule, value: str, _: Any) -> Problem:
    try:
        _matcher(rule["pattern"]).validate_python(value)
    except ValidationError:
        return texts.NO_MATCH.filled(pattern=rule["pattern"])
    return None


def _in_enum(rule: Rule, value: str, _: Any) -> Problem:
    return None if value in rule["values"] else texts.ONE_OF.filled(values=", ".join(rule["values"])[:300])


def _in_properties(rule: Rule, value: str, _: Any) -> Problem:
    from enghub.kit.sheets import properties  # noqa: PLC0415 - few items have one
    from enghub.kit.sheets.model import SheetRefused  # noqa: PLC0415

    try:
        found = {name: number for name, _, number in properties.parse(value)}
    except SheetRefused as error:
        return error.said
    if "" in found:
        return texts.NO_KEY.filled(line=found[""])
    missing = sorted(set(rule.get("required", [])) - set(found))
    return texts.MISSING.filled(name=missing[0]) if missing else None


def _in_schema(rule: Rule, value: str, _: Any) -> Problem:
    found = next(_validator(dumps(rule["schema"])).iter_errors(_plain(value)), None)
    if found is None:
        return None
    place = "/".join(str(part) for part in found.instance_path)
    return texts.AGAINST_SCHEMA.filled(place=place or texts.THE_VALUE, why=found.message[:300])


def _plain(value: str) -> Any:

    return json.loads(value)


@lru_cache(maxsize=256)
def _matcher(pattern: str) -> TypeAdapter[str]:
    return TypeAdapter(Annotated[str, StringConstraints(pattern=pattern)])


@lru_cache(maxsize=64)
def _validator(schema: str) -> Any:
    """Return the compiled schema; imported here because few items have one."""

    import jsonschema_rs  # noqa: PLC0415

    def nothing_remote(uri: str) -> Any:
        message = f"{uri} is not part of the schema"
        raise ValueError(message)

    return jsonschema_rs.Draft202012Validator(
        json.loads(schema), pattern_options=jsonschema_rs.RegexOptions(), retriever=nothing_remote
    )


def _malformed(problem: Text | Filled) -> ValidationRuleMalformed:
    return ValidationRuleMalformed(field="validationRule", problem=problem)


_TEXTS = frozenset({ConfigType.STRING, ConfigType.JSON, ConfigType.XML})
_KINDS: dict[str, tuple[frozenset[str], frozenset[ConfigType], Callable[[Rule, str, Any], Problem]]] = {
    "range": (frozenset({"min", "max"}), frozenset({ConfigType.NUMBER}), _in_range),
    "length": (frozenset({"min", "max"}), _TEXTS, _in_length),
    "pattern": (frozenset({"pattern"}), frozenset({ConfigType.STRING, ConfigType.NUMBER}), _in_pattern),
    "enum": (frozenset({"values"}), frozenset({ConfigType.STRING, ConfigType.NUMBER}), _in_enum),
    "schema": (frozenset({"schema"}), frozenset({ConfigType.JSON}), _in_schema),
    "properties": (frozenset({"required"}), frozenset({ConfigType.STRING}), _in_properties),
}
_CHECKS: dict[str, Callable[[Rule], None]] = {
    "range": _check_range,
    "length": _check_length,
    "pattern": _check_pattern,
    "enum": _check_enum,
    "schema": _check_schema,
    "properties": _check_properties,
}
