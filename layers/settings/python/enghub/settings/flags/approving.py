"""Changes of flags and segments that people have to agree to: held as requests, made when approved (CFG-08).

Every way that changes a flag or a segment passes here, in both layers and every environment. Rules of approval name
them by the kinds ``flag`` and ``segment``; the environment is the category.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from enghub.core import codec
from enghub.core.commits import Commit, Kept
from enghub.core.errors import VersionConflict
from enghub.core.identity import Origin
from enghub.settings.approvals.gate import ChangeGate
from enghub.settings.approvals.model import ChangeRequest, Subject
from enghub.settings.approvals.service import Approving
from enghub.settings.flags.changes import Changes
from enghub.settings.flags.events import OPERATIONS
from enghub.settings.flags.model import FeatureFlag, FlagSegment
from enghub.settings.flags.service import FlagService

KIND = "flag"
SEGMENT = "segment"


@dataclass(frozen=True, slots=True)
class ProposedFlag:
    """One change as it was checked: on which version (0: there was none), to what."""

    version: int
    action: str
    after: FeatureFlag


@dataclass(frozen=True, slots=True)
class ProposedSegment:
    """One change of a segment, likewise."""

    version: int
    action: str
    after: FlagSegment
    before: FlagSegment | None = None
    """What it was: segments keep no versions."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """The payload of a request."""

    flags: tuple[ProposedFlag, ...] = ()
    segments: tuple[ProposedSegment, ...] = ()


@dataclass(frozen=True, slots=True)
class FlagExecutor:
    """Makes approved changes, and takes break-glass changes back; see ``Executor``."""

    service: FlagService

    def apply(self, request: ChangeRequest, origin: Origin, alongside: Sequence[Any]) -> None:
        """Make the change on the versions it was checked on, in the name of who asked.

        Raises:
            VersionConflict: a flag or segment changed meanwhile.
            FlagUnfit, FlagInUse: it cannot be any more.
        """
        said = codec.loads(Proposal, request.payload)
        self.service.make(self.made(said, request, origin), alongside)

    def revert(self, request: ChangeRequest, origin: Origin, alongside: Sequence[Any]) -> None:
        """Bring back what stood before, where the change is still the last one.

        Raises:
            VersionConflict: a flag or segment changed since.
            FlagUnfit, FlagInUse: others need what was made since.
        """
        said = codec.loads(Proposal, request.payload)
        self.service.make(self.unmade(said, request, origin), alongside)

    def made(self, said: Proposal, request: ChangeRequest, origin: Origin) -> Changes:
        """Return the commits of an approved proposal.

        Raises:
            VersionConflict
        """
        reason = request.approval.reason
        flags = []
        for one in said.flags:
            before = self._flag(one.after, one.version)
            after = replace(
                one.after,
                version=one.version + 1,
                updated_by=origin.user_id,
                updated_at=origin.at,
                created_at=origin.at if one.action == "created" else one.after.created_at,
                change_request=request.request_id,
                approved_by=request.approval.approvers,
            )
            flags.append(Commit(origin, one.action, after, before, reason=reason))
        segments = [
            Commit(origin, one.action, one.after, self._segment(one.after, one.version), reason=reason)
            for one in said.segments
        ]
        return Changes(tuple(flags), tuple(segments))

    def unmade(self, said: Proposal, request: ChangeRequest, origin: Origin) -> Changes:
        """Return the commits that take a proposal back.

        Raises:
            VersionConflict
        """
        reason = f"change request {request.request_id} was not approved"
        flags = [self._back(one, origin, reason) for one in said.flags]
        return Changes(tuple(flags), tuple(self._segment_back(one, origin, reason) for one in said.segments))

    def _back(self, one: ProposedFlag, origin: Origin, reason: str) -> Commit[FeatureFlag]:
        current = self._flag(one.after, one.version + 1)
        assert current is not None  # noqa: S101 - it has at least the version that was made
        old = self.service.repository.version(one.after.at, one.after.flag_key, one.version) if one.version else None
        gone = replace(current.value, is_deleted=True) if old is None else old
        after = replace(
            gone,
            version=current.revision + 1,
            updated_by=origin.user_id,
            updated_at=origin.at,
            change_request="",
            approved_by=(),
        )
        return Commit(origin, "deleted" if after.is_deleted else "rolled_back", after, current, reason=reason)

    def _segment_back(self, one: ProposedSegment, origin: Origin, reason: str) -> Commit[FlagSegment]:
        current = self._segment(one.after, one.version + 1)
        assert current is not None  # noqa: S101 - it has at least the version that was made
        old = one.before if one.before is not None else replace(current.value, is_deleted=True)
        return Commit(origin, "deleted" if old.is_deleted else "rolled_back", old, current, reason=reason)

    def _flag(self, wanted: FeatureFlag, version: int) -> Kept[FeatureFlag] | None:
        found = self.service.repository.get(wanted.at, wanted.flag_key)
        _check(found, version)
        return found

    def _segment(self, wanted: FlagSegment, version: int) -> Kept[FlagSegment] | None:
        found = self.service.repository.segment(wanted.at, wanted.segment_key)
        _check(found, version)
        return found


def gate(approving: Approving) -> ChangeGate[Changes]:
    """Return what holds such changes where rules of approval speak of them."""
    return ChangeGate(approving, KIND, subjects, proposal, preview)


def proposal(changes: Changes) -> Proposal:
    """Return what a request keeps of changes."""
    return Proposal(
        tuple(ProposedFlag(_revision(one), one.action, one.after) for one in changes.flags),
        tuple(
            ProposedSegment(_revision(one), one.action, one.after, None if one.before is None else one.before.value)
            for one in changes.segments
        ),
    )


def subjects(changes: Changes) -> list[Subject]:
    """Return what changes are about, as rules of approval see it."""
    found = [_subject(KIND, one, one.after.flag_key) for one in changes.flags]
    return found + [_subject(SEGMENT, one, one.after.segment_key) for one in changes.segments]


def preview(changes: Changes) -> list[dict[str, Any]]:
    """Return what people see of changes: before and after."""
    return [_seen("flagKey", one.after.flag_key, one) for one in changes.flags] + [
        _seen("segmentKey", one.after.segment_key, one) for one in changes.segments
    ]


def _subject(kind: str, change: Commit[Any], name: str) -> Subject:
    at = change.after.at
    return Subject(kind, name, at.layer.value, at.environment.value, OPERATIONS[change.action])


def _seen(word: str, name: str, change: Commit[Any]) -> dict[str, Any]:
    before, after = None if change.before is None else change.before.value, change.after
    facts = {word: name, "environment": after.at.environment.value, "layer": after.at.layer.value}
    return {**facts, "before": _facts(before), "after": _facts(after)}


def _facts(one: FeatureFlag | FlagSegment | None) -> dict[str, Any] | None:
    return None if one is None or one.is_deleted else one.facts()


def _revision(change: Commit[Any]) -> int:
    return 0 if change.before is None else change.before.revision


def _check(found: Kept[Any] | None, expected: int) -> None:
    actual = 0 if found is None else found.revision
    if actual != expected:
        raise VersionConflict(expected=expected, actual=actual)
