"""The stores of the factory floor in memory, with the manners of the real ones: whole changes under conditions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from threading import RLock
from typing import Any

from enghub.core.commits import Commit, Kept, Trace
from enghub.core.errors import Invalid, VersionConflict
from enghub.core.events import Envelope
from enghub.core.marks import AlreadyHandled
from enghub.mes.boards.model import ZERO, BoardKey, Counts, LineTotals, Plan, PlannedLine, Produced, planned
from enghub.mes.boards.repository import Stored
from enghub.mes.factories import Factory
from enghub.mes.plant.model import Plant, Station
from enghub.mes.reports.model import FactoryShift, FirstReport, Report, StationOperation, window_of
from enghub.mes.reports.repository import ConcurrentChange, Lookup, ReportPage, ReversalLookup
from enghub.mes.work_orders.errors import WorkOrderExists, WorkOrderNotFound
from enghub.mes.work_orders.model import Status, WorkOrder
from enghub.mes.work_orders.repository import (
    ByHold,
    ByProduct,
    BySalesOrder,
    ByShift,
    ByStart,
    ByStation,
    ByStatus,
    Found,
    ProgressMoved,
    Selection,
)

_COUNTERS = ("progress", "reports")


@dataclass
class Floor:
    """One table: what all stores of the context share."""

    orders: dict[tuple[Factory, str], WorkOrder] = field(default_factory=dict)
    reports: dict[tuple[Factory, str], Report] = field(default_factory=dict)
    first_reports: dict[tuple[Factory, StationOperation, int, int], FirstReport] = field(default_factory=dict)
    plants: dict[Factory, Plant] = field(default_factory=dict)
    stations: dict[tuple[Factory, str], Station] = field(default_factory=dict)
    traces: dict[tuple[Factory, str], Trace] = field(default_factory=dict)
    events: list[Envelope] = field(default_factory=list)
    shifts: set[FactoryShift] = field(default_factory=set)
    lock: RLock = field(default_factory=RLock)


class FakeWorkOrders:
    """See ``WorkOrderRepository``."""

    def __init__(self, floor: Floor) -> None:
        self.floor = floor

    def get(self, factory: Factory, work_order_id: str) -> Kept[WorkOrder] | None:
        order = self.floor.orders.get((factory, work_order_id))
        return None if order is None else Kept(order, order.version)

    def save(self, commit: Commit[WorkOrder]) -> None:
        before, order = commit.before, commit.after
        with self.floor.lock:
            current = self.floor.orders.get((order.factory, order.work_order_id))
            if before is not None:
                if current is None:
                    raise WorkOrderNotFound(work_order_id=order.work_order_id)
                if current.version != before.revision:
                    raise VersionConflict(expected=before.revision, actual=current.version)
                if order.status in {Status.COMPLETED, Status.CANCELLED} and current.reports != order.reports:
                    raise ProgressMoved
                order = replace(order, **{name: getattr(current, name) for name in _COUNTERS})
            elif current is not None:
                raise WorkOrderExists(work_order_id=order.work_order_id)
            self.floor.orders[order.factory, order.work_order_id] = order
            action = f"work_order.{commit.action}"
            self.floor.traces[order.factory, order.work_order_id] = Trace(commit.origin.user_id, action)
            self.floor.events.extend(commit.events)

    def trace(self, kept: Kept[WorkOrder]) -> Trace | None:
        return self.floor.traces.get((kept.value.factory, kept.value.work_order_id))

    def find(self, factory: Factory, selection: Selection, limit: int, cursor: str | None) -> Found:
        mine = [order for (where, _), order in self.floor.orders.items() if where == factory]
        ordered = sorted(
            ((*_position(order, selection), order) for order in mine if _selected(order, selection)),
            key=lambda entry: entry[:2],
        )
        page, rest = _page(ordered, (factory, selection), limit, cursor)
        return Found(tuple(order for *_, order in page), rest)


def _selected(order: WorkOrder, selection: Selection) -> bool:
    match selection:
        case ByStatus(status, due_from, due_to):
            return order.status is status and (due_from or date.min) <= order.due_on <= (due_to or date.max)
        case BySalesOrder(sales_order_id):
            return order.sales_order_id == sales_order_id
        case ByProduct(product_id):
            return order.product_id == product_id
        case ByStation(station_id):
            return order.station_id == station_id
        case ByStart(station_id):
            return order.station_id == station_id and order.started_at is not None
        case ByHold(source):
            return any(hold.source == source for hold in order.holds)
        case ByShift(shift_on, shift):
            return (order.shift_on, order.shift) == (shift_on, shift)


def _position(order: WorkOrder, selection: Selection) -> tuple[Any, str]:
    when: Any = order.due_on if isinstance(selection, ByStatus | ByStation | ByHold) else order.created_at
    when = order.started_at if isinstance(selection, ByStart) else when
    return when, order.work_order_id


def _page(items: list[Any], name: object, limit: int, cursor: str | None) -> tuple[list[Any], str | None]:
    start = 0
    if cursor is not None:
        owner, _, number = cursor.rpartition("|")
        if owner != repr(name):
            raise Invalid(field="cursor", problem="take it unchanged from the previous page of the same list")
        start = int(number)
    more = start + limit < len(items)
    return items[start : start + limit], f"{name!r}|{start + limit}" if more else None


class FakeReports:
    """See ``ReportRepository`` and ``ShiftReports``."""

    def __init__(self, floor: Floor) -> None:
        self.floor = floor

    def look(
        self,
        shift: FactoryShift,
        client_key: str,
        work_order_id: str,
        station_operation: StationOperation,
        at: datetime,
        *,
        seconds: int = 60,
    ) -> Lookup:
        factory, window = shift.factory, window_of(at, seconds)
        places = [(factory, station_operation, seconds, window + step) for step in (0, -1, 1)]
        own, *neighbours = (self.floor.first_reports.get(place) for place in places)
        return Lookup(
            work_order=self.floor.orders.get((factory, work_order_id)),
            stored=self.floor.reports.get((factory, client_key)),
            first_reports=tuple(first for first in (own, *neighbours) if first is not None),
            has_first=own is not None,
            knows_shift=shift in self.floor.shifts,
            plant=self.floor.plants.get(factory),
            station=self.floor.stations.get((factory, station_operation.station_id)),
        )

    def get(self, factory: Factory, client_key: str) -> Report | None:
        return self.floor.reports.get((factory, client_key))

    def save(
        self, commit: Commit[Report], order: WorkOrder, *, opens_window: bool, opens_shift: bool, seconds: int = 60
    ) -> None:
        report = commit.after
        window = self._window(report, seconds)
        with self.floor.lock:
            if (
                (report.factory, report.client_key) in self.floor.reports
                or not self._takes(order, report)
                or (opens_window and window in self.floor.first_reports)
            ):
                raise ConcurrentChange
            self._keep(commit)
            if opens_shift:
                self.floor.shifts.add(FactoryShift(report.factory, report.shift))
            if opens_window:
                first = FirstReport(report.report_id, report.reported_at, report.good, report.defect)
                self.floor.first_reports[window] = first

    def look_back(self, factory: Factory, report_id: str) -> ReversalLookup | None:
        found = [
            report
            for (where, _), report in self.floor.reports.items()
            if where == factory and report.report_id == report_id
        ]
        if not found:
            return None
        (report,), plant = found, self.floor.plants.get(factory)
        seconds = plant.reporting.conflict_seconds if plant else 60
        first = self.floor.first_reports.get(self._window(report, seconds))
        opened = first is not None and first.report_id == report_id
        return ReversalLookup(
            report=report,
            reversal=self.floor.reports.get((factory, f"reversal {report_id}")),
            work_order=self.floor.orders.get((factory, report.work_order_id)),
            plant=plant,
            opened_window=window_of(report.reported_at, seconds) if opened else None,
        )

    def reverse(self, commit: Commit[Report], seen: ReversalLookup) -> None:
        report, reversal = seen.report, commit.after
        key = (report.factory, report.client_key)
        with self.floor.lock:
            if (
                seen.work_order is None
                or self.floor.reports[key].reversed_by is not None
                or not self._takes(seen.work_order, reversal)
            ):
                raise ConcurrentChange
            self._keep(commit)
            self.floor.reports[key] = replace(report, reversed_by=reversal.report_id)
            if seen.opened_window is not None:
                seconds = seen.plant.reporting.conflict_seconds if seen.plant else 60
                self.floor.first_reports.pop(self._window(report, seconds))

    def _window(self, report: Report, seconds: int) -> tuple[Factory, StationOperation, int, int]:
        where = StationOperation(report.station_id, report.operation)
        return report.factory, where, seconds, window_of(report.reported_at, seconds)

    def _takes(self, seen: WorkOrder, report: Report) -> bool:
        """Tell whether the conditions of the write hold, on what is stored now."""
        order = self.floor.orders.get((report.factory, report.work_order_id))
        if order is None or order.version != seen.version:
            return False
        books, made = order.books, report.made
        known = report.operation in {*seen.books.operations, *seen.progress}
        if not known and report.operation in order.progress:
            return False
        after = books.after(report.operation)
        is_passed = after is None or books.open(after) >= -made.good
        return books.open(report.operation) >= made.counted and is_passed

    def _keep(self, commit: Commit[Report]) -> None:
        report = commit.after
        place = (report.factory, report.work_order_id)
        self.floor.reports[report.factory, report.client_key] = report
        self.floor.orders[place] = self.floor.orders[place].counting(report.operation, report.made)
        self.floor.events.extend(commit.events)

    def of_shift_day(
        self, factory: Factory, shift_on: date, shift: str, station_id: str | None, *, limit: int, cursor: str | None
    ) -> ReportPage:
        mine = [one for one in self.of_shift(factory, shift_on, shift) if station_id in {None, one.station_id}]
        mine.sort(key=lambda one: (one.station_id, one.reported_at, one.report_id))
        page, rest = _page(mine, (factory, shift_on, shift, station_id), limit, cursor)
        return ReportPage(tuple(page), rest)

    def of_work_order(self, factory: Factory, work_order_id: str, limit: int, cursor: str | None) -> ReportPage:
        mine = [
            report
            for (where, _), report in self.floor.reports.items()
            if where == factory and report.work_order_id == work_order_id
        ]
        page, rest = _page(_by_time(mine), (factory, work_order_id), limit, cursor)
        return ReportPage(tuple(page), rest)

    def on(self, day: date) -> list[BoardKey]:
        known = [shift for shift in self.floor.shifts if self.of_shift(shift.factory, day, shift.shift)]
        return [BoardKey(shift.factory, day, shift.shift) for shift in known]

    def of_shift(self, factory: Factory, shift_on: date, shift: str) -> list[Report]:
        return _by_time(
            report
            for (where, _), report in self.floor.reports.items()
            if where == factory and (report.shift_on, report.shift) == (shift_on, shift)
        )


def _by_time(reports: Iterable[Report]) -> list[Report]:
    return sorted(reports, key=lambda report: (report.reported_at, report.report_id))


class FakeBoards:
    """See ``BoardRepository``."""

    def __init__(self) -> None:
        self.lines: dict[tuple[BoardKey, str], LineTotals] = {}
        self.orders: dict[tuple[BoardKey, str], Plan] = {}
        self.sums: dict[tuple[BoardKey, str], PlannedLine] = {}
        self.marks: set[tuple[str, str]] = set()
        self.heads: set[BoardKey] = set()

    def read(self, board: BoardKey) -> Stored:
        return Stored(tuple(_of_board(self.lines, board)), tuple(_of_board(self.sums, board)))

    def plans(self, board: BoardKey) -> tuple[Plan, ...]:
        return tuple(_of_board(self.orders, board))

    def count(self, board: BoardKey, produced: Produced, now: datetime) -> None:
        mark = (board.factory.tenant_id, produced.report_id)
        if mark in self.marks:
            raise AlreadyHandled(produced.report_id)
        self.marks.add(mark)
        self.heads.add(board)
        empty = LineTotals(produced.line_id, Counts(), produced.recorded_at, now)
        self.lines[board, produced.line_id] = self.lines.get((board, produced.line_id), empty).add(produced, now)

    def plan(self, board: BoardKey, plan: Plan) -> bool:
        known = self.orders.get((board, plan.work_order_id))
        if known is not None and known.version >= plan.version:
            return False
        self.heads.add(board)
        self.orders[board, plan.work_order_id] = plan
        before = [] if known is None else [replace(known, quantity=-known.quantity)]
        for line_id, moved in planned([*before, plan]).items():
            if moved.quantity:
                line = self.sums.get((board, line_id), PlannedLine(line_id, ZERO))
                changed = replace(line, quantity=line.quantity + moved.quantity, changes=line.changes + 1)
                self.sums[board, line_id] = changed
        return True

    def counted(self, factory: Factory, report_ids: Iterable[str]) -> set[str]:
        return {report_id for report_id in report_ids if (factory.tenant_id, report_id) in self.marks}

    def correct(self, board: BoardKey, seen: LineTotals | None, right: LineTotals) -> bool:
        if self.lines.get((board, right.line_id)) != seen:
            return False
        self.heads.add(board)
        self.lines[board, right.line_id] = right
        return True

    def correct_planned(self, board: BoardKey, seen: PlannedLine | None, right: PlannedLine) -> bool:
        if self.sums.get((board, right.line_id)) != seen:
            return False
        self.sums[board, right.line_id] = replace(right, changes=0 if seen is None else seen.changes + 1)
        return True

    def on(self, day: date) -> list[BoardKey]:
        mine = [board for board in self.heads if board.shift_on == day]
        return sorted(mine, key=lambda board: (board.factory.tenant_id, board.factory.factory_id, board.shift))


def _of_board(items: Mapping[tuple[BoardKey, str], Any], board: BoardKey) -> list[Any]:
    return [item for (key, _), item in sorted(items.items(), key=lambda pair: pair[0][1]) if key == board]
