"""Use cases of feature flags: changes that name the version they saw, a batch that switches all or none (CFG-09)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from enghub.core import ids
from enghub.core.claims import Claim
from enghub.core.commits import Commit, Kept
from enghub.core.errors import EngHubError, VersionConflict
from enghub.core.i18n import Text
from enghub.core.identity import Origin
from enghub.settings.flags import model
from enghub.settings.flags.errors import (
    FlagExists,
    FlagInUse,
    FlagNotFound,
    FlagUnfit,
    SegmentNotFound,
    SwitchRefused,
)
from enghub.settings.flags.model import FeatureFlag, FlagSegment, FlagSet
from enghub.settings.flags.repository import FlagRepository, FlagSetContent
from enghub_flags.evaluation import circle
from enghub_flags.model import Flag, Operator

MAX_SWITCHED = 19
"""Flags of one batch: five writes each, the set's revision, the stored answer, in one transaction of 100."""
UNCONDITIONAL = "no version named: written on whatever was stored"
"""What the audit says of a change that named no version, as the document's own examples do."""
_NO_FLAG = Text("there is no flag {name} with these variants", "开关 {name} 不存在或没有这些变体")
_NO_SEGMENT = Text("there is no segment {name}", "分群 {name} 不存在")
_CIRCLE = Text("the prerequisites lead back to the flag itself", "前置条件形成循环")
Edit = Callable[[FeatureFlag], FeatureFlag]


@dataclass(frozen=True, slots=True)
class Switch:
    """One flag of a batch."""

    flag_key: str
    is_enabled: bool
    version: int | None


