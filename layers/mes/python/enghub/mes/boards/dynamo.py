"""Shift boards in DynamoDB.

A board is one partition: an item per line, an item per planned work order, and a head that lists the board by day in
``gsi1``. Reading it is one Query. Lines are counted up in place; the head is written once, so counting touches no
index.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition

from enghub.core import inbox
from enghub.core.dynamo import DecimalAttribute, InstantAttribute, RawItem, Record, key
from enghub.core.errors import Unavailable
from enghub.core.transactions import Put, Update, Write, absent, transact
from enghub.mes.boards.model import BoardKey, Counts, LineTotals, Plan, Produced
from enghub.mes.boards.repository import Stored
from enghub.mes.places import Place
from enghub.mes.reports.dynamo import ReportRecord, shift_partition, to_report
from enghub.mes.reports.model import Report

CONSUMER = "update_shift_board"
ATTEMPTS = 10
HEAD, LINE, PLAN = "BOARD", "BOARD_LINE", "BOARD_PLAN"


class BoardRecord(Record):
    """One item of a board: its head, a line or a plan, as ``entity`` says."""

    ENTITY = HEAD

    tenant_id = UnicodeAttribute(null=True)
    factory_id = UnicodeAttribute(null=True)
    shift_on = UnicodeAttribute(null=True)
    shift = UnicodeAttribute(null=True)
    line_id = UnicodeAttribute(null=True)
    good = DecimalAttribute(null=True)
    defect = DecimalAttribute(null=True)
    reports = NumberAttribute(null=True)
    conflicts = NumberAttribute(null=True)
    timed = NumberAttribute(null=True)
    run_seconds = DecimalAttribute(null=True)
    down_seconds = DecimalAttribute(null=True)
    paced = NumberAttribute(null=True)
    standard_seconds = DecimalAttribute(null=True)
    last_report_at = InstantAttribute(null=True)
    updated_at = InstantAttribute(null=True)
    open_alarms = NumberAttribute(null=True)
    work_order_id = UnicodeAttribute(null=True)
    quantity = DecimalAttribute(null=True)
    order_version = NumberAttribute(null=True)


_COUNTS = tuple(Counts.__slots__)
_WHOLE = {"reports", "conflicts", "timed", "paced"}


class _Moved(Exception):
    """The line changed between reading and writing."""


def _moved(_: RawItem | None) -> Exception:
    return _Moved()


def _partition(board: BoardKey) -> str:
    place = board.place
    return key("T", place.tenant_id, "F", place.factory_id, "BOARD", board.shift_on.isoformat(), board.shift)


def _day_partition(day: date) -> str:
    """Return the ``gsi1`` partition of a day's boards; it spans tenants, only system jobs read it."""
    return key("BOARDS", day.isoformat())


def _head(board: BoardKey) -> Put:
    place = board.place
    return Put(
        BoardRecord(
            pk=_partition(board),
            sk="HEAD",
            gsi1pk=_day_partition(board.shift_on),
            gsi1sk=key(place.tenant_id, place.factory_id, board.shift),
            tenant_id=place.tenant_id,
            factory_id=place.factory_id,
            shift_on=board.shift_on.isoformat(),
            shift=board.shift,
        )
    )


def _line_key(board: BoardKey, line_id: str) -> tuple[str, str]:
    return _partition(board), key("LINE", line_id)


def _line_record(board: BoardKey, line: LineTotals) -> BoardRecord:
    pk, sk = _line_key(board, line.line_id)
    return BoardRecord(
        pk=pk,
        sk=sk,
        entity=LINE,
        line_id=line.line_id,
        last_report_at=line.last_report_at,
        updated_at=line.updated_at,
        open_alarms=line.open_alarms,
        **{name: getattr(line.counts, name) for name in _COUNTS},
    )


def _line(record: BoardRecord) -> LineTotals:
    def number(name: str) -> Decimal | int:
        value = getattr(record, name)
        return int(value) if name in _WHOLE else value

    return LineTotals(
        line_id=record.line_id,
        counts=Counts(**{name: number(name) for name in _COUNTS}),  # type: ignore[arg-type]
        last_report_at=record.last_report_at,
        updated_at=record.updated_at,
        open_alarms=int(record.open_alarms),
    )


