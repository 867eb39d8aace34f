"""Definitions of flagd (JSON Logic), by the bucketing of version 1, 2 or 3 (CFG-31).

Version 1 draws by ``abs(murmur3) / MaxInt32``, 2 by ``(hash * total) >> 32`` of key and targeting key joined, 3 by the
same of their canonical CBOR. Which one a fleet runs is not in the file, so it has to be named.
"""

from collections.abc import Mapping
from typing import Any

from enghub_flags.importers.conditions import Condition, Every, Is, Not, Some, rules_of, split
from enghub_flags.importers.model import Converted, Document, Finding, NotCarried, value_type
from enghub_flags.operators import is_number
from enghub_flags.semver import version as semver

VERSIONS = ("v1", "v2", "v3")
_ORDERS = {"<": "LESS", "<=": "LESS_OR_EQUAL", ">": "GREATER", ">=": "GREATER_OR_EQUAL"}
_SEMVER = {
    "=": "SEMVER_EQUALS",
    "<": "SEMVER_LESS",
    "<=": "SEMVER_LESS_OR_EQUAL",
    ">": "SEMVER_GREATER",
    ">=": "SEMVER_GREATER_OR_EQUAL",
}
Branches = list[tuple[Condition, Any]]


def convert(found: Mapping[str, Any], version: str) -> Converted:
    """Return the flags of a flagd file as ours."""
    into = Converted(f"flagd {version}")
    shared = found.get("$evaluators", {})
    for key, definition in found.get("flags", {}).items():
        try:
            into.flags.append(_Flag(key, version, shared, into).document(definition))
        except NotCarried as error:
            into.refused.append(Finding(key, *error.text))
    return into


