"""Reports in DynamoDB: one BatchGetItem decides, one TransactWriteItems stores.

The client key is the report's own key, so a repeat finds the report itself, for ever. ``gsi1`` lists the reports of a
factory's shift, ``gsi2`` those of a work order.
"""

from datetime import date, datetime, timedelta

from enghub.core import audit, clock
from enghub.core.aggregates import Aggregate, Items
from enghub.core.codec import Key, Layout
from enghub.core.commits import Commit, subject
from enghub.core.dynamo import Attr, key, read_many
from enghub.core.transactions import Delete, PutItem, Update, Write, absent
from enghub.mes.factories import Factory
from enghub.mes.masters.dynamo import factory_of_key
from enghub.mes.plant.dynamo import STATIONS, plant_key, plant_of, station_key
from enghub.mes.reports.model import FactoryShift, FirstReport, Report, StationOperation, window_of
from enghub.mes.reports.repository import ConcurrentChange, Lookup, ReportPage, ReversalLookup
from enghub.mes.work_orders.dynamo import WORK_ORDERS, order_key, report_update
from enghub.mes.work_orders.model import WorkOrder

USUAL_SECONDS = 60
FIRST_REPORTS_KEPT = timedelta(days=7)
"""A report older than that opens its window anew."""


def report_key(factory: Factory, client_key: str) -> Key:
    """Return the key of the report a terminal sent under ``client_key``."""
    return key("T", factory.tenant_id, "F", factory.factory_id, "REPORT", client_key), "REPORT"


def shift_partition(factory: Factory, shift_on: date, shift: str) -> str:
    """Return the ``gsi1`` partition that lists the reports of one shift of the factory."""
    return key("T", factory.tenant_id, "F", factory.factory_id, "SHIFT", shift_on.isoformat(), shift)


def order_partition(factory: Factory, work_order_id: str) -> str:
    """Return the ``gsi2`` partition that lists the reports of an order."""
    return key("T", factory.tenant_id, "F", factory.factory_id, "REPORTS", work_order_id)


def _first_key(factory: Factory, station_operation: StationOperation, window: int, seconds: int) -> Key:
    length: list[str | int] = [] if seconds == USUAL_SECONDS else [seconds]
    where = ["ANCHOR", station_operation.station_id, station_operation.operation, *length, window]
    return key("T", factory.tenant_id, "F", factory.factory_id, *where), "ANCHOR"


def _lists(report: Report) -> dict[str, str]:
    when = key(clock.to_text(report.reported_at), report.report_id)
    return {
        "gsi1pk": shift_partition(report.factory, report.shift_on, report.shift),
        "gsi1sk": f"{key(report.station_id)}#{when}",
        "gsi2pk": order_partition(report.factory, report.work_order_id),
        "gsi2sk": when,
    }


def reversal_key(report_id: str) -> str:
    """Return the key of the one reversal a report may have; a blank, which no terminal's key holds, is in it."""
    return f"reversal {report_id}"


