"""Changes of flags and segments that are made together, and what has to be so afterwards (CFG-09). Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from enghub.core.commits import Commit
from enghub.core.i18n import Text
from enghub.core.identity import Origin
from enghub.settings.flags.errors import FlagInUse, FlagUnfit
from enghub.settings.flags.model import FeatureFlag, FlagSegment, FlagSet, FlagSetContent
from enghub_flags.evaluation import circle
from enghub_flags.model import Flag, Operator

_NO_FLAG = Text("there is no flag {name} with these variants", "开关 {name} 不存在或没有这些变体")
_NO_SEGMENT = Text("there is no segment {name}", "分群 {name} 不存在")
_CIRCLE = Text("the prerequisites lead back to the flag itself", "前置条件形成循环")


@dataclass(frozen=True, slots=True)
class Changes:
    """Commits that are stored together or not at all."""

    flags: tuple[Commit[FeatureFlag], ...] = ()
    segments: tuple[Commit[FlagSegment], ...] = ()

    @property
    def sets(self) -> tuple[FlagSet, ...]:
        """The sets that they change, in order."""
        found = [one.after.at for one in self.flags] + [one.after.at for one in self.segments]
        return tuple(dict.fromkeys(found))

    @property
    def origin(self) -> Origin:
        """Who makes them, and when."""
        return self.flags[0].origin if self.flags else self.segments[0].origin

    def of(self, at: FlagSet) -> "Changes":
        """Return those of one set."""
        return Changes(
            tuple(one for one in self.flags if one.after.at == at),
            tuple(one for one in self.segments if one.after.at == at),
        )


class Sets(Protocol):
    """Where sets are read."""

    def load(self, at: FlagSet) -> FlagSetContent:
        """Return a set without what is deleted."""


def checked(sets: Sets, changes: Changes) -> Mapping[FlagSet, int]:
    """Check what the changes need, as all will be after them; return the revisions of the sets that were looked at.

    Raises:
        FlagUnfit: a prerequisite or segment is missing, or prerequisites run in a circle.
        FlagInUse: other flags need what is deleted.
    """
    seen = {}
    for at in changes.sets:
        mine = changes.of(at)
        if any(map(_looks_around, mine.flags)) or any(one.after.is_deleted for one in mine.segments):
            content = sets.load(at)
            above = sets.load(at.above) if at.above else FlagSetContent()
            _check(mine, _after(content, mine), above)
            seen[at] = content.revision
    return seen


def _looks_around(change: Commit[FeatureFlag]) -> bool:
    flag = change.after.flag
    return change.after.is_deleted or bool(flag.prerequisites or segments_of(flag))


def _after(content: FlagSetContent, changes: Changes) -> FlagSetContent:
    flags = {one.flag_key: one for one in content.flags} | {one.after.flag_key: one.after for one in changes.flags}
    segments = {one.segment_key: one for one in content.segments}
    segments |= {one.after.segment_key: one.after for one in changes.segments}
    return replace(
        content,
        flags=tuple(one for one in flags.values() if not one.is_deleted),
        segments=tuple(one for one in segments.values() if not one.is_deleted),
    )


def _check(changes: Changes, content: FlagSetContent, above: FlagSetContent) -> None:
    for change in changes.flags:
        key = change.after.flag_key
        if not change.after.is_deleted:
            check_needs(change.after.flag, content, above)
        elif dependants := [one.flag_key for one in content.flags if _needs(one.flag, key)]:
            raise FlagInUse(key=key, dependants=dependants[:100])
    for gone in (one.after.segment_key for one in changes.segments if one.after.is_deleted):
        if dependants := [one.flag_key for one in content.flags if gone in segments_of(one.flag)]:
            raise FlagInUse(key=gone, dependants=dependants[:100])


def check_needs(flag: Flag, content: FlagSetContent, above: FlagSetContent) -> None:
    """Check that prerequisites and segments exist and that nothing runs in a circle.

    Raises:
        FlagUnfit
    """
    known = {one.flag_key: one.flag for one in (*above.flags, *content.flags)} | {flag.key: flag}
    for place, needed in enumerate(flag.prerequisites):
        other = known.get(needed.flag)
        names = set() if other is None else {one.name for one in other.variants}
        if not set(needed.variants) <= names:
            raise FlagUnfit(field=f"prerequisites.{place}", problem=_NO_FLAG.filled(name=needed.flag))
    if flag.key in circle(known.values()):
        raise FlagUnfit(field="prerequisites", problem=_CIRCLE)
    segments = {one.segment_key for one in (*above.segments, *content.segments)}
    for name in segments_of(flag):
        if name not in segments:
            raise FlagUnfit(field="rules", problem=_NO_SEGMENT.filled(name=name))


def segments_of(flag: Flag) -> set[str]:
    """Return the segments that a flag's rules name."""
    named = {Operator.IN_SEGMENT, Operator.NOT_IN_SEGMENT}
    return {name for rule in flag.rules for one in rule.clauses if one.operator in named for name in one.values}


def _needs(flag: Flag, key: str) -> bool:
    return any(one.flag == key for one in flag.prerequisites)
