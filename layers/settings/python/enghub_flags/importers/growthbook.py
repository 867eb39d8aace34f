"""Features of GrowthBook (SDK payload), by ``hashVersion`` 1 or 2 of each rule (CFG-31).

Texts are hashed as UTF-16 code units, as the SDKs for JavaScript and Python (4.0) do; a coverage takes who lies below.
"""

from collections.abc import Mapping
from typing import Any

from enghub_flags.importers.conditions import Condition, Every, Is, Not, Some, rules_of, split
from enghub_flags.importers.model import Converted, Document, Finding, NotCarried, value_type
from enghub_flags.operators import is_number

_KNOWN = {
    *("id", "condition", "force", "coverage", "hashAttribute", "hashVersion", "seed", "range", "variations", "weights"),
    *("key", "name", "tracks"),
}
_ORDERS = {"$lt": "LESS", "$lte": "LESS_OR_EQUAL", "$gt": "GREATER", "$gte": "GREATER_OR_EQUAL"}
HASHES = {1: "growthbook-1-utf16", 2: "growthbook-2-utf16"}


def convert(found: Mapping[str, Any], version: str) -> Converted:
    """Return the features of a payload as flags; ``version`` is the SDK's, for the report."""
    into = Converted(f"growthbook {version}")
    for key, feature in found.get("features", {}).items():
        try:
            into.flags.append(_Feature(key, into).document(feature))
        except NotCarried as error:
            into.refused.append(Finding(key, *error.text))
    return into


class _Feature:
    def __init__(self, key: str, into: Converted) -> None:
        self.key, self.into = key, into
        self.values: list[Any] = []

    def document(self, feature: Mapping[str, Any]) -> Document:
        default = self._variant(feature.get("defaultValue"))
        rules: list[Document] = []
        for number, rule in enumerate(feature.get("rules") or [], 1):
            unknown = sorted(set(rule) - _KNOWN)
            if unknown:
                raise NotCarried(f"a rule of it has {', '.join(unknown)}", f"规则含不支持的字段：{', '.join(unknown)}")
            condition = self._condition(rule.get("condition") or {})
            rules += rules_of(condition, self._serve(rule), f"r{number}", self.into)
        kind = value_type(self.values)
        return {
            "key": self.key,
            "valueType": kind,
            "isEnabled": True,
            "salt": self.key,
            "variants": [{"name": f"v{n}", "value": value} for n, value in enumerate(self.values)],
            "offVariant": default,
            "rules": rules,
            "fallthrough": {"variant": default},
        }

    def _variant(self, value: Any) -> str:
        for number, known in enumerate(self.values):
            if known == value and type(known) is type(value):
                return f"v{number}"
        self.values.append(value)
        return f"v{len(self.values) - 1}"

    def _serve(self, rule: Mapping[str, Any]) -> Document:
        hashed, by = rule.get("hashVersion") or 1, rule.get("hashAttribute") or "id"
        if hashed not in HASHES:
            raise NotCarried(f"hashVersion {hashed} is unknown", f"hashVersion {hashed} 未知")
        if rule.get("force") is not None:
            return self._force(rule, HASHES[hashed], by)
        variations = rule.get("variations")
        if not variations:
            raise NotCarried("a rule of it serves nothing", "规则没有返回值")
        coverage = _share(rule.get("coverage", 1))
        weights = rule.get("weights") or [1 / len(variations)] * len(variations)
        if len(weights) != len(variations) or abs(sum(map(_share, weights)) - 1) > 0.0001:
            raise NotCarried("the weights of its variations do not sum up to 1", "变体权重之和不为 1")
        start, ranges = 0.0, []
        for value, weight in zip(variations, weights, strict=True):
            ranges.append([start, start + coverage * weight, self._variant(value)])
            start += weight
        seed = rule.get("seed") or rule.get("key") or self.key
        return split(HASHES[hashed], [seed], 1, ranges, by, continues=True)

    def _force(self, rule: Mapping[str, Any], hashed: str, by: str) -> Document:
        variant = self._variant(rule["force"])
        low, high = rule.get("range") or (0, rule.get("coverage"))
        if high is None:
            return {"variant": variant}
        return split(hashed, [rule.get("seed") or self.key], 1, [[low, high, variant]], by, continues=True)

    def _condition(self, found: Mapping[str, Any]) -> Condition:
        return Every(tuple(self._entry(name, value) for name, value in found.items()))

    def _entry(self, name: str, value: Any) -> Condition:
        if name in {"$or", "$nor", "$and"}:
            parts = tuple(self._condition(one) for one in value)
            if name == "$and":
                return Every(parts)
            anybody = Some(parts) if parts else Every()
            return Not(anybody) if name == "$nor" else anybody
        if name == "$not":
            return Not(self._condition(value))
        if name.startswith("$") or "." in name:
            raise NotCarried(f"a condition of it is on {name}", f"条件 {name} 不受支持")
        return self._value(name, value)

    def _value(self, name: str, value: Any) -> Condition:
        if value is None:
            return Is(name, "NOT_EXISTS")
        if not isinstance(value, Mapping):
            return Is(name, "EQUALS", (_scalar(value),))
        return Every(tuple(self._operator(name, operator, one) for operator, one in value.items()))

    def _operator(self, name: str, operator: str, value: Any) -> Condition:
        if operator == "$exists":
            return Is(name, "EXISTS") if value else Is(name, "NOT_EXISTS")
        if operator == "$not":
            return Not(self._value(name, value))
        if operator in {"$eq", "$ne"}:
            equal = Is(name, "NOT_EXISTS") if value is None else Is(name, "EQUALS", (_scalar(value),))
            return equal if operator == "$eq" else Not(equal)
        if operator in {"$in", "$nin"} and isinstance(value, list):
            found: Condition = Is(name, "IN", tuple(map(_scalar, value))) if value else Some()
            return found if operator == "$in" else Not(found)
        if operator in _ORDERS and is_number(value):
            return Is(name, _ORDERS[operator], (value,))
        raise NotCarried(f"a condition of it is {operator}", f"条件 {operator} 不受支持")


def _scalar(value: Any) -> Any:
    if isinstance(value, str | bool) or is_number(value):
        return value
    raise NotCarried("a condition of it compares with a list, an object or null", "条件与列表、对象或空值比较")


def _share(value: Any) -> float:
    if not is_number(value) or not 0 <= value <= 1:
        raise NotCarried("a share of it is not from 0 to 1", "比例不在 0 到 1 之间")
    return float(value)