REPORTS = Aggregate(
    Report,
    "REPORT",
    key=lambda report: report_key(report.factory, report.client_key),
    layout=Layout(given=("factory",), of_key=factory_of_key),
    more=_lists,
    name="report",
    identity=lambda report: report.report_id,
    factory=lambda report: report.factory.factory_id,
    # The key under which a report is kept: by it a reversal finds the report it names.
    shows=("client_key", "work_order_id", "good", "defect", "rework", "produced_by", "reported_at", "reverses"),
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
        *,
        seconds: int = USUAL_SECONDS,
    ) -> Lookup:
        """One consistent BatchGetItem: order, report, first reports of three windows, shift, factory, station."""
        factory, shift_at = shift.factory, FACTORY_SHIFTS.key_of(shift)
        order_at, report_at = order_key(factory, work_order_id), report_key(factory, client_key)
        plant_at, station_at = plant_key(factory), station_key(factory, station_operation.station_id)
        window = window_of(at, seconds)
        windows = [_first_key(factory, station_operation, window + step, seconds) for step in (0, -1, 1)]
        found = read_many([order_at, report_at, *windows, shift_at, plant_at, station_at])
        order, stored, station = (found.get(pair) for pair in (order_at, report_at, station_at))
        return Lookup(
            work_order=WORK_ORDERS.value(order) if order else None,
            stored=REPORTS.value(stored) if stored else None,
            first_reports=tuple(FIRST_REPORTS.value(found[pair]) for pair in windows if pair in found),
            has_first=windows[0] in found,
            knows_shift=shift_at in found,
            plant=plant_of(found.get(plant_at)),
            station=STATIONS.value(station) if station else None,
        )

    def get(self, factory: Factory, client_key: str) -> Report | None:
        """One consistent GetItem."""
        return REPORTS.get(report_key(factory, client_key))

    def save(
        self,
        commit: Commit[Report],
        order: WorkOrder,
        *,
        opens_window: bool,
        opens_shift: bool,
        seconds: int = USUAL_SECONDS,
    ) -> None:
        """One TransactWriteItems; reporters do not lock one another out, only people's changes do."""
        report = commit.after
        count = report_update(order, report.operation, report.made, _changed)
        first = [_first_write(report, seconds)] if opens_window else []
        shift = [FACTORY_SHIFTS.put(FactoryShift(report.factory, report.shift))] if opens_shift else []
        REPORTS.save(commit, count, *first, *shift)

    def look_back(self, factory: Factory, report_id: str) -> ReversalLookup | None:
        """One GetItem of the report's audit entry, which has its key, one of the report, one BatchGetItem."""
        entry = audit.entry(factory.tenant_id, subject("report", factory.factory_id, report_id), 1)
        client_key = None if entry is None else (entry.after or {}).get("client_key")
        report = REPORTS.get(report_key(factory, client_key)) if client_key else None
        if report is None:
            return None
        order_at, reversal_at = order_key(factory, report.work_order_id), report_key(factory, reversal_key(report_id))
        found = read_many([order_at, reversal_at, plant_key(factory)])
        plant = plant_of(found.get(plant_key(factory)))
        seconds = plant.reporting.conflict_seconds if plant else USUAL_SECONDS
        window = window_of(report.reported_at, seconds)
        first = FIRST_REPORTS.get(_first_key(factory, _at(report), window, seconds))
        return ReversalLookup(
            report=report,
            reversal=REPORTS.value(found[reversal_at]) if reversal_at in found else None,
            work_order=WORK_ORDERS.value(found[order_at]) if order_at in found else None,
            plant=plant,
            opened_window=window if first is not None and first.report_id == report_id else None,
        )

    def reverse(self, commit: Commit[Report], seen: ReversalLookup) -> None:
        """One TransactWriteItems: reversal, order, the report's mark, and its window if it opened that."""
        reversal, report = commit.after, seen.report
        if seen.work_order is None:
            raise ConcurrentChange
        writes: list[Write] = [
            report_update(seen.work_order, report.operation, reversal.made, _changed),
            Update(
                report_key(report.factory, report.client_key),
                [Attr("reversed_by").set(reversal.report_id)],
                Attr("reversed_by").does_not_exist(),
                _changed,
            ),
        ]
        if seen.opened_window is not None:
            seconds = seen.plant.reporting.conflict_seconds if seen.plant else USUAL_SECONDS
            first = _first_key(report.factory, _at(report), seen.opened_window, seconds)
            writes.append(Delete(first, Attr("report_id") == report.report_id, _changed))
        REPORTS.save(commit, *writes)

    def of_work_order(self, factory: Factory, work_order_id: str, limit: int, cursor: str | None) -> ReportPage:
        """One Query of ``gsi2``; may lag behind the newest report by a moment."""
        page = REPORTS.page(order_partition(factory, work_order_id), index="gsi2", limit=limit, cursor=cursor)
        return ReportPage(page.items, page.cursor)

    def of_shift_day(
        self, factory: Factory, shift_on: date, shift: str, station_id: str | None, *, limit: int, cursor: str | None
    ) -> ReportPage:
        """One Query of ``gsi1``; may lag behind the newest report by a moment."""
        prefix = f"{key(station_id)}#" if station_id else None
        partition = shift_partition(factory, shift_on, shift)
        page = REPORTS.page(partition, index="gsi1", prefix=prefix, limit=limit, cursor=cursor)
        return ReportPage(page.items, page.cursor)


def _changed(_: object) -> Exception:
    return ConcurrentChange()


def _at(report: Report) -> StationOperation:
    return StationOperation(report.station_id, report.operation)


def _first_write(report: Report, seconds: int) -> PutItem:
    return FIRST_REPORTS.put(
        FirstReport(report.report_id, report.reported_at, report.good, report.defect),
        absent(),
        ConcurrentChange,
        at=_first_key(report.factory, _at(report), window_of(report.reported_at, seconds), seconds),
        more={"expires_at": int((report.recorded_at + FIRST_REPORTS_KEPT).timestamp())},
    )