@dataclass(frozen=True, slots=True)
class FlagService:
    """Reads and changes flags and segments."""

    repository: FlagRepository

    def get(self, at: FlagSet, flag_key: str) -> FeatureFlag:
        """Return a flag.

        Raises:
            FlagNotFound
        """
        return self._existing(at, flag_key).value

    def create(self, wanted: FeatureFlag, origin: Origin, claim: Claim | None) -> FeatureFlag:
        """Create a flag; where a deleted one of its key lies, its versions go on.

        A repeat by the same user, as long as nothing else changed the flag, gets it: its first answer may be lost.

        Raises:
            FlagKeyMalformed, FlagRefused, FlagUnfit, FlagExists, TooManyFlags
        """
        model.check_key(wanted.flag_key)
        origin = model.recorded(wanted.at, origin)
        before = self.repository.get(wanted.at, wanted.flag_key)
        if before is not None and not before.value.is_deleted:
            return _created_already(before.value, wanted, origin)
        seen = self._look_around(wanted)
        version = 1 if before is None else before.revision + 1
        after = replace(
            _stamped(wanted, version, origin), created_by=origin.user_id, created_at=origin.at, is_deleted=False
        )
        commit = Commit(origin, "created", after, before)
        try:
            self.repository.save([commit], seen=seen, claim=claim, answered=after)
        except FlagExists:
            return _created_already(self._existing(wanted.at, wanted.flag_key).value, wanted, origin)
        return after

    def change(
        self,
        at: FlagSet,
        flag_key: str,
        version: int | None,
        edit: Edit,
        origin: Origin,
        *,
        reason: str = "",
        action: str = "updated",
        claim: Claim | None = None,
    ) -> FeatureFlag:
        """Make the next version of a flag; what says the same already stays as it is.

        Raises:
            FlagNotFound, FlagRefused, FlagUnfit
            VersionConflict: 40902, with both.
        """
        origin = model.recorded(at, origin)
        before = self._existing(at, flag_key)
        after = _changed(before, version, edit, origin)
        if after is before.value:
            return after
        seen = self._look_around(after)
        commit = Commit(origin, action, after, before, reason=_reason(reason, version))
        try:
            self.repository.save([commit], seen=seen, claim=claim, answered=after)
        except VersionConflict:
            current = self._existing(at, flag_key)
            found = _changed(current, version, edit, origin)
            if found is not current.value:
                raise
            return found
        return after

    def roll_back(self, at: FlagSet, flag_key: str, to: int, version: int | None, origin: Origin) -> FeatureFlag:
        """Bring back the content of an earlier version, as the next one.

        Raises:
            FlagNotFound: there is no such flag or version.
            VersionConflict, FlagUnfit
        """
        wanted = self.repository.version(at, flag_key, to)
        if wanted is None or wanted.is_deleted:
            raise FlagNotFound(flag_key=f"{flag_key} v{to}", environment=at.environment.value)

        def edit(flag: FeatureFlag) -> FeatureFlag:
            return replace(
                flag,
                flag_name=wanted.flag_name,
                description=wanted.description,
                owner_id=wanted.owner_id,
                definition=wanted.definition,
            )

        return self.change(at, flag_key, version, edit, origin, reason=f"version {to}", action="rolled_back")

    def delete(self, at: FlagSet, flag_key: str, version: int | None, origin: Origin, reason: str = "") -> None:
        """Delete a flag, unless others need it; its versions stay. A repeat finds it done.

        Raises:
            FlagNotFound, VersionConflict
            FlagInUse: flags that need it, by name.
        """
        origin = model.recorded(at, origin)
        before = self.repository.get(at, flag_key)
        if before is None:
            raise FlagNotFound(flag_key=flag_key, environment=at.environment.value)
        if before.value.is_deleted:
            if version in {None, before.revision - 1} and before.value.updated_by == origin.user_id:
                return
            raise FlagNotFound(flag_key=flag_key, environment=at.environment.value)
        _check_version(before, version)
        content = self.repository.load(at)
        dependants = [flag.flag_key for flag in content.flags if _needs(flag.flag, flag_key)]
        if dependants:
            raise FlagInUse(key=flag_key, dependants=dependants[:100])
        after = replace(_stamped(before.value, before.revision + 1, origin), is_deleted=True)
        commit = Commit(origin, "deleted", after, before, reason=_reason(reason, version))
        self.repository.save([commit], seen=content.revision)

    def switch(
        self, at: FlagSet, switches: Sequence[Switch], origin: Origin, reason: str, claim: Claim | None
    ) -> list[FeatureFlag]:
        """Switch flags on or off, all or none; those that stand so already stay as they are.

        Raises:
            SwitchRefused: with a reason for each that cannot be switched.
        """
        origin = model.recorded(at, origin)
        found = self.repository.get_many(at, [one.flag_key for one in switches])
        commits, results, errors = [], [], []
        for place, one in enumerate(switches):
            try:
                before = _alive(found.get(one.flag_key), at, one.flag_key)
                after = _changed(before, one.version, _switched(one.is_enabled), origin)
            except EngHubError as error:
                errors.append(
                    {"field": f"flags.{place}", "flagKey": one.flag_key, "code": error.code, "error": error.name}
                )
                continue
            results.append(after)
            if after is not before.value:
                commits.append(Commit(origin, "switched", after, before, reason=_reason(reason, one.version)))
        if errors:
            raise SwitchRefused(refused=len(errors), total=len(switches), errors=errors)
        if commits:
            self.repository.save(commits, claim=claim, answered=results)
        return results

    # --- segments ---

    def put_segment(self, wanted: FlagSegment, version: int | None, origin: Origin) -> Kept[FlagSegment]:
        """Store a segment as wanted; ``version`` is the one that was read, None for whatever is stored.

        Raises:
            FlagKeyMalformed, VersionConflict
        """
        model.check_key(wanted.segment_key, "segmentKey")
        origin = model.recorded(wanted.at, origin)
        before = self.repository.segment(wanted.at, wanted.segment_key)
        if before is not None and before.value == wanted and version in {None, before.revision, before.revision - 1}:
            return before
        if version is not None:
            _check_version(before, version)
        is_new = before is None or before.value.is_deleted
        return self.repository.save_segment(Commit(origin, "created" if is_new else "updated", wanted, before))

    def delete_segment(self, at: FlagSet, segment_key: str, version: int | None, origin: Origin) -> None:
        """Delete a segment, unless a flag names it.

        Raises:
            SegmentNotFound, VersionConflict, FlagInUse
        """
        origin = model.recorded(at, origin)
        before = self.repository.segment(at, segment_key)
        if before is None or before.value.is_deleted:
            raise SegmentNotFound(segment_key=segment_key)
        _check_version(before, version)
        content = self.repository.load(at)
        dependants = [flag.flag_key for flag in content.flags if segment_key in segments_of(flag.flag)]
        if dependants:
            raise FlagInUse(key=segment_key, dependants=dependants[:100])
        commit = Commit(origin, "deleted", replace(before.value, is_deleted=True), before)
        self.repository.save_segment(commit, seen=content.revision)

    # --- checks ---

    def _existing(self, at: FlagSet, flag_key: str) -> Kept[FeatureFlag]:
        return _alive(self.repository.get(at, flag_key), at, flag_key)

    def _look_around(self, wanted: FeatureFlag) -> int | None:
        """Check what a flag needs; return the set's revision when the check looked at it.

        Raises:
            FlagUnfit
        """
        flag = wanted.flag
        if not flag.prerequisites and not segments_of(flag):
            return None
        content = self.repository.load(wanted.at)
        above = self.repository.load(wanted.at.above) if wanted.at.above else FlagSetContent()
        check_needs(flag, content, above)
        return content.revision


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


