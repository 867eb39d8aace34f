"""What PPAPs need of a store and of the PLM."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from enghub.core.commits import Commit, Kept
from enghub.plm.ppaps.model import Ppap


@dataclass(frozen=True, slots=True)
class FoundPpaps:
    """One page; ``cursor`` continues it."""

    ppaps: tuple[Ppap, ...]
    cursor: str | None


class Ppaps(Protocol):
    """The PPAPs of all tenants."""

    def get(self, tenant_id: str, ppap_id: str) -> Kept[Ppap] | None:
        """Return one, read consistently."""

    def save(self, commit: Commit[Ppap]) -> Kept[Ppap]:
        """Store a change.

        Raises:
            Replayed, VersionConflict
        """

    def of_product(self, tenant_id: str, product_code: str, limit: int, cursor: str | None) -> FoundPpaps:
        """Return those of a product."""

    def due(self, now: datetime, limit: int) -> Iterable[tuple[str, str]]:
        """Return tenant and id of those whose approval is to be pushed by ``now``."""


class PlmPpaps(Protocol):
    """The PLM's side."""

    def push(self, connection: str, tenant_id: str, push_id: str, approval: Mapping[str, Any]) -> None:
        """Tell the PLM an approval; ``push_id`` lets it recognise a repeat.

        Raises:
            PlmUnavailable: it may take it later.
            PlmRefused: it never will.
        """

    def documents(self, connection: str, tenant_id: str, project_code: str) -> list[Mapping[str, Any]]:
        """Return the PLM's documents of a project: ``element`` 1 to 18, ``status``, ``document``; as ``push``."""
