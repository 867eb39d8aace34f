"""Reports in DynamoDB: one BatchGetItem decides, one TransactWriteItems stores.

The client key is the report's own key, so a repeat finds the report itself, for ever. ``gsi1`` lists the reports of a
factory's shift, ``gsi2`` those of a work order.
"""

from datetime import date, datetime, timedelta

from enghub.core import clock
from enghub.core.aggregates import Aggregate, Items
from enghub.core.codec import Key, Layout
from enghub.core.commits import Commit
from enghub.core.dynamo import key, read_many
from enghub.core.transactions import PutItem, absent
from enghub.mes.factories import Factory
from enghub.mes.reports.model import FactoryShift, FirstReport, Report, StationOperation, window_of
from enghub.mes.reports.repository import ConcurrentChange, Lookup, ReportPage
from enghub.mes.work_orders.dynamo import WORK_ORDERS, factory_of_key, order_key, report_update

FIRST_REPORTS_KEPT = timedelta(days=7)
"""A report older than that opens its window anew."""


def report_key(factory: Factory, client_key: str) -> Key:
    """Return the key of the report a terminal sent under ``client_key``."""
    return key("T", factory.tenant_id, "F", factory.factory_id, "REPORT", client_key), "REPORT"


def shift_partition(factory: Factory, shift_on: date, shift: str) -> str:
    """Return the ``gsi1`` partition that lists the reports of one shift of the factory."""
    return key("T", factory.tenant_id, "F", factory.factory_id, "SHIFT", shift_on.isoformat(), shift)


def _order_partition(factory: Factory, work_order_id: str) -> str:
    return key("T", factory.tenant_id, "F", factory.factory_id, "REPORTS", work_order_id)


def _first_key(factory: Factory, station_operation: StationOperation, window: int) -> Key:
    where = ("ANCHOR", station_operation.station_id, station_operation.operation, window)
    return key("T", factory.tenant_id, "F", factory.factory_id, *where), "ANCHOR"


def _lists(report: Report) -> dict[str, str]:
    when = key(clock.to_text(report.reported_at), report.report_id)
    return {
        "gsi1pk": shift_partition(report.factory, report.shift_on, report.shift),
        "gsi1sk": when,
        "gsi2pk": _order_partition(report.factory, report.work_order_id),
        "gsi2sk": when,
    }


REPORTS = Aggregate(
    Report,
    "REPORT",
    key=lambda report: report_key(report.factory, report.client_key),
    layout=Layout(given=("factory",), of_key=factory_of_key),
    more=_lists,
    name="report",
    identity=lambda report: report.report_id,
    factory=lambda report: report.factory.factory_id,
    shows=("work_order_id", "good", "defect", "produced_by", "reported_at"),
    revision=None,
    exists=lambda _: ConcurrentChange(),
    ordered_by=lambda report: report.work_order_id,
)
ALL_SHIFTS = key("FACTORY-SHIFTS")
"""The ``gsi1`` partition of the shifts of all factories; it spans tenants, only system jobs read it."""
FACTORY_SHIFTS = Items(
    FactoryShift,
    "FACTORY_SHIFT",
    key=lambda known: (
        key("T", known.factory.tenant_id, "F", known.factory.factory_id, "SHIFTS", known.shift),
        "SHIFT",
    ),
    layout=Layout(flat=("factory",)),
    more=lambda known: {
        "gsi1pk": ALL_SHIFTS,
        "gsi1sk": key(known.factory.tenant_id, known.factory.factory_id, known.shift),
    },
)
FIRST_REPORTS = Items(FirstReport, "REPORT_ANCHOR")


class DynamoReports:
    """The store."""

    def look(
        self,
        shift: FactoryShift,
        client_key: str,
        work_order_id: str,
        station_operation: StationOperation,
        at: datetime,
    ) -> Lookup:
        """One consistent BatchGetItem: order, report, the first reports of three windows, the factory's shift."""
        factory, shift_at = shift.factory, FACTORY_SHIFTS.key_of(shift)
        order_at, report_at = order_key(factory, work_order_id), report_key(factory, client_key)
        window = window_of(at)
        own, *neighbours = (_first_key(factory, station_operation, window + step) for step in (0, -1, 1))
        found = read_many([order_at, report_at, own, *neighbours, shift_at])
        order, stored = found.get(order_at), found.get(report_at)
        return Lookup(
            work_order=WORK_ORDERS.value(order) if order else None,
            stored=REPORTS.value(stored) if stored else None,
            first_reports=tuple(FIRST_REPORTS.value(found[pair]) for pair in (own, *neighbours) if pair in found),
            has_first=own in found,
            knows_shift=shift_at in found,
        )

    def get(self, factory: Factory, client_key: str) -> Report | None:
        """One consistent GetItem."""
        return REPORTS.get(report_key(factory, client_key))

    def save(self, commit: Commit[Report], *, opens_window: bool, opens_shift: bool) -> None:
        """One TransactWriteItems; the order is not locked by version, so reporters do not fail one another."""
        report = commit.after
        count = report_update(
            report.factory, report.work_order_id, report.good, report.defect, lambda _: ConcurrentChange()
        )
        first = [_first_write(report)] if opens_window else []
        shift = [FACTORY_SHIFTS.put(FactoryShift(report.factory, report.shift))] if opens_shift else []
        REPORTS.save(commit, count, *first, *shift)

    def of_work_order(self, factory: Factory, work_order_id: str, limit: int, cursor: str | None) -> ReportPage:
        """One Query of ``gsi2``; may lag behind the newest report by a moment."""
        page = REPORTS.page(_order_partition(factory, work_order_id), index="gsi2", limit=limit, cursor=cursor)
        return ReportPage(page.items, page.cursor)


def _first_write(report: Report) -> PutItem:
    station_operation = StationOperation(report.station_id, report.operation)
    return FIRST_REPORTS.put(
        FirstReport(report.report_id, report.reported_at, report.good, report.defect),
        absent(),
        ConcurrentChange,
        at=_first_key(report.factory, station_operation, window_of(report.reported_at)),
        more={"expires_at": int((report.recorded_at + FIRST_REPORTS_KEPT).timestamp())},
    )
