"""What is watched, in DynamoDB: orders by status, the factory rows of days, a tally per factory."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from enghub.core import inbox, outbox
from enghub.core.aggregates import Items
from enghub.core.codec import Key, Layout
from enghub.core.dynamo import Attr, key
from enghub.core.identity import Origin
from enghub.core.marks import AlreadyHandled
from enghub.core.notices import NoticeRequested
from enghub.core.paging import pages
from enghub.core.transactions import absent, transact
from enghub.kit.calendars.intervals import total
from enghub.kit.calendars.shifts import ShiftOnDay
from enghub.kit.calendars.zones import day_of
from enghub.mes.alarms.dynamo import DynamoAlarms
from enghub.mes.alarms.model import Alarm, AlarmKind
from enghub.mes.boards.dynamo import loads_of
from enghub.mes.boards.model import BoardKey, StationLoad
from enghub.mes.factories import Factory
from enghub.mes.plant.dynamo import overrides, plants, stations
from enghub.mes.plant.model import Plant, ReportingRules, calendar_of
from enghub.mes.plant.service import PLANT
from enghub.mes.summaries.dynamo import ROWS, DynamoLedger
from enghub.mes.summaries.model import Dimension
from enghub.mes.watch.model import Tally
from enghub.mes.work_orders.dynamo import DynamoWorkOrders
from enghub.mes.work_orders.model import Status, WorkOrder
from enghub.mes.work_orders.repository import ByStatus

CONSUMER = "watch_floor"
PAGE = 100
SHIFTS = 2
"""Shifts whose reports are looked at: the one that runs, and the one before, whose last reports come late."""
LOOK_BACK_DAYS = 7
SYSTEM = "watch-floor"
TALLIES = Items(Tally, "WATCH_TALLY", layout=Layout(flat=("factory",)))


class _Moved(Exception):
    """Another look was faster."""


def _tally_key(factory: Factory) -> Key:
    return key("T", factory.tenant_id, "F", factory.factory_id, "WATCH"), "TALLY"


class DynamoWatch:
    """The store."""

    def factories(self) -> list[Factory]:
        """One Query per page."""
        return DynamoLedger().factories()

    def rules(self, factory: Factory) -> ReportingRules:
        """One consistent GetItem."""
        plant = self._plant(factory)
        return ReportingRules() if plant is None else plant.reporting

    def shifts(self, factory: Factory, now: datetime) -> list[ShiftOnDay]:
        """One consistent GetItem."""
        calendar = calendar_of(self._plant(factory))
        today = day_of(now, calendar.tz)
        days = [today + timedelta(days=number) for number in range(-LOOK_BACK_DAYS, 1)]
        begun = [one for day in days for one in calendar.shifts_of(day) if one.interval.start <= now]
        return begun[-SHIFTS:]

    def loads(self, board: BoardKey) -> list[StationLoad]:
        """One Query."""
        return loads_of(board)

    def capacities(self, factory: Factory, shift: ShiftOnDay) -> Mapping[str, Decimal]:
        """One Query per page of stations."""
        working = Decimal(int(total(shift.working).total_seconds()))
        found: dict[str, Decimal] = {}
        for page in pages(lambda cursor: stations().page(factory, PAGE, cursor)):
            for station in (kept.value for kept in page.items):
                if not station.shifts or shift.name in station.shifts:
                    found[station.station_id] = working * station.units * station.efficiency
        return found

    def overridden(self, factory: Factory, station_id: str, shift: ShiftOnDay) -> Decimal | None:
        """One Query."""
        found = overrides().of_station(factory, station_id, shift.day, shift.day).get(shift.day)
        return None if found is None else found.seconds

    def show(self, factory: Factory, board: BoardKey | None, alarms: list[Alarm], now: datetime) -> None:
        """One GetItem; one transaction where something changed."""
        kinds = (AlarmKind.STUCK_ORDER, AlarmKind.OVER_CAPACITY)
        DynamoAlarms().change(factory, lambda known: known.all_of(kinds, alarms).shown_on(board), now)

    def _plant(self, factory: Factory) -> Plant | None:
        kept = plants().get(factory, PLANT)
        return None if kept is None or kept.value.is_deleted else kept.value

    def in_production(self, factory: Factory) -> Iterator[WorkOrder]:
        """One Query and one BatchGetItem per page."""
        running = ByStatus(Status.IN_PROGRESS)
        for page in pages(lambda cursor: DynamoWorkOrders().find(factory, running, PAGE, cursor)):
            yield from page.work_orders

    def reports_so_far(self, factory: Factory, now: datetime) -> int:
        """One BatchGetItem: the factory rows of yesterday, today and tomorrow (UTC)."""
        days = [(now + timedelta(days=number)).date().isoformat() for number in (-1, 0, 1)]
        partitions = [key("T", factory.tenant_id, "F", factory.factory_id, "SUMMARY", day) for day in days]
        rows = ROWS.get_many([(pk, key(Dimension.FACTORY.value, "")) for pk in partitions])
        return sum(row.counts.reports for row in rows.values())

    def last(self, factory: Factory) -> Tally | None:
        """One consistent GetItem."""
        return TALLIES.get(_tally_key(factory))

    def remember(self, before: Tally | None, tally: Tally) -> None:
        """One conditional PutItem."""
        same = absent() if before is None else Attr("revision") == before.revision
        try:
            transact(TALLIES.put(tally, same, _Moved, at=_tally_key(tally.factory)))
        except _Moved:
            return

    def tell(self, factory: Factory, notice: NoticeRequested, now: datetime) -> bool:
        """One transaction of the mark and the message."""
        origin = Origin(factory.tenant_id, factory.factory_id, SYSTEM, now, SYSTEM, "", "")
        mark = inbox.seen(CONSUMER, notice.dedupe_key or notice.subject, factory.tenant_id, now)
        try:
            transact(mark, outbox.to_outbox(notice.envelope(origin), subject=notice.subject))
        except AlreadyHandled:
            return False
        return True
