"""What supply needs from a store."""

from collections.abc import Iterator
from typing import Protocol

from enghub.core.commits import Commit, Kept
from enghub.mes.erp.model import Service
from enghub.mes.factories import Factory
from enghub.mes.keeping.repository import Found
from enghub.mes.supply.model import Bom, Ppap, Refusal


class SupplyStore(Protocol):
    """Keeps what the ERP said, and what was refused."""

    def bom(self, factory: Factory, product_id: str, version: str) -> Bom | None:
        """Return the kept BOM, however old."""

    def keep_bom(self, bom: Bom) -> None:
        """Keep what the ERP said last."""

    def ppaps(self, factory: Factory, materials: list[str]) -> dict[str, Ppap]:
        """Return kept statuses, however old."""

    def keep_ppap(self, ppap: Ppap) -> None:
        """Keep what the ERP said last."""

    def each_ppap(self, factory: Factory) -> Iterator[Ppap]:
        """Yield every kept status."""

    def refuse(self, commit: Commit[Refusal]) -> None:
        """Keep a refusal, the same one of an outage once."""

    def open_refusals(self, factory: Factory, service: Service, limit: int) -> list[Kept[Refusal]]:
        """Return refusals that nobody checked again yet, the oldest first."""

    def check(self, commit: Commit[Refusal]) -> None:
        """Keep what checking again found; raises VersionConflict."""

    def refusals(self, factory: Factory, limit: int, cursor: str | None) -> Found[Refusal]:
        """Return a page, the newest first."""