def new_salt() -> str:
    """Return a salt of its own for a new flag: cohorts of two flags are strangers."""
    return ids.new_id()


def _needs(flag: Flag, key: str) -> bool:
    return any(one.flag == key for one in flag.prerequisites)


def _switched(is_enabled: bool) -> Edit:
    return lambda flag: flag.with_flag(replace(flag.flag, is_enabled=is_enabled))


def _changed(before: Kept[FeatureFlag], version: int | None, edit: Edit, origin: Origin) -> FeatureFlag:
    """Return what becomes of a flag: itself when it says the same already, on the version read or the one after it.

    Raises:
        VersionConflict
    """
    wanted = edit(before.value)
    if wanted.same_content(before.value) and version in {None, before.revision, before.revision - 1}:
        return before.value
    _check_version(before, version)
    return _stamped(wanted, before.revision + 1, origin)


def _check_version(before: Kept[FeatureFlag] | Kept[FlagSegment] | None, version: int | None) -> None:
    actual = 0 if before is None else before.revision
    if version is not None and version != actual:
        raise VersionConflict(expected=version, actual=actual)


def _alive(kept: Kept[FeatureFlag] | None, at: FlagSet, flag_key: str) -> Kept[FeatureFlag]:
    if kept is None or kept.value.is_deleted:
        raise FlagNotFound(flag_key=flag_key, environment=at.environment.value)
    return kept


def _stamped(flag: FeatureFlag, version: int, origin: Origin) -> FeatureFlag:
    return replace(flag, version=version, updated_by=origin.user_id, updated_at=origin.at)


def _reason(reason: str, version: int | None) -> str:
    return reason if version is not None else f"{reason}; {UNCONDITIONAL}" if reason else UNCONDITIONAL


def _created_already(stored: FeatureFlag, wanted: FeatureFlag, origin: Origin) -> FeatureFlag:
    same = replace(stored.flag, salt="") == replace(wanted.flag, salt="", version=stored.version)
    by_same = stored.updated_by == origin.user_id and stored.created_at == stored.updated_at
    if by_same and same and (stored.flag_name, stored.description) == (wanted.flag_name, wanted.description):
        return stored
    raise FlagExists(flag_key=stored.flag_key, environment=stored.at.environment.value)
