"""What the use cases of gray releases need of a store and of metrics."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from enghub.core.claims import Claim
from enghub.core.commits import Commit, Kept
from enghub.settings.flags.model import FeatureFlag, FlagSet
from enghub.settings.releases.model import Entry, GrayRelease, Measurement


@dataclass(frozen=True, slots=True)
class ReleasePage:
    """Some releases, the newest first."""

    items: tuple[GrayRelease, ...]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class EntryPage:
    """Some lines of a journal, the newest first."""

    items: tuple[Entry, ...]
    cursor: str | None


class ReleaseRepository(Protocol):
    """Releases with their journals; their flags change in the same transaction."""

    def get(self, at: FlagSet, release_id: str) -> Kept[GrayRelease] | None:
        """Return a release."""

    def flag(self, at: FlagSet, feature_key: str) -> Kept[FeatureFlag] | None:
        """Return the flag of a release."""

    def releases(self, at: FlagSet, limit: int, cursor: str | None) -> ReleasePage:
        """Return a page of the releases of a layer and environment."""

    def journal(self, at: FlagSet, release_id: str, limit: int, cursor: str | None) -> EntryPage:
        """Return a page of a release's journal."""

    def save(
        self,
        commit: Commit[GrayRelease],
        entry: Entry,
        flag: Commit[FeatureFlag] | None = None,
        claim: Claim | None = None,
        alongside: Sequence[Any] = (),
    ) -> Kept[GrayRelease]:
        """Store a release, a line of its journal, its timer and its flag's change, or nothing; ``alongside`` with them.

        Raises:
            Replayed, VersionConflict
            ReleaseRunning: another release holds the flag.
        """


class Metrics(Protocol):
    """Where groups are measured."""

    def measure(self, release: GrayRelease, variants: tuple[str, str], seconds: int) -> Measurement:
        """Return what the last ``seconds`` say of those who get the first variant, and the second; never raises."""
