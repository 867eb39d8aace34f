"""Features of Unleash (client API, version 1 or 2 of the format), as flags that are on or off (CFG-31).

A feature is on where one of its strategies holds; a gradual rollout draws by ``murmur3(group:unit) % 100``.
"""

from collections.abc import Mapping
from typing import Any

from enghub_flags.importers.conditions import Condition, Every, Is, Not, Some, rules_of, split
from enghub_flags.importers.model import Converted, Document, Finding, NotCarried, boolean_flag

_TEXTS = {"STR_CONTAINS": "CONTAINS", "STR_STARTS_WITH": "STARTS_WITH", "STR_ENDS_WITH": "ENDS_WITH"}
_ROLLOUTS = {"gradualRolloutUserId": "userId", "gradualRolloutSessionId": "sessionId"}


def convert(found: Mapping[str, Any], version: str) -> Converted:
    """Return the features of a client API's answer as flags; ``version`` is the engine's, for the report."""
    into = Converted(f"unleash {version}")
    segments = {one["id"]: one.get("constraints", []) for one in found.get("segments", [])}
    for feature in found.get("features", []):
        try:
            into.flags.append(_Feature(feature["name"], segments, into).document(feature))
        except NotCarried as error:
            into.refused.append(Finding(str(feature.get("name")), *error.text))
    return into


class _Feature:
    def __init__(self, key: str, segments: Mapping[Any, list[Any]], into: Converted) -> None:
        self.key, self.segments, self.into = key, segments, into

    def document(self, feature: Mapping[str, Any]) -> Document:
        if feature.get("variants") or any(one.get("variants") for one in feature.get("strategies", [])):
            raise NotCarried("it has variants, which Unleash weighs by a draw of its own", "含变体，其权重分配方式不同")
        if feature.get("dependencies"):
            raise NotCarried("it depends on another feature", "依赖其他开关")
        rules: list[Document] = []
        strategies = feature.get("strategies") or []
        for number, strategy in enumerate(strategies, 1):
            condition, serve = self._strategy(strategy)
            named = tuple(map(self._constraint, self._constraints(strategy)))
            rules += rules_of(Every((condition, *named)), serve, f"s{number}", self.into)
        fallthrough = "off" if strategies else "on"
        enabled = bool(feature.get("enabled"))
        return boolean_flag(self.key, enabled=enabled, rules=rules, fallthrough=fallthrough, salt=self.key)

    def _constraints(self, strategy: Mapping[str, Any]) -> list[Any]:
        found = list(strategy.get("constraints") or [])
        for number in strategy.get("segments") or []:
            if number not in self.segments:
                raise NotCarried(f"its segment {number} is not in the file", f"文件中没有分群 {number}")
            found += self.segments[number]
        return found

    def _strategy(self, strategy: Mapping[str, Any]) -> tuple[Condition, Document]:
        name, said = strategy.get("name"), strategy.get("parameters") or {}
        if name == "default":
            return Every(), {"variant": "on"}
        if name == "userWithId":
            users = tuple(one.strip() for one in str(said.get("userIds", "")).split(",") if one.strip())
            return Is("userId", "IN", users) if users else Some(), {"variant": "on"}
        if name == "flexibleRollout":
            return Every(), self._rollout(said.get("rollout"), said.get("stickiness") or "default", said)
        if name in _ROLLOUTS:
            return Every(), self._rollout(said.get("percentage"), _ROLLOUTS[name], said)
        raise NotCarried(f"its strategy is {name}", f"策略 {name} 不受支持")

    def _rollout(self, share: Any, by: str, said: Mapping[str, Any]) -> Document:
        try:
            percentage = int(str(share))
        except ValueError as error:
            raise NotCarried(f"its rollout is {share}", f"灰度比例为 {share}") from error
        if by == "random":
            raise NotCarried("it draws anew at each evaluation", "每次评估随机分流")
        if by == "default":
            by = "userId"
            self.into.note(
                self.key,
                "it draws by userId; Unleash goes on with sessionId, then by chance, where there is none",
                "按 userId 分流；缺少时 Unleash 依次改用 sessionId 与随机数",
            )
        group = said.get("groupId") or self.key
        return split("unleash", [str(group)], 100, [[0, percentage, "on"]], by, continues=True)

    def _constraint(self, one: Mapping[str, Any]) -> Condition:
        name, operator = str(one.get("contextName")), str(one.get("operator"))
        values = tuple(map(str, one.get("values") or ()))
        if one.get("caseInsensitive") and operator in _TEXTS:
            raise NotCarried("a constraint of it ignores case", "约束不区分大小写")
        if operator in {"IN", "NOT_IN"}:
            found: Condition = Is(name, "IN", values) if values else Some()
            found = Not(found) if operator == "NOT_IN" else found
        elif operator in _TEXTS and values and all(values):
            found = Is(name, _TEXTS[operator], values)
        else:
            raise NotCarried(f"a constraint of it is {operator}", f"约束 {operator} 不受支持")
        return Not(found) if one.get("inverted") else found
