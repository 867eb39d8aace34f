"""What the stock service needs from a store."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from enghub.core.commits import Commit, Kept
from enghub.mes.factories import Factory
from enghub.mes.keeping.repository import Found, Handled
from enghub.mes.stock.model import Balance, Direction, Lot, Movement, Reservation


class StockMoved(Exception):
    """A balance, a lot or a reservation is another by now: look again."""


class StockRepository(Protocol):
    """Keeps balances, lots, movements, reservations and genealogy."""

    def balances(self, factory: Factory, material_id: str) -> list[Balance]:
        """Return what lies anywhere of a material, by place; consistent."""

    def lots(self, factory: Factory, lot_ids: Sequence[str]) -> dict[str, Kept[Lot]]:
        """Return those that exist; consistent."""

    def reservation(self, factory: Factory, reservation_id: str) -> Kept[Reservation] | None:
        """Return a reservation."""

    def lots_of(self, factory: Factory, name: tuple[str, ...], limit: int, cursor: str | None) -> Found[Lot]:
        """Return one page of a list: ("SUPPLIER", id) or ("MATERIAL", id)."""

    def movements(self, factory: Factory, lot_id: str, limit: int, cursor: str | None) -> Found[Movement]:
        """Return one page of movements of a lot, oldest first."""

    def neighbours(self, factory: Factory, direction: Direction, nodes: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """Return where each node leads; a BatchGetItem per 100."""

    def store(
        self,
        commit: Commit[Movement] | Commit[Reservation],
        lot: Commit[Lot] | None = None,
        *,
        free: Sequence[str] = (),
        closes: Commit[Reservation] | None = None,
    ) -> None:
        """Store a movement or a reservation with all it changes, all or nothing.

        Args:
            commit: the movement, or the reservation that is made or ends.
            lot: the lot that a receipt creates.
            free: lots that must not be held.
            closes: the reservation that an issue consumes.

        Raises:
            StockMoved: look again.
            Replayed: the request was answered before.
        """

    def save_lot(self, commit: Commit[Lot], handled: Handled | None = None) -> None:
        """Store a hold or a release.

        Raises:
            VersionConflict, AlreadyHandled
        """
