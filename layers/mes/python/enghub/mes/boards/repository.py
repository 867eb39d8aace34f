"""What the board service needs from a store."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from enghub.mes.boards.model import BoardKey, LineTotals, Plan, Produced
from enghub.mes.factories import Factory
from enghub.mes.reports.model import Report


@dataclass(frozen=True, slots=True)
class Stored:
    """What is stored of one board."""

    lines: tuple[LineTotals, ...]
    plans: tuple[Plan, ...]


class BoardRepository(Protocol):
    """Stores shift boards."""

    def read(self, board: BoardKey) -> Stored:
        """Return all lines and plans of a board, in one look-up."""

    def count(self, board: BoardKey, produced: Produced, now: datetime) -> None:
        """Count a report and remember that, together.

        Raises:
            AlreadyHandled: it was counted before.
            Unavailable: other writers kept coming between.
        """

    def plan(self, board: BoardKey, plan: Plan) -> bool:
        """Store what an order plans, unless a newer version of the order is stored; returns whether it was stored."""

    def counted(self, factory: Factory, report_ids: Iterable[str]) -> set[str]:
        """Return which of these reports were counted; known for 14 days."""

    def correct(self, board: BoardKey, seen: LineTotals | None, right: LineTotals) -> bool:
        """Replace a line's totals where they are still as ``seen``; returns whether they were."""

    def on(self, day: date) -> list[BoardKey]:
        """Return all boards of a day, of all tenants; for system jobs."""


class ShiftReports(Protocol):
    """The source that boards are made from."""

    def of_shift(self, factory: Factory, shift_on: date, shift: str) -> list[Report]:
        """Return every report of a shift, as far as the index shows them yet."""
