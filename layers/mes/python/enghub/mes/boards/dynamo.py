"""Shift boards in DynamoDB.

A board is one partition: per line an item with what it made and one with what is planned for it, and a head that lists
the board by day in ``gsi1``. Reading it is one Query, of as many items as there are lines. Lines are counted up in
place; the head is written once, so counting touches no index. What each order plans is a partition beside it, which
only changes of plans and the reconciliation read.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from pynamodb.expressions.condition import Condition

from enghub.core import inbox
from enghub.core.aggregates import Items
from enghub.core.codec import Key, Layout
from enghub.core.dynamo import Attr, each, key
from enghub.core.errors import Unavailable
from enghub.core.transactions import Update, Write, absent, transact
from enghub.mes.boards.model import (
    ZERO,
    AlarmedLines,
    BoardKey,
    Counts,
    LineTotals,
    Plan,
    PlannedLine,
    Produced,
    StationLoad,
)
from enghub.mes.boards.repository import Stored
from enghub.mes.factories import Factory
from enghub.mes.reports.dynamo import ALL_SHIFTS, FACTORY_SHIFTS, REPORTS, shift_partition
from enghub.mes.reports.model import Report

CONSUMER = "update_shift_board"
ATTEMPTS = 10


class _Moved(Exception):
    """The line changed between reading and writing."""


def _partition(board: BoardKey) -> str:
    factory = board.factory
    return key("T", factory.tenant_id, "F", factory.factory_id, "BOARD", *_shift(board))


def _day_partition(day: date) -> str:
    """Return the ``gsi1`` partition of a day's boards; it spans tenants, only system jobs read it."""
    return key("BOARDS", day.isoformat())


def _plans_partition(board: BoardKey) -> str:
    return key("T", board.factory.tenant_id, "F", board.factory.factory_id, "PLANS", *_shift(board))


def _shift(board: BoardKey) -> tuple[str, str]:
    return board.shift_on.isoformat(), board.shift


def _planned_key(board: BoardKey, line_id: str) -> Key:
    return _partition(board), key("PLANNED", line_id)


def _line_key(board: BoardKey, line_id: str) -> Key:
    return _partition(board), key("LINE", line_id)


HEADS = Items(
    BoardKey,
    "BOARD",
    key=lambda board: (_partition(board), "HEAD"),
    layout=Layout(flat=("factory",)),
    more=lambda board: {
        "gsi1pk": _day_partition(board.shift_on),
        "gsi1sk": key(board.factory.tenant_id, board.factory.factory_id, board.shift),
    },
)
LINES = Items(LineTotals, "BOARD_LINE", layout=Layout(flat=("counts",)))
PLANNED = Items(PlannedLine, "BOARD_PLANNED")
PLANS = Items(Plan, "BOARD_PLAN", layout=Layout(names={"version": "order_version"}))
ALARMED = Items(AlarmedLines, "BOARD_ALARMS")
LOADS = Items(StationLoad, "STATION_LOAD")
_COUNTS = tuple(Counts.__slots__)


def alarmed_writes(board: BoardKey, alarmed: AlarmedLines) -> list[Write]:
    """Return what shows the open alarms on a board."""
    return [ALARMED.put(alarmed, at=(_partition(board), "ALARMS")), HEADS.put(board)]


def loads_of(board: BoardKey) -> list[StationLoad]:
    """Return what the stations reported in a shift; one Query."""
    return list(LOADS.each(_loads_partition(board)))


def _loads_partition(board: BoardKey) -> str:
    return key("T", board.factory.tenant_id, "F", board.factory.factory_id, "LOADS", *_shift(board))


