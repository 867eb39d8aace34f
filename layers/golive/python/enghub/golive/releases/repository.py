"""What the use cases of releases need of a store."""

from dataclasses import dataclass
from typing import Any, Protocol

from enghub.core.commits import Commit, Kept
from enghub.golive.releases.model import Release


@dataclass(frozen=True, slots=True)
class ReleasePage:
    """Some releases, the latest first."""

    items: tuple[Kept[Release], ...]
    cursor: str | None


class Releases(Protocol):
    """Stores releases."""

    def get(self, tenant_id: str, release_id: str) -> Kept[Release] | None:
        """Return one."""

    def of(self, tenant_id: str, system: str, version: str) -> list[str]:
        """Return the ids of open releases of a system's version."""

    def save(self, commit: Commit[Release], *more: Any) -> Kept[Release]:
        """Store a change, with more writes.

        Raises:
            Replayed, VersionConflict
        """
