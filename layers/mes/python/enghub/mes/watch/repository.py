"""What watching the floor needs from a store."""

from collections.abc import Iterator
from datetime import datetime
from typing import Protocol

from enghub.core.notices import NoticeRequested
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

    def reports_so_far(self, factory: Factory, now: datetime) -> int:
        """Return how many reports the days around now have."""

    def last(self, factory: Factory) -> Tally | None:
        """Return what the last look counted."""

    def tell(self, factory: Factory, notice: NoticeRequested, now: datetime) -> bool:
        """Ask that people be told; False when this was asked before."""

    def remember(self, before: Tally | None, tally: Tally) -> None:
        """Keep what this look counted, unless another look did so meanwhile."""