class DynamoBoards:
    """The store."""

    def read(self, board: BoardKey) -> Stored:
        """One Query; a second page only beyond 1 MB."""
        found = list(each(_partition(board)))
        return Stored(
            lines=tuple(LINES.value(item) for item in found if item["entity"]["S"] == LINES.entity),
            planned=tuple(PLANNED.value(item) for item in found if item["entity"]["S"] == PLANNED.entity),
            alarmed=next((ALARMED.value(item) for item in found if item["entity"]["S"] == ALARMED.entity), None),
        )

    def plans(self, board: BoardKey) -> tuple[Plan, ...]:
        """One Query per page."""
        return tuple(PLANS.each(_plans_partition(board)))

    def count(self, board: BoardKey, produced: Produced, now: datetime) -> None:
        """One GetItem and one transaction of the mark, the line and its station."""
        mark = inbox.seen(CONSUMER, produced.report_id, board.factory.tenant_id, now)
        for _ in range(ATTEMPTS):
            stored = LINES.get(_line_key(board, produced.line_id))
            try:
                transact(mark, *_count_writes(board, stored, produced, now), *_load_writes(board, produced))
            except _Moved:
                continue
            return
        raise Unavailable

    def plan(self, board: BoardKey, plan: Plan) -> bool:
        """One GetItem and one transaction; the order's version decides, so events may come in any order and twice."""
        at = _plans_partition(board), key("PLAN", plan.work_order_id)
        for _ in range(ATTEMPTS):
            stored = PLANS.get(at)
            if stored is not None and stored.version >= plan.version:
                return False
            same = absent() if stored is None else Attr("order_version") == stored.version
            try:
                transact(PLANS.put(plan, same, _Moved, at=at), HEADS.put(board), *_planned_writes(board, stored, plan))
            except _Moved:
                continue
            return True
        raise Unavailable

    def counted(self, factory: Factory, report_ids: Iterable[str]) -> set[str]:
        """One BatchGetItem per 100 reports."""
        return inbox.handled(CONSUMER, report_ids, factory.tenant_id)

    def correct(self, board: BoardKey, seen: LineTotals | None, right: LineTotals) -> bool:
        """One transaction, refused when the line moved since it was seen."""
        condition: Condition = absent()
        if seen is not None:
            condition = (Attr("updated_at") == seen.updated_at) & (Attr("reports") == seen.counts.reports)
        try:
            transact(LINES.put(right, condition, _Moved, at=_line_key(board, right.line_id)), HEADS.put(board))
        except _Moved:
            return False
        return True

    def correct_planned(self, board: BoardKey, seen: PlannedLine | None, right: PlannedLine) -> bool:
        """One conditional PutItem."""
        same = absent() if seen is None else Attr("changes") == seen.changes
        changed = replace(right, changes=0 if seen is None else seen.changes + 1)
        try:
            transact(PLANNED.put(changed, same, _Moved, at=_planned_key(board, right.line_id)))
        except _Moved:
            return False
        return True

    def on(self, day: date) -> list[BoardKey]:
        """One Query of ``gsi1`` per page."""
        return list(HEADS.each(_day_partition(day), index="gsi1"))


def _count_writes(board: BoardKey, stored: LineTotals | None, produced: Produced, now: datetime) -> Sequence[Write]:
    counts, at = Counts.of_one(produced), _line_key(board, produced.line_id)
    if stored is None:
        first = LineTotals(produced.line_id, counts, produced.recorded_at, now)
        return [LINES.put(first, absent(), _Moved, at=at), HEADS.put(board)]
    actions: list[Any] = [Attr("updated_at").set(now)]
    actions += [Attr(name).add(getattr(counts, name)) for name in _COUNTS]
    condition: Condition = Attr("pk").exists()
    if produced.recorded_at > stored.last_report_at:
        actions.append(Attr("last_report_at").set(produced.recorded_at))
        condition &= Attr("last_report_at") < produced.recorded_at
    return [Update(at, actions, condition, lambda _: _Moved())]


def _load_writes(board: BoardKey, produced: Produced) -> Iterable[Update]:
    load = StationLoad.of_one(produced)
    if load is not None:
        actions = [
            Attr("entity").set(LOADS.entity),
            Attr("station_id").set(load.station_id),
            Attr("line_id").set(load.line_id),
            Attr("seconds").add(load.seconds),
        ]
        yield Update((_loads_partition(board), key("STATION", load.station_id)), actions)


def _planned_writes(board: BoardKey, before: Plan | None, after: Plan) -> Iterable[Update]:
    """Yield what changes of the lines' sums when an order's plan becomes ``after``."""
    moved = {after.line_id: after.quantity}
    if before is not None:
        moved[before.line_id] = moved.get(before.line_id, ZERO) - before.quantity
    for line_id, quantity in moved.items():
        if quantity:
            actions = [
                Attr("entity").set(PLANNED.entity),
                Attr("line_id").set(line_id),
                Attr("quantity").add(quantity),
                Attr("changes").add(1),
            ]
            yield Update(_planned_key(board, line_id), actions)


class DynamoShiftReports:
    """Reports of a shift from ``gsi1``."""

    def on(self, day: date) -> list[BoardKey]:
        """One Query of the shifts that factories work in, and one of the first report for each."""
        boards = [BoardKey(known.factory, day, known.shift) for known in FACTORY_SHIFTS.each(ALL_SHIFTS, index="gsi1")]
        return [board for board in boards if self._has_reports(board)]

    def _has_reports(self, board: BoardKey) -> bool:
        partition = shift_partition(board.factory, board.shift_on, board.shift)
        return bool(REPORTS.page(partition, index="gsi1", limit=1).items)

    def of_shift(self, factory: Factory, shift_on: date, shift: str) -> list[Report]:
        """One Query per page."""
        return list(REPORTS.each(shift_partition(factory, shift_on, shift), index="gsi1"))
