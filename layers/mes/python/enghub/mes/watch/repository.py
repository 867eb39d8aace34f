"""What watching the floor needs from a store."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from enghub.core.notices import NoticeRequested
from enghub.kit.calendars.shifts import ShiftOnDay
from enghub.mes.alarms.model import Alarm
from enghub.mes.boards.model import BoardKey, StationLoad
from enghub.mes.factories import Factory
from enghub.mes.plant.model import ReportingRules
from enghub.mes.watch.model import Tally
from enghub.mes.work_orders.model import WorkOrder


class WatchRepository(Protocol):
    """Reads what is watched, and asks that people be told, each once."""

    def factories(self) -> list[Factory]:
        """Return the factories that ever reported."""

    def rules(self, factory: Factory) -> ReportingRules:
        """Return what a factory says of its reports; the usual where nobody described it."""

    def in_production(self, factory: Factory) -> Iterator[WorkOrder]:
        """Yield the orders in production."""

    def shifts(self, factory: Factory, now: datetime) -> list[ShiftOnDay]:
        """Return the shift that runs, or ran last, and the one before it."""

    def loads(self, board: BoardKey) -> list[StationLoad]:
        """Return what stations reported in a shift."""

    def capacities(self, factory: Factory, shift: ShiftOnDay) -> Mapping[str, Decimal]:
        """Return what each station can do in a shift by its calendar, in seconds of standard time."""

    def overridden(self, factory: Factory, station_id: str, shift: ShiftOnDay) -> Decimal | None:
        """Return what people said that a station can do on the whole day, None where they said nothing."""

    def show(self, factory: Factory, board: BoardKey | None, alarms: list[Alarm], now: datetime) -> None:
        """Keep which orders are stuck and which stations are beyond their capacity, and show what is open."""

    def reports_so_far(self, factory: Factory, now: datetime) -> int:
        """Return how many reports the days around now have."""

    def last(self, factory: Factory) -> Tally | None:
        """Return what the last look counted."""

    def tell(self, factory: Factory, notice: NoticeRequested, now: datetime) -> bool:
        """Ask that people be told; False when this was asked before."""

    def remember(self, before: Tally | None, tally: Tally) -> None:
        """Keep what this look counted, unless another look did so meanwhile."""
