"""Reads what the load of a factory is made of, and computes it (MES-07, MES-08)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial

from enghub.core.paging import pages
from enghub.kit.calendars.zones import day_of
from enghub.mes.factories import Factory
from enghub.mes.planning.errors import TooManyOrders
from enghub.mes.planning.loading import Load, Said, left_today, loaded, work_of
from enghub.mes.plant.model import Station, calendar_of
from enghub.mes.plant.service import PlantService
from enghub.mes.work_orders.model import Status, WorkOrder
from enghub.mes.work_orders.repository import ByStatus, WorkOrderRepository

OPEN = (Status.CREATED, Status.RELEASED, Status.IN_PROGRESS, Status.PAUSED)
MOST_ORDERS = 2_000
PAGE = 100


Priority = Callable[[WorkOrder, date], Said]


def _no_rule(_: Factory) -> None:
    return None


@dataclass(frozen=True, slots=True)
class CapacityLoad:
    """The use case."""

    orders: WorkOrderRepository
    plant: PlantService
    clock: Callable[[], datetime]
    priorities: Callable[[Factory], Priority | None] = _no_rule

    def load(self, factory: Factory, days: int) -> Load:
        """Return the load of every station from now on, over so many days.

        Raises:
            PlantNotDescribed
            TooManyOrders: more are open than one answer is made of.
        """
        now = self.clock()
        tz = calendar_of(self.plant.plant(factory).value).tz
        today = day_of(now, tz)
        stations = list(self._stations(factory))
        open_orders = list(self._open(factory))
        starts = {one.work_order_id: day_of(one.planned_start, tz) for one in open_orders if one.planned_start}
        priority = self.priorities(factory) or (lambda _, __: None)
        works, untimed = [], []
        for order in open_orders:
            work = work_of(order, stations, today, starts, priority(order, today))
            if work is None:
                untimed.append(order.work_order_id)
            else:
                works.append(work)
        capacity = {one.station_id: self._capacity(factory, one, today, days, now) for one in stations}
        return replace(loaded(works, capacity, today), untimed=tuple(sorted(untimed)))

    def _capacity(
        self, factory: Factory, station: Station, today: date, days: int, now: datetime
    ) -> dict[date, Decimal]:
        """Return seconds by day; last night's shift that still runs is today's work, so it counts to today."""
        first = today - timedelta(days=1)
        found = self.plant.capacity(factory, station.station_id, first, today + timedelta(days=days - 1))
        left = {one.day: one.seconds if one.day > today else left_today(one, now) for one in found}
        if found[0].shifts:
            left[today] += left[first]
        del left[first]
        return left

    def _stations(self, factory: Factory) -> Iterator[Station]:
        for page in pages(lambda cursor: self.plant.stations.page(factory, PAGE, cursor)):
            yield from (kept.value for kept in page.items)

    def _open(self, factory: Factory) -> Iterator[WorkOrder]:
        count = 0
        for status in OPEN:
            for page in pages(partial(self.orders.find, factory, ByStatus(status), PAGE)):
                count += len(page.work_orders)
                if count > MOST_ORDERS:
                    raise TooManyOrders(most=MOST_ORDERS)
                yield from page.work_orders
