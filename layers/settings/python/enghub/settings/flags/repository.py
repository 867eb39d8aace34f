"""What the use cases of flags need of a store."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from enghub.core.claims import Claim
from enghub.core.commits import Kept
from enghub.settings.flags.changes import Changes
from enghub.settings.flags.model import FeatureFlag, FlagSegment, FlagSet, FlagSetContent


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

    def check_free(self, at: FlagSet) -> None:
        """Check that no flags of a set are being changed together at this moment: single flags may be older then.

        Raises:
            FlagsHeld
        """

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
        changes: Changes,
        *,
        seen: Mapping[FlagSet, int],
        claim: Claim | None = None,
        answered: Any = None,
        alongside: Sequence[Any] = (),
    ) -> None:
        """Store all commits with versions, audit entries and events, or none; ``alongside`` in the same transaction.

        ``seen`` has the revisions of the sets that needs were checked on; of a set that it lacks, none were.

        Raises:
            Replayed, FlagExists, VersionConflict, TooManyFlags
            FlagsChanged: a set is not any more as ``seen``.
        """
