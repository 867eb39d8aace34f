"""What mappings need of a store, and where the records are that a change of one is tried on."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from enghub.core.commits import Commit, Kept
from enghub.plm.mappings.model import FieldMapping, MappingKind, MappingVersion


@dataclass(frozen=True, slots=True)
class VersionPage:
    """Some versions of a mapping, the newest first; ``cursor`` continues them."""

    versions: tuple[MappingVersion, ...]
    cursor: str | None


class MappingStore(Protocol):
    """The mappings of all tenants."""

    def get(self, tenant_id: str, connection: str, kind: MappingKind) -> Kept[FieldMapping] | None:
        """Return a mapping, read consistently."""

    def version(self, tenant_id: str, connection: str, kind: MappingKind, version: int) -> MappingVersion | None:
        """Return one version."""

    def versions(
        self, tenant_id: str, connection: str, kind: MappingKind, limit: int, cursor: str | None
    ) -> VersionPage:
        """Return the versions, the newest first."""

    def save(self, commit: Commit[FieldMapping], version: MappingVersion | None = None) -> Kept[FieldMapping]:
        """Store a mapping, with its new version if there is one.

        Raises:
            VersionConflict: somebody else changed it.
            Replayed: the request was answered before.
        """


@dataclass(frozen=True, slots=True)
class SourcePage:
    """Records of a source as they came, and when; ``file`` is the name of the file that they are of."""

    at: datetime
    records: tuple[Mapping[str, Any], ...]
    file: str = ""


@dataclass(frozen=True, slots=True)
class PagePlace:
    """Which page of which run it is: a page that comes again takes the place of the first."""

    tenant_id: str
    connection: str
    kind: MappingKind
    run_id: str
    batch: int
    page: int


class SourceRecords(Protocol):
    """What the connections' sources said last."""

    def keep(self, place: PagePlace, at: datetime, records: Sequence[Mapping[str, Any]], file: str = "") -> None:
        """Keep a page for thirty days; of one that is too large to keep, its first records."""

    def latest(self, tenant_id: str, connection: str, kind: MappingKind) -> Iterator[SourcePage]:
        """Yield pages, the newest first."""
