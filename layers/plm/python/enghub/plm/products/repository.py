"""What the import and the reading of products need to store and find."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from enghub.plm.products.model import ProductMapping, Stamp, SyncStatus, WorkingSet


@dataclass(frozen=True, slots=True)
class FoundProducts:
    """One page of mappings; ``cursor`` continues it."""

    mappings: tuple[ProductMapping, ...]
    cursor: str | None


class Products(Protocol):
    """Product mappings and materials of all tenants."""

    def load(self, tenant_id: str, keys: Collection[tuple[str, str]], material_codes: Collection[str]) -> WorkingSet:
        """Return the mappings (by code and version) and materials that exist, read consistently; 100 at most."""

    def save(self, tenant_id: str, working: WorkingSet, stamp: Stamp) -> None:
        """Write what changed in the working set, with the images before it in the run's journal, all or nothing.

        Raises:
            VersionConflict: somebody else wrote one of them after it was loaded.
        """

    def versions(self, tenant_id: str, code: str, limit: int, cursor: str | None) -> FoundProducts:
        """Return the mappings of one product code."""

    def of_material(self, tenant_id: str, material_id: str, limit: int, cursor: str | None) -> FoundProducts:
        """Return the mappings of one material."""

    def in_status(self, tenant_id: str, status: SyncStatus, limit: int, cursor: str | None) -> FoundProducts:
        """Return the mappings of one sync status; a page may hold fewer than ``limit`` and still have a cursor."""


@dataclass(frozen=True, slots=True)
class JournalPage:
    """What one page of a journal came to: records restored, names of those that others wrote since, where to go on."""

    restored: int
    changed_since: tuple[str, ...]
    cursor: str | None


class Journal(Protocol):
    """What the records of a run were before it (PLM-05), the newest of its writes first."""

    def check(self, tenant_id: str, run_id: str, cursor: str | None) -> JournalPage:
        """Look at one page; nothing changes."""

    def restore(self, tenant_id: str, run_id: str, cursor: str | None) -> JournalPage:
        """Make one page what it was, byte for byte; what others wrote since stays. Safe to repeat.

        Raises:
            VersionConflict: somebody wrote one of them just now; nothing of its hundred was restored.
        """


class GoneProducts(Protocol):
    """Products that are no longer in the PLM."""

    def saw(self, stamp: Stamp, batch_number: int, object_ids: Collection[str]) -> None:
        """Keep which objects a batch of a full run found, in place of an earlier try's."""

    def mark_gone(self, stamp: Stamp, started_at: datetime, cursor: str | None) -> tuple[int, str | None]:
        """Mark, of one page of the connection's products, those that the run did not see; returns how many, and where
        to go on. What was written since ``started_at`` is left alone.
        """
