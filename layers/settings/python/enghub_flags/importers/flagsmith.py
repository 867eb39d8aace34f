"""Features and segments of Flagsmith (evaluation context of the engine, version 10 and later) as flags (CFG-31).

A feature has a value beside being on or off, so its flag is an object of both: ``{"enabled": true, "value": 3}``.
Overrides of segments become rules by their priority; a percentage split draws by ``md5`` of segment and identity key.
"""

import math
from collections.abc import Mapping
from typing import Any

from enghub_flags.importers.conditions import Condition, Every, Is, Not, Some, rules_of, split
from enghub_flags.importers.model import Converted, Document, Finding, NotCarried
from enghub_flags.operators import is_number

LAST = math.inf
"""The priority of an override that names none."""
_ORDERS = {
    "GREATER_THAN": "GREATER",
    "GREATER_THAN_INCLUSIVE": "GREATER_OR_EQUAL",
    "LESS_THAN": "LESS",
    "LESS_THAN_INCLUSIVE": "LESS_OR_EQUAL",
}


def convert(found: Mapping[str, Any], version: str) -> Converted:
    """Return the features of an environment as flags; ``version`` is the engine's, for the report."""
    into = Converted(f"flagsmith {version}")
    segments = list((found.get("segments") or {}).values())
    for key, feature in (found.get("features") or {}).items():
        try:
            into.flags.append(_Feature(key, segments, into).document(feature))
        except NotCarried as error:
            into.refused.append(Finding(key, *error.text))
    return into


class _Feature:
    def __init__(self, key: str, segments: list[Mapping[str, Any]], into: Converted) -> None:
        self.key, self.segments, self.into = key, segments, into
        self.variants: list[dict[str, Any]] = []

    def document(self, feature: Mapping[str, Any]) -> Document:
        otherwise = self._variant(feature)
        overrides = [
            (override.get("priority", LAST), place, segment, override)
            for place, segment in enumerate(self.segments)
            for override in segment.get("overrides") or ()
            if override["name"] == feature["name"]
        ]
        rules: list[Document] = []
        for number, (_, _, segment, override) in enumerate(sorted(overrides, key=lambda one: one[:2]), 1):
            condition, share = self._segment(segment)
            variant = self._variant(override)
            serve: Document = {"variant": variant}
            if share is not None:
                # Up to and including the share, where ours ends below it.
                ranges = [[0, math.nextafter(share, math.inf), variant]]
                serve = split("flagsmith", [str(segment["key"])], 100, ranges, "targetingKey", continues=True)
            rules += rules_of(condition, serve, f"o{number}", self.into)
        return {
            "key": self.key,
            "valueType": "OBJECT",
            "isEnabled": True,
            "salt": self.key,
            "variants": self.variants,
            "offVariant": otherwise,
            "rules": rules,
            "fallthrough": {"variant": otherwise},
        }

    def _variant(self, feature: Mapping[str, Any]) -> str:
        if feature.get("variants"):
            raise NotCarried("it has a multivariate value", "含多变体取值")
        value = {"enabled": bool(feature["enabled"]), "value": feature.get("value")}
        for one in self.variants:
            if one["value"] == value and type(one["value"]["value"]) is type(value["value"]):
                return str(one["name"])
        self.variants.append({"name": f"v{len(self.variants)}", "value": value})
        return str(self.variants[-1]["name"])

    def _segment(self, segment: Mapping[str, Any]) -> tuple[Condition, float | None]:
        """Return whom a segment means, and the share of those; one split, and only where all must hold."""
        shares: list[float] = []
        rules = segment.get("rules") or []
        if not rules:
            return Some(), None
        parts = tuple(self._rule(rule, shares, may_split=True) for rule in rules)
        if len(shares) > 1:
            raise NotCarried("a segment of it splits twice", "分群含多个百分比拆分")
        return Every(parts), shares[0] if shares else None

    def _rule(self, rule: Mapping[str, Any], shares: list[float], *, may_split: bool) -> Condition:
        kind = rule.get("type")
        may_split = may_split and kind == "ALL"
        conditions = [self._condition(one, shares, may_split=may_split) for one in rule.get("conditions") or ()]
        inner = [self._rule(one, shares, may_split=may_split) for one in rule.get("rules") or ()]
        groups = [tuple(group) for group in (conditions, inner) if group]
        if kind == "ALL":
            return Every(tuple(map(Every, groups)))
        if kind == "ANY":
            return Every(tuple(map(Some, groups)))
        if kind == "NONE":
            return Every(tuple(Not(Some(group)) for group in groups))
        raise NotCarried(f"a rule of its segment is {kind}", f"分群规则类型 {kind} 不受支持")

    def _condition(self, one: Mapping[str, Any], shares: list[float], *, may_split: bool) -> Condition:
        name, operator, value = one.get("property") or "", one.get("operator"), one.get("value")
        if operator == "PERCENTAGE_SPLIT":
            if name not in {"", "$.identity.key"} or not may_split:
                raise NotCarried("a segment of it splits by a trait, or in part only", "分群的百分比拆分方式不受支持")
            shares.append(float(str(value)))
            return Every()
        if not name or str(name).startswith("$."):
            raise NotCarried(f"a condition of it is on {name}", f"条件属性 {name} 不受支持")
        if operator in {"IS_SET", "IS_NOT_SET"}:
            return Is(name, "EXISTS" if operator == "IS_SET" else "NOT_EXISTS")
        if operator == "IN":
            return self._in(name, value)
        if operator in {"EQUAL", "NOT_EQUAL"} and _is_plain_text(value):
            self._note(name)
            equal = Is(name, "EQUALS", (value,))
            return equal if operator == "EQUAL" else Every((Is(name, "EXISTS"), Not(equal)))
        if operator in _ORDERS and (number := _number(value)) is not None:
            self._note(name)
            return Is(name, _ORDERS[str(operator)], (number,))
        raise NotCarried(f"a condition of it is {operator} {value}", f"条件 {operator} {value} 不受支持")

    def _in(self, name: str, value: Any) -> Condition:
        if isinstance(value, str) and value.startswith("["):
            raise NotCarried("a list of it is written as text", "列表以文本形式书写")
        texts = [str(one) for one in value] if isinstance(value, list) else str(value).split(",")
        numbers = [int(text) for text in texts if text.isascii() and text.isdigit() and str(int(text)) == text]
        self._note(name)
        return Is(name, "IN", (*texts, *numbers))

    def _note(self, name: str) -> None:
        self.into.note(
            self.key,
            f"{name} is a text where it is compared with a text, a whole number where with one; Flagsmith turns one "
            "into the other",
            f"{name} 与文本比较时须为文本，与数字比较时须为整数；Flagsmith 会自动转换类型",
        )


def _is_plain_text(value: Any) -> bool:
    """Tell whether a text is none that a trait of another type equals."""
    if not isinstance(value, str) or not value or value in {"True", "true", "False", "false"}:
        return False
    return _number(value) is None and not value[0].isdigit()


def _number(value: Any) -> int | None:
    text = str(value) if is_number(value) else value
    if not isinstance(text, str) or not text.lstrip("-").isdigit() or not text.isascii():
        return None
    return int(text)
