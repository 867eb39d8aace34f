"""Use cases of feature flags: changes that name the version they saw, a batch that switches all or none (CFG-09)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from enghub.core import ids
from enghub.core.claims import Claim
from enghub.core.commits import Commit, Kept
from enghub.core.errors import EngHubError, VersionConflict
from enghub.core.identity import Origin
from enghub.settings.approvals.model import ChangeRequest
from enghub.settings.flags import model
from enghub.settings.flags.changes import Changes, checked
from enghub.settings.flags.errors import FlagExists, FlagNotFound, SegmentNotFound, SwitchRefused
from enghub.settings.flags.model import FeatureFlag, FlagSegment, FlagSet
from enghub.settings.flags.repository import FlagRepository

MAX_SWITCHED = 18
"""Flags of one batch: five writes each, the set's revision, the stored answer, a request for approval, in one
transaction of 100."""
UNCONDITIONAL = "no version named: written on whatever was stored"
"""What the audit says of a change that named no version, as the document's own examples do."""
Edit = Callable[[FeatureFlag], FeatureFlag]


@dataclass(frozen=True, slots=True)
class Switch:
    """One flag of a batch."""

    flag_key: str
    is_enabled: bool
    version: int | None


class Gate(Protocol):
    """What stands between a checked change and its making: rules of approval."""

    def passes(
        self, changes: Changes, origin: Origin, reason: str, claim: Claim | None, *, break_glass: bool
    ) -> ChangeRequest | Sequence[Any]:
        """Return the request in which the changes now wait, or the writes that belong to their transaction."""


