"""What the use cases of flags need of a store."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from enghub.core.claims import Claim
from enghub.core.commits import Commit, Kept
from enghub.settings.flags.model import FeatureFlag, FlagSegment, FlagSet


@dataclass(frozen=True, slots=True)
class FlagSetContent:
    """All flags and segments of a set, and the number of the change that was the last one before they were read."""

    revision: int = 0
    flags: tuple[FeatureFlag, ...] = ()
    segments: tuple[FlagSegment, ...] = ()

    def of(self, flag_key: str) -> FeatureFlag | None:
        """Return the flag of a key."""
        return next((flag for flag in self.flags if flag.flag_key == flag_key), None)


@dataclass(frozen=True, slots=True)
class VersionPage:
    """Some versions of a flag, the newest first; ``cursor`` goes on."""

    items: tuple[FeatureFlag, ...]
    cursor: str | None


class FlagRepository(Protocol):
    """Flags with their versions, segments, audit entries and events."""

    def get(self, at: FlagSet, flag_key: str) -> Kept[FeatureFlag] | None:
        """Return a flag, also a deleted one."""

    def get_many(self, at: FlagSet, flag_keys: Sequence[str]) -> Mapping[str, Kept[FeatureFlag]]:
        """Return those that exist, deleted ones too; one call for 100."""

    def segment(self, at: FlagSet, segment_key: str) -> Kept[FlagSegment] | None:
        """Return a segment, also a deleted one."""

    def revisions(self, sets: Sequence[FlagSet]) -> Mapping[FlagSet, int]:
        """Return how many changes each set has seen; one call."""

    def load(self, at: FlagSet) -> FlagSetContent:
        """Return a set without what is deleted, ordered by key."""

    def version(self, at: FlagSet, flag_key: str, version: int) -> FeatureFlag | None:
        """Return one version of a flag."""

    def version_at(self, at: FlagSet, flag_key: str, moment: datetime) -> FeatureFlag | None:
        """Return the version that was in force at a time."""

    def versions(self, at: FlagSet, flag_key: str, *, limit: int, cursor: str | None) -> VersionPage:
        """Return a page of a flag's versions, the newest first."""

    def save(
        self,
        commits: Sequence[Commit[FeatureFlag]],
        *,
        seen: int | None = None,
        claim: Claim | None = None,
        answered: Any = None,
    ) -> list[Kept[FeatureFlag]]:
        """Store all commits of one set with versions, audit entries and events, or none.

        ``seen`` is the set's revision that prerequisites were checked on; None where the change has none.

        Raises:
            Replayed, FlagExists, VersionConflict, TooManyFlags
            FlagsChanged: the set is not any more as ``seen``.
        """

    def save_segment(self, commit: Commit[FlagSegment], *, seen: int | None = None) -> Kept[FlagSegment]:
        """Store a segment.

        Raises:
            VersionConflict, FlagsChanged
        """
