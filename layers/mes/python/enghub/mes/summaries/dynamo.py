"""Daily summaries in DynamoDB: a day is one partition, a row per line, product, employee, operation; read by Query.

pk T#<tenant>#F#<factory>#SUMMARY#<day>   sk <dimension>#<name>

A report adds to its rows in place, in one transaction with its mark; a row that is not there yet is made by that.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from pynamodb.expressions.condition import Condition

from enghub.core import inbox
from enghub.core.aggregates import Items
from enghub.core.codec import Key, Layout
from enghub.core.dynamo import Attr, key
from enghub.core.transactions import Update, absent, transact
from enghub.mes.boards.model import Counts
from enghub.mes.factories import Factory
from enghub.mes.reports.dynamo import ALL_SHIFTS, FACTORY_SHIFTS, REPORTS, order_partition, shift_partition
from enghub.mes.reports.model import Report
from enghub.mes.summaries.model import Day, Dimension, Made, Row, RowKey
from enghub.mes.summaries.repository import RowPage
from enghub.mes.work_orders.dynamo import WORK_ORDERS, order_key
from enghub.mes.work_orders.quantities import NOTHING, Progress

CONSUMER = "update_daily_summary"
ROWS = Items(Row, "SUMMARY_ROW", layout=Layout(flat=("counts",), names={"name": "row_name"}))
_COUNTS = tuple(Counts.__slots__)


class _Moved(Exception):
    """The row changed between reading and writing."""


def _partition(day: Day) -> str:
    factory = day.factory
    return key("T", factory.tenant_id, "F", factory.factory_id, "SUMMARY", day.day.isoformat())


def _row_key(day: Day, row: RowKey) -> Key:
    return _partition(day), key(row.dimension.value, row.name)


class DynamoSummaries:
    """The store."""

    def page(self, day: Day, dimension: Dimension, limit: int, cursor: str | None) -> RowPage:
        """One Query."""
        found = ROWS.page(_partition(day), prefix=f"{dimension.value}#", limit=limit, cursor=cursor)
        return RowPage(found.items, found.cursor)

    def rows(self, day: Day) -> dict[RowKey, Row]:
        """One Query per page."""
        return {row.key: row for row in ROWS.each(_partition(day))}

    def count(self, day: Day, made: Made, now: datetime) -> None:
        """One transaction of the mark and five rows."""
        counts = Counts.of_one(made.produced)
        mark = inbox.seen(CONSUMER, made.produced.report_id, day.factory.tenant_id, now)
        transact(mark, *(_add(day, row, counts, now) for row in made.rows()))

    def counted(self, factory: Factory, report_ids: Iterable[str]) -> set[str]:
        """One BatchGetItem per 100 reports."""
        return inbox.handled(CONSUMER, report_ids, factory.tenant_id)

    def correct(self, day: Day, seen: Row | None, right: Row) -> bool:
        """One conditional PutItem."""
        condition: Condition = absent()
        if seen is not None:
            condition = (Attr("updated_at") == seen.updated_at) & (Attr("reports") == seen.counts.reports)
        try:
            transact(ROWS.put(right, condition, _Moved, at=_row_key(day, right.key)))
        except _Moved:
            return False
        return True


def _add(day: Day, row: RowKey, counts: Counts, now: datetime) -> Update:
    named = {"entity": ROWS.entity, "dimension": row.dimension, "row_name": row.name, "updated_at": now}
    actions: list[Any] = [Attr(name).set(value) for name, value in named.items()]
    actions += [Attr(name).add(getattr(counts, name)) for name in _COUNTS]
    return Update(_row_key(day, row), actions)


class DynamoLedger:
    """Reports by day, from ``gsi1``; counters of orders against ``gsi2``."""

    def of_day(self, day: Day) -> list[Report]:
        """One Query of the factory's shifts, and one per shift and page."""
        prefix = key(day.factory.tenant_id, day.factory.factory_id) + "#"
        shifts = [known.shift for known in FACTORY_SHIFTS.each(ALL_SHIFTS, index="gsi1", prefix=prefix)]
        parts = (shift_partition(day.factory, day.day, shift) for shift in shifts)
        return [report for part in parts for report in REPORTS.each(part, index="gsi1")]

    def factories(self) -> list[Factory]:
        """One Query per page."""
        return list(dict.fromkeys(known.factory for known in FACTORY_SHIFTS.each(ALL_SHIFTS, index="gsi1")))

    def progress_differs(self, factory: Factory, work_order_id: str) -> dict[str, str]:
        """One Query per page of the order's reports, then one GetItem of the order; what moves meanwhile is right."""
        sums: dict[str, Progress] = {}
        count = 0
        for report in REPORTS.each(order_partition(factory, work_order_id), index="gsi2"):
            sums[report.operation] = sums.get(report.operation, NOTHING) + report.made
            count += 1
        order = WORK_ORDERS.get(order_key(factory, work_order_id))
        if order is None or order.reports != count:
            return {}
        names = sorted({*sums, *order.progress})
        pairs = [(name, order.books.of(name), sums.get(name, NOTHING)) for name in names]
        return {name: f"order {_said(kept)}, ledger {_said(right)}" for name, kept, right in pairs if kept != right}


def _said(made: Progress) -> str:
    return f"{made.good}/{made.scrap}/{made.rework}"