class _Flag:
    def __init__(self, key: str, version: str, shared: Mapping[str, Any], into: Converted) -> None:
        self.key, self.version, self.shared, self.into = key, version, shared, into

    def document(self, found: Mapping[str, Any]) -> Document:
        variants, named = found.get("variants") or {}, found.get("defaultVariant")
        default = str(named).lower() if isinstance(named, bool) else str(named or "")
        if default not in variants:
            raise NotCarried("without a default variant it answers what the code says", "没有默认变体")
        rules: list[Document] = []
        for number, (condition, answer) in enumerate(self._branches(found.get("targeting") or None, Every()), 1):
            rules += rules_of(condition, self._serve(answer, default, variants), f"r{number}", self.into)
        return {
            "key": self.key,
            "valueType": value_type(list(variants.values())),
            "isEnabled": found.get("state") == "ENABLED",
            "salt": self.key,
            "variants": [{"name": name, "value": value} for name, value in variants.items()],
            "offVariant": default,
            "rules": rules,
            "fallthrough": {"variant": default},
        }

    def _branches(self, logic: Any, when: Condition) -> Branches:
        """Return who gets what, in order."""
        if isinstance(logic, Mapping) and set(logic) == {"$ref"}:
            logic = self.shared.get(logic["$ref"])
        if not (isinstance(logic, Mapping) and set(logic) == {"if"}):
            return [] if logic is None and when == Every() else [(when, logic)]
        parts = logic["if"] if isinstance(logic["if"], list) else [logic["if"]]
        found: Branches = []
        before: list[Condition] = []
        for place in range(0, len(parts) - 1, 2):
            condition = self._condition(parts[place])
            mine = Every((when, *before, condition))
            found += self._branches(parts[place + 1], mine)
            before.append(Not(condition))
        otherwise = parts[-1] if len(parts) % 2 else None
        return found + self._branches(otherwise, Every((when, *before)))

    def _serve(self, answer: Any, default: str, variants: Mapping[str, Any]) -> Document:
        if answer is None:
            return {"variant": default}
        if isinstance(answer, bool):
            answer = str(answer).lower()
        if isinstance(answer, str):
            if answer not in variants:
                raise NotCarried(f"it answers {answer}, which is no variant", f"{answer} 不是变体")
            return {"variant": answer}
        if isinstance(answer, Mapping) and set(answer) == {"fractional"}:
            return self._fractional(answer["fractional"], variants)
        raise NotCarried(f"what it answers is computed: {_name(answer)}", f"返回值由表达式计算：{_name(answer)}")

    def _fractional(self, parts: Any, variants: Mapping[str, Any]) -> Document:
        seed, by = [self.key], "targetingKey"
        joined = False
        if parts and not isinstance(parts[0], list):
            seed, by = self._bucket_by(parts[0])
            joined, parts = True, parts[1:]
        weights = [(one[0], one[1] if len(one) > 1 else 1) for one in parts]
        for name, weight in weights:
            if name not in variants or not isinstance(weight, int) or isinstance(weight, bool) or weight < 0:
                raise NotCarried("a share of it has no fixed variant or weight", "分流的变体或权重不是固定值")
        total = sum(weight for _, weight in weights)
        if total < 1:
            raise NotCarried("its shares sum up to nothing", "分流权重之和为零")
        if self.version == "v1" and total != 100:
            raise NotCarried("version 1 knows shares of 100 alone", "v1 仅支持总和为 100 的权重")
        end, ranges = 0, []
        for name, weight in weights:
            ranges.append([end, end + weight, name])
            end += weight
        names = {"v1": "flagd-1", "v2": "flagd-2", "v3": "flagd-3-text" if joined else "flagd-3"}
        return split(names[self.version], seed, total, ranges, by)

    def _bucket_by(self, logic: Any) -> tuple[list[str], str]:
        """Return what is hashed before the attribute, and the attribute."""
        is_joined = isinstance(logic, Mapping) and set(logic) == {"cat"}
        parts: Any = logic["cat"] if is_joined else [logic]
        named = [_var(one) for one in parts]
        if len(named) == 2 and named[0] == "$flagd.flagKey" and named[1]:
            seed, by = [self.key], named[1]
        elif len(named) == 1 and named[0]:
            seed, by = [""], named[0]
        else:
            raise NotCarried("it draws by something computed", "分桶依据由表达式计算")
        self.into.note(
            self.key,
            f"who has no {by} is not in; flagd draws them all as one, or by an empty text",
            f"缺少 {by} 的用户不在分流内；flagd 将其视为同一用户或空文本",
        )
        return seed, by

    def _condition(self, logic: Any) -> Condition:
        if isinstance(logic, bool):
            return Every() if logic else Some()
        if not isinstance(logic, Mapping) or len(logic) != 1:
            raise NotCarried(f"a condition of it is {_name(logic)}", f"条件形式不受支持：{_name(logic)}")
        ((operator, parts),) = logic.items()
        if operator == "$ref":
            return self._condition(self.shared.get(parts))
        parts = parts if isinstance(parts, list) else [parts]
        if operator in {"and", "or"}:
            made = tuple(self._condition(one) for one in parts)
            return Every(made) if operator == "and" else Some(made)
        if operator == "!":
            return Not(self._condition(parts[0]))
        return self._clause(operator, parts)

    def _clause(self, operator: str, parts: list[Any]) -> Condition:
        first = _var(parts[0]) if parts else ""
        value: Any = parts[1] if len(parts) > 1 else None
        if operator in {"==", "===", "!=", "!=="} and first and _is_plain_text(value):
            equal = Is(first, "EQUALS", (value,))
            return equal if operator.startswith("==") else Not(equal)
        if operator == "in" and first and isinstance(value, list) and value and all(map(_is_plain_text, value)):
            return Is(first, "IN", tuple(value))
        if operator == "in" and isinstance(parts[0], str) and parts[0] and _var(value):
            return Is(_var(value), "CONTAINS", (parts[0],))
        if operator in {"starts_with", "ends_with"} and first and isinstance(value, str) and value:
            return Is(first, operator.upper(), (value,))
        if operator == "sem_ver" and first and len(parts) == 3 and parts[1] in _SEMVER and semver(parts[2]) is not None:
            self._note_versions(first)
            return Is(first, _SEMVER[parts[1]], (parts[2],))
        if operator in _ORDERS and first and is_number(value):
            return self._ordered(operator, first, value)
        raise NotCarried(f"a condition of it is {_name({operator: parts})}", f"条件 {operator} 不受支持")

    def _ordered(self, operator: str, name: str, value: float) -> Condition:
        """Return a comparison of numbers; to flagd what is missing is 0."""
        self.into.note(
            self.key,
            f"{name} is compared as a number; flagd also reads texts and truth values as numbers",
            f"{name} 仅按数字比较；flagd 还会把文本和布尔值当作数字",
        )
        holds = {"<": value > 0, "<=": value >= 0, ">": value < 0, ">=": value <= 0}[operator]
        found = Is(name, _ORDERS[operator], (value,))
        return Some((found, Is(name, "NOT_EXISTS"))) if holds else found

    def _note_versions(self, name: str) -> None:
        english = f"{name} is a version written in full, as 1.10.0; flagd also takes v1 and 1.10"
        self.into.note(self.key, english, f"{name} 须为完整版本号（如 1.10.0）；flagd 还接受 v1 与 1.10")


def _var(logic: Any) -> str:
    if not isinstance(logic, Mapping) or set(logic) != {"var"}:
        return ""
    name = logic["var"][0] if isinstance(logic["var"], list) and len(logic["var"]) == 1 else logic["var"]
    return name if isinstance(name, str) and (name == "$flagd.flagKey" or "." not in name) else ""


def _is_plain_text(value: Any) -> bool:
    """Tell whether a text equals itself alone, by JavaScript's loose comparison: not one that reads as a number."""
    if not isinstance(value, str) or not value.strip():
        return False
    try:
        float(value)
    except ValueError:
        return not value.strip().lower().startswith(("0x", "0b", "0o"))
    return False


def _name(logic: Any) -> str:
    return next(iter(logic)) if isinstance(logic, Mapping) and logic else repr(logic)[:60]