def _plan(record: BoardRecord) -> Plan:
    return Plan(record.work_order_id, record.line_id, record.quantity, int(record.order_version))


class DynamoBoards:
    """The store."""

    def read(self, board: BoardKey) -> Stored:
        """One Query; a second page only beyond 1 MB."""
        records = list(BoardRecord.items(_partition(board)))
        return Stored(
            lines=tuple(_line(record) for record in records if record.entity == LINE),
            plans=tuple(_plan(record) for record in records if record.entity == PLAN),
        )

    def count(self, board: BoardKey, produced: Produced, now: datetime) -> None:
        """One GetItem and one transaction of the mark and the line."""
        mark = inbox.seen(CONSUMER, produced.report_id, board.place.tenant_id, now)
        for _ in range(ATTEMPTS):
            stored = BoardRecord.read(*_line_key(board, produced.line_id))
            try:
                transact(mark, *_count_writes(board, stored, produced, now))
            except _Moved:
                continue
            return
        raise Unavailable

    def plan(self, board: BoardKey, plan: Plan) -> bool:
        """One transaction; the order's version decides, so events may come in any order and twice."""
        record = BoardRecord(
            pk=_partition(board),
            sk=key("PLAN", plan.work_order_id),
            entity=PLAN,
            line_id=plan.line_id,
            work_order_id=plan.work_order_id,
            quantity=plan.quantity,
            order_version=plan.version,
        )
        condition = absent() | (BoardRecord.order_version < plan.version)
        try:
            transact(Put(record, condition, _moved), _head(board))
        except _Moved:
            return False
        return True

    def counted(self, place: Place, report_ids: Iterable[str]) -> set[str]:
        """One BatchGetItem per 100 reports."""
        return inbox.handled(CONSUMER, report_ids, place.tenant_id)

    def correct(self, board: BoardKey, seen: LineTotals | None, right: LineTotals) -> bool:
        """One transaction, refused when the line moved since it was seen."""
        condition: Condition = absent()
        if seen is not None:
            condition = (BoardRecord.updated_at == seen.updated_at) & (BoardRecord.reports == seen.counts.reports)
        try:
            transact(Put(_line_record(board, right), condition, _moved), _head(board))
        except _Moved:
            return False
        return True

    def on(self, day: date) -> list[BoardKey]:
        """One Query of ``gsi1`` per page."""
        return [
            BoardKey(Place(record.tenant_id, record.factory_id), date.fromisoformat(record.shift_on), record.shift)
            for record in BoardRecord.items(_day_partition(day), index="gsi1")
        ]


def _count_writes(board: BoardKey, stored: BoardRecord | None, produced: Produced, now: datetime) -> Sequence[Write]:
    counts = Counts.of_one(produced)
    if stored is None:
        first = LineTotals(produced.line_id, counts, produced.recorded_at, now)
        return [Put(_line_record(board, first), absent(), _moved), _head(board)]
    actions: list[Any] = [BoardRecord.updated_at.set(now)]
    actions += [getattr(BoardRecord, name).add(getattr(counts, name)) for name in _COUNTS]
    condition: Condition = BoardRecord.pk.exists()
    if produced.recorded_at > stored.last_report_at:
        actions.append(BoardRecord.last_report_at.set(produced.recorded_at))
        condition &= BoardRecord.last_report_at < produced.recorded_at
    pk, sk = _line_key(board, produced.line_id)
    return [Update(BoardRecord(pk=pk, sk=sk), actions, condition, _moved)]


class DynamoShiftReports:
    """Reports of a shift from ``gsi1``."""

    def of_shift(self, place: Place, shift_on: date, shift: str) -> list[Report]:
        """One Query per page."""
        records = ReportRecord.items(shift_partition(place, shift_on, shift), index="gsi1")
        return [to_report(place, record) for record in records]
