"""What the use cases of readiness need from a store."""

from dataclasses import dataclass
from typing import Protocol

from enghub.core.commits import Commit, Kept
from enghub.golive.readiness.model import Checklist, Evidence, GoLive, Progress


@dataclass(frozen=True, slots=True)
class Whole:
    """A go-live with everything about its checklist."""

    go_live: Kept[GoLive]
    checklist: Checklist
    touched: tuple[Progress, ...]


@dataclass(frozen=True, slots=True)
class GoLivePage:
    """Part of a list."""

    items: tuple[Kept[GoLive], ...]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class EvidencePage:
    """Part of an item's evidence, the newest first."""

    items: tuple[Evidence, ...]
    cursor: str | None


class Readiness(Protocol):
    """Stores go-lives, their checklists, and what became of each item."""

    def get(self, tenant_id: str, go_live_id: str) -> Kept[GoLive] | None:
        """Return one."""

    def whole(self, tenant_id: str, go_live_id: str) -> Whole | None:
        """Return one with everything about its checklist."""

    def page(self, tenant_id: str, limit: int, cursor: str | None) -> GoLivePage:
        """Return part of the tenant's go-lives, the latest first."""

    def create(self, commit: Commit[GoLive], checklist: Checklist) -> Kept[GoLive]:
        """Store a new one."""

    def save(self, commit: Commit[GoLive]) -> Kept[GoLive]:
        """Store a change.

        Raises:
            VersionConflict
        """

    def progress(self, tenant_id: str, go_live_id: str, item_id: str) -> Kept[Progress] | None:
        """Return what became of an item, None when nobody touched it."""

    def save_progress(self, commit: Commit[Progress], evidence: Evidence | None = None) -> Kept[Progress]:
        """Store what becomes of an item, with new evidence.

        Raises:
            VersionConflict
        """

    def evidence(self, tenant_id: str, go_live_id: str, item_id: str, limit: int, cursor: str | None) -> EvidencePage:
        """Return part of what was shown for an item, the newest first."""
