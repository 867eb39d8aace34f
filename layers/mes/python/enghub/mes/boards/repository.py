"""What the board service needs from a store."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from enghub.mes.boards.model import AlarmedLines, BoardKey, LineTotals, Plan, PlannedLine, Produced
from enghub.mes.factories import Factory
from enghub.mes.reports.model import Report


@dataclass(frozen=True, slots=True)
class Stored:
    """What is stored of one board: as much as it has lines, however many orders are planned."""

    lines: tuple[LineTotals, ...]
    planned: tuple[PlannedLine, ...]
    alarmed: AlarmedLines | None = None


class BoardRepository(Protocol):
    """Stores shift boards."""

    def read(self, board: BoardKey) -> Stored:
        """Return what is made and planned on all lines of a board, in one look-up."""

    def plans(self, board: BoardKey) -> tuple[Plan, ...]:
        """Return what each order plans for a board."""

    def count(self, board: BoardKey, produced: Produced, now: datetime) -> None:
        """Count a report and remember that, together.

        Raises:
            AlreadyHandled: it was counted before.
            Unavailable: other writers kept coming between.
        """

    def plan(self, board: BoardKey, plan: Plan) -> bool:
        """Store what an order plans, and its line's sum; returns whether no newer version of the order was stored.

        Raises:
            Unavailable: other writers kept coming between.
        """

    def counted(self, factory: Factory, report_ids: Iterable[str]) -> set[str]:
        """Return which of these reports were counted; known for 14 days."""

    def correct(self, board: BoardKey, seen: LineTotals | None, right: LineTotals) -> bool:
        """Replace a line's totals where they are still as ``seen``; returns whether they were."""

    def correct_planned(self, board: BoardKey, seen: PlannedLine | None, right: PlannedLine) -> bool:
        """Replace the sum of a line's plans where it is still as ``seen``; returns whether it was."""

    def on(self, day: date) -> list[BoardKey]:
        """Return all boards of a day, of all tenants; for system jobs."""


class ShiftReports(Protocol):
    """The source that boards are made from."""

    def of_shift(self, factory: Factory, shift_on: date, shift: str) -> list[Report]:
        """Return every report of a shift, as far as the index shows them yet."""

    def on(self, day: date) -> list[BoardKey]:
        """Return the shifts of a day that have a report, of all tenants; for system jobs."""
