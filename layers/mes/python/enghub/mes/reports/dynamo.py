"""Reports in DynamoDB: one BatchGetItem decides, one TransactWriteItems stores.

The client key is the report's own key, so a repeat finds the report itself, for ever. ``gsi1`` lists the reports of a
factory's shift, ``gsi2`` those of a work order.
"""

from datetime import date, datetime, timedelta

from pynamodb.attributes import JSONAttribute, UnicodeAttribute

from enghub.core import audit, clock
from enghub.core.audit import AuditEntry, Link
from enghub.core.dynamo import DecimalAttribute, InstantAttribute, RawItem, Record, key, read_many
from enghub.core.outbox import to_outbox
from enghub.core.transactions import Put, absent, transact
from enghub.mes.places import Place
from enghub.mes.reports.model import Anchor, Report, Spot, window_of
from enghub.mes.reports.repository import Entry, Overtaken, ReportPage, Seen
from enghub.mes.work_orders.dynamo import WORK_ORDERS, order_key, report_update

ANCHORS_KEPT = timedelta(days=7)
"""A report older than that opens its window anew."""


class ReportRecord(Record):
    """One stored report."""

    ENTITY = "REPORT"

    report_id = UnicodeAttribute()
    client_key = UnicodeAttribute()
    fingerprint = UnicodeAttribute()
    work_order_id = UnicodeAttribute()
    product_id = UnicodeAttribute()
    line_id = UnicodeAttribute()
    station_id = UnicodeAttribute()
    operation = UnicodeAttribute()
    shift_on = UnicodeAttribute()
    shift = UnicodeAttribute()
    good = DecimalAttribute()
    defect = DecimalAttribute()
    defect_types = JSONAttribute()
    produced_by = UnicodeAttribute()
    reported_at = InstantAttribute()
    recorded_at = InstantAttribute()
    standard_seconds = DecimalAttribute(null=True)
    run_seconds = DecimalAttribute(null=True)
    down_seconds = DecimalAttribute(null=True)
    conflicts_with = UnicodeAttribute(null=True)


class AnchorRecord(Record):
    """The first report of a station and operation in one window."""

    ENTITY = "REPORT_ANCHOR"

    report_id = UnicodeAttribute()
    reported_at = InstantAttribute()
    good = DecimalAttribute()
    defect = DecimalAttribute()


_SAME = (
    *("report_id", "client_key", "fingerprint", "work_order_id", "product_id", "line_id", "station_id", "operation"),
    *("shift", "good", "defect", "produced_by", "reported_at", "recorded_at"),
    *("standard_seconds", "run_seconds", "down_seconds", "conflicts_with"),
)


def report_key(place: Place, client_key: str) -> tuple[str, str]:
    """Return the key of the report a terminal sent under ``client_key``."""
    return key("T", place.tenant_id, "F", place.factory_id, "REPORT", client_key), "REPORT"


def shift_partition(place: Place, shift_on: date, shift: str) -> str:
    """Return the ``gsi1`` partition that lists the reports of one shift of the factory."""
    return key("T", place.tenant_id, "F", place.factory_id, "SHIFT", shift_on.isoformat(), shift)


def _order_partition(place: Place, work_order_id: str) -> str:
    return key("T", place.tenant_id, "F", place.factory_id, "REPORTS", work_order_id)


def _anchor_key(place: Place, spot: Spot, window: int) -> tuple[str, str]:
    where = ("ANCHOR", spot.station_id, spot.operation, window)
    return key("T", place.tenant_id, "F", place.factory_id, *where), "ANCHOR"


def to_report(place: Place, record: ReportRecord) -> Report:
    """Return the report stored as ``record``."""
    return Report(
        place=place,
        shift_on=date.fromisoformat(record.shift_on),
        defect_types=tuple(record.defect_types),
        **{name: getattr(record, name) for name in _SAME},
    )


def _record(report: Report) -> ReportRecord:
    pk, sk = report_key(report.place, report.client_key)
    when = key(clock.to_text(report.reported_at), report.report_id)
    return ReportRecord(
        pk=pk,
        sk=sk,
        gsi1pk=shift_partition(report.place, report.shift_on, report.shift),
        gsi1sk=when,
        gsi2pk=_order_partition(report.place, report.work_order_id),
        gsi2sk=when,
        shift_on=report.shift_on.isoformat(),
        defect_types=list(report.defect_types),
        **{name: getattr(report, name) for name in _SAME},
    )


def _anchor(report: Report) -> Put:
    window = window_of(report.reported_at)
    pk, sk = _anchor_key(report.place, Spot(report.station_id, report.operation), window)
    record = AnchorRecord(
        pk=pk,
        sk=sk,
        report_id=report.report_id,
        reported_at=report.reported_at,
        good=report.good,
        defect=report.defect,
        expires_at=int((report.recorded_at + ANCHORS_KEPT).timestamp()),
    )
    return Put(record, absent(), _overtaken)


def _audit(entry: Entry) -> Put:
    report = entry.report
    return audit.to_put(
        AuditEntry(
            origin=entry.origin,
            action="production.report",
            subject=f"report/{report.place.factory_id}/{report.report_id}",
            before=None,
            after={
                "work_order_id": report.work_order_id,
                "good": report.good,
                "defect": report.defect,
                "produced_by": report.produced_by,
                "reported_at": report.reported_at,
            },
            previous=Link(),
        )
    )


def _overtaken(_: RawItem | None) -> Exception:
    return Overtaken()


class DynamoReports:
    """The store."""

    def look(self, place: Place, client_key: str, work_order_id: str, spot: Spot, at: datetime) -> Seen:
        """One consistent BatchGetItem: order, report, and the anchors of three windows."""
        order_at, report_at = order_key(place, work_order_id), report_key(place, client_key)
        window = window_of(at)
        own, *neighbours = (_anchor_key(place, spot, window + step) for step in (0, -1, 1))
        found = read_many([order_at, report_at, own, *neighbours])
        order, stored = found.get(order_at), found.get(report_at)
        return Seen(
            work_order=WORK_ORDERS.value(order) if order else None,
            stored=to_report(place, ReportRecord.from_raw_data(stored)) if stored else None,
            anchors=tuple(_read_anchor(found[pair]) for pair in (own, *neighbours) if pair in found),
            has_anchor=own in found,
        )

    def add(self, entry: Entry) -> None:
        """One TransactWriteItems; the order is not locked by version, so reporters do not fail one another."""
        report = entry.report
        transact(
            Put(_record(report), absent(), _overtaken),
            report_update(report.place, report.work_order_id, report.good, report.defect, _overtaken),
            *([_anchor(report)] if entry.opens_window else []),
            _audit(entry),
            *(to_outbox(event, subject=report.work_order_id) for event in entry.events),
        )

    def of_work_order(self, place: Place, work_order_id: str, limit: int, cursor: str | None) -> ReportPage:
        """One Query of ``gsi2``; may lag behind the newest report by a moment."""
        page = ReportRecord.page(_order_partition(place, work_order_id), index="gsi2", limit=limit, cursor=cursor)
        return ReportPage(tuple(to_report(place, record) for record in page.items), page.cursor)


def _read_anchor(item: RawItem) -> Anchor:
    record = AnchorRecord.from_raw_data(item)
    return Anchor(record.report_id, record.reported_at, record.good, record.defect)
