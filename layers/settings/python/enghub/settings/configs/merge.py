"""Three-way merge of two changes to one version (CFG-04).

Pure and symmetric: who is "yours" and who is "theirs" changes neither what conflicts nor what is merged. JSON objects
merge member by member, tags as a set, everything else as a whole; null is a value. Where both sides differ, the
proposal keeps theirs (what is stored) and the place is listed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from enghub.core.strictjson import parse_json, write_json
from enghub.settings.configs.values import MAX_DIGITS

Facts = Mapping[str, Any]
_ABSENT: Any = type("_Absent", (), {"__repr__": lambda _: "absent"})()


@dataclass(frozen=True, slots=True)
class Conflicting:
    """A place that both sides changed, differently; None stands for null, ``absent`` lists the sides without it."""

    path: str
    base: Any
    yours: Any
    theirs: Any
    absent: tuple[str, ...] = ()

    def facts(self) -> dict[str, Any]:
        """Return what an answer shows."""
        return {
            "path": self.path,
            "base": self.base,
            "yours": self.yours,
            "theirs": self.theirs,
            "absent": list(self.absent),
        }


@dataclass(frozen=True, slots=True)
class Merge:
    """A proposal, and what a person must still decide."""

    proposal: Facts
    conflicts: tuple[Conflicting, ...]

    @property
    def is_clean(self) -> bool:
        """Whether the proposal can be sent as it is."""
        return not self.conflicts


def merge(base: Facts, yours: Facts, theirs: Facts) -> Merge:
    """Merge the contents of an item, given under the names of the API (``Content.facts``)."""
    conflicts: list[Conflicting] = []
    proposal: dict[str, Any] = {}
    all_json = all(side.get("configType") == "JSON" and not side.get("isEncrypted") for side in (base, yours, theirs))
    for name in theirs:
        old, mine, other = base.get(name), yours.get(name), theirs[name]
        if name == "tags":
            proposal[name] = _tags(old or [], mine or [], other)
        elif name == "configValue" and all_json:
            proposal[name] = _json_text(old or "", mine or "", other, conflicts)
        else:
            proposal[name] = _value(name, old, mine, other, conflicts)
    return Merge(proposal, tuple(conflicts))


def _tags(base: list[str], yours: list[str], theirs: list[str]) -> list[str]:
    kept = set(base) & set(yours) & set(theirs)
    added = (set(yours) | set(theirs)) - set(base)
    return sorted(kept | added)


def _json_text(base: str, yours: str, theirs: str, conflicts: list[Conflicting]) -> str:
    old, mine, other = (parse_json(one, digits=MAX_DIGITS, exponent=MAX_DIGITS) for one in (base, yours, theirs))
    merged = _value("configValue", old, mine, other, conflicts)
    for text, value in ((theirs, other), (yours, mine)):
        if same(merged, value):
            return text
    return write_json(merged)


def _value(path: str, base: Any, yours: Any, theirs: Any, conflicts: list[Conflicting]) -> Any:
    if same(yours, theirs) or same(base, yours):
        return theirs
    if same(base, theirs):
        return yours
    if all(isinstance(side, dict) for side in (base, yours, theirs)) and path.startswith("configValue"):
        return _members(path, base, yours, theirs, conflicts)
    sides = {"base": base, "yours": yours, "theirs": theirs}
    conflicts.append(
        Conflicting(
            path=path,
            absent=tuple(name for name, side in sides.items() if side is _ABSENT),
            **{name: None if side is _ABSENT else side for name, side in sides.items()},
        )
    )
    return theirs


def _members(path: str, base: Any, yours: Any, theirs: Any, conflicts: list[Conflicting]) -> dict[str, Any]:
    merged = {}
    for name in dict.fromkeys([*theirs, *yours, *base]):
        place = f"{path}/{name.replace('~', '~0').replace('/', '~1')}"
        old, mine, other = (side.get(name, _ABSENT) for side in (base, yours, theirs))
        value = _value(place, old, mine, other, conflicts)
        if value is not _ABSENT:
            merged[name] = value
    return merged


def same(left: Any, right: Any) -> bool:
    """Return whether two JSON values are equal; other than in Python, true is not 1, while 1 is 1.0."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[name], right[name]) for name in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    return bool(left == right)