@dataclass(frozen=True, slots=True)
class FlagService:
    """Reads and changes flags and segments, as far as rules of approval let it.

    What they speak of is not made: the request for change in which it waits is returned instead.
    """

    repository: FlagRepository
    gate: Gate | None = None

    def get(self, at: FlagSet, flag_key: str) -> FeatureFlag:
        """Return a flag.

        Raises:
            FlagNotFound
        """
        return self._existing(at, flag_key).value

    def create(
        self,
        wanted: FeatureFlag,
        origin: Origin,
        claim: Claim | None,
        *,
        reason: str = "",
        break_glass: bool = False,
    ) -> FeatureFlag | ChangeRequest:
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
        version = 1 if before is None else before.revision + 1
        after = replace(
            _stamped(wanted, version, origin), created_by=origin.user_id, created_at=origin.at, is_deleted=False
        )
        made = Changes((Commit(origin, "created", after, before, reason=reason),))
        try:
            return self._saved(made, after, reason, claim, break_glass=break_glass) or after
        except FlagExists:
            return _created_already(self._existing(wanted.at, wanted.flag_key).value, wanted, origin)

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
        break_glass: bool = False,
    ) -> FeatureFlag | ChangeRequest:
        """Make the next version of a flag; what says the same already stays as it is.

        Raises:
            FlagNotFound, FlagRefused, FlagUnfit
            VersionConflict: 40902, with both.
        """
        origin = model.recorded(at, origin)
        before = self._existing(at, flag_key)
        after = _changed(before, version, edit, origin)
        if after is before.value:
            self.repository.check_free(at)
            return after
        made = Changes((Commit(origin, action, after, before, reason=_reason(reason, version)),))
        try:
            return self._saved(made, after, reason, claim, break_glass=break_glass) or after
        except VersionConflict:
            current = self._existing(at, flag_key)
            found = _changed(current, version, edit, origin)
            if found is not current.value:
                raise
            return found

    def roll_back(
        self,
        at: FlagSet,
        flag_key: str,
        to: int,
        version: int | None,
        origin: Origin,
        *,
        reason: str = "",
        claim: Claim | None = None,
        break_glass: bool = False,
    ) -> FeatureFlag | ChangeRequest:
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

        why = reason if break_glass else reason or f"version {to}"
        return self.change(
            at,
            flag_key,
            version,
            edit,
            origin,
            reason=why,
            action="rolled_back",
            claim=claim,
            break_glass=break_glass,
        )

    def delete(
        self,
        at: FlagSet,
        flag_key: str,
        version: int | None,
        origin: Origin,
        reason: str = "",
        *,
        break_glass: bool = False,
    ) -> ChangeRequest | None:
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
                return None
            raise FlagNotFound(flag_key=flag_key, environment=at.environment.value)
        _check_version(before, version)
        after = replace(_stamped(before.value, before.revision + 1, origin), is_deleted=True)
        made = Changes((Commit(origin, "deleted", after, before, reason=_reason(reason, version)),))
        return self._saved(made, after, reason, None, break_glass=break_glass)

    def switch(
        self,
        at: FlagSet,
        switches: Sequence[Switch],
        origin: Origin,
        reason: str,
        claim: Claim | None,
        *,
        break_glass: bool = False,
    ) -> list[FeatureFlag] | ChangeRequest:
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
        if not commits:
            self.repository.check_free(at)
            return results
        return self._saved(Changes(tuple(commits)), results, reason, claim, break_glass=break_glass) or results

    # --- segments ---

    def put_segment(
        self,
        wanted: FlagSegment,
        version: int | None,
        origin: Origin,
        *,
        reason: str = "",
        claim: Claim | None = None,
        break_glass: bool = False,
    ) -> Kept[FlagSegment] | ChangeRequest:
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
        commit = Commit(origin, "created" if is_new else "updated", wanted, before, reason=reason)
        kept = Kept(wanted, 1 if before is None else before.revision + 1)
        return self._saved(Changes(segments=(commit,)), kept, reason, claim, break_glass=break_glass) or kept

    def delete_segment(
        self,
        at: FlagSet,
        segment_key: str,
        version: int | None,
        origin: Origin,
        reason: str = "",
        *,
        break_glass: bool = False,
    ) -> ChangeRequest | None:
        """Delete a segment, unless a flag names it.

        Raises:
            SegmentNotFound, VersionConflict, FlagInUse
        """
        origin = model.recorded(at, origin)
        before = self.repository.segment(at, segment_key)
        if before is None or before.value.is_deleted:
            raise SegmentNotFound(segment_key=segment_key)
        _check_version(before, version)
        commit = Commit(origin, "deleted", replace(before.value, is_deleted=True), before, reason=reason)
        return self._saved(Changes(segments=(commit,)), None, reason, None, break_glass=break_glass)

    # --- inside ---

    def make(self, changes: Changes, alongside: Sequence[Any] = (), claim: Claim | None = None) -> None:
        """Store changes as they are, checked, all or none, with writes of the same transaction.

        Raises:
            FlagUnfit, FlagInUse, FlagExists, VersionConflict, FlagsChanged, TooManyFlags
        """
        self.repository.save(changes, seen=checked(self.repository, changes), claim=claim, alongside=alongside)

    def _saved(
        self, changes: Changes, answered: Any, reason: str, claim: Claim | None, *, break_glass: bool
    ) -> ChangeRequest | None:
        """Store changes, or return the request in which they wait for an approval."""
        seen = checked(self.repository, changes)
        passed: ChangeRequest | Sequence[Any] = ()
        if self.gate is not None:
            passed = self.gate.passes(changes, changes.origin, reason, claim, break_glass=break_glass)
        if isinstance(passed, ChangeRequest):
            return passed
        self.repository.save(changes, seen=seen, claim=claim, answered=answered, alongside=passed)
        return None

    def _existing(self, at: FlagSet, flag_key: str) -> Kept[FeatureFlag]:
        return _alive(self.repository.get(at, flag_key), at, flag_key)


def new_salt() -> str:
    """Return a salt of its own for a new flag: cohorts of two flags are strangers."""
    return ids.new_id()


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
    return replace(
        flag,
        version=version,
        updated_by=origin.user_id,
        updated_at=origin.at,
        change_request="",
        approved_by=(),
    )


def _reason(reason: str, version: int | None) -> str:
    return reason if version is not None else f"{reason}; {UNCONDITIONAL}" if reason else UNCONDITIONAL


def _created_already(stored: FeatureFlag, wanted: FeatureFlag, origin: Origin) -> FeatureFlag:
    same = replace(stored.flag, salt="") == replace(wanted.flag, salt="", version=stored.version)
    by_same = stored.updated_by == origin.user_id and stored.created_at == stored.updated_at
    if by_same and same and (stored.flag_name, stored.description) == (wanted.flag_name, wanted.description):
        return stored
    raise FlagExists(flag_key=stored.flag_key, environment=stored.at.environment.value)
