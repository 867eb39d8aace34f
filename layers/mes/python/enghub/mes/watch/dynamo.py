"""What is watched, in DynamoDB: orders by status, the factory rows of days, a tally per factory."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from enghub.core import inbox, outbox
from enghub.core.aggregates import Items
from enghub.core.codec import Key, Layout
from enghub.core.dynamo import Attr, key
from enghub.core.identity import Origin
from enghub.core.marks import AlreadyHandled
from enghub.core.notices import NoticeRequested
from enghub.core.transactions import absent, transact
from enghub.mes.factories import Factory
from enghub.mes.plant.dynamo import plants
from enghub.mes.plant.model import ReportingRules
from enghub.mes.plant.service import PLANT
from enghub.mes.summaries.dynamo import ROWS, DynamoLedger
from enghub.mes.summaries.model import Dimension
from enghub.mes.watch.model import Tally
from enghub.mes.work_orders.dynamo import DynamoWorkOrders
from enghub.mes.work_orders.model import Status, WorkOrder
from enghub.mes.work_orders.repository import ByStatus

CONSUMER = "watch_floor"
PAGE = 100
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
        kept = plants().get(factory, PLANT)
        return ReportingRules() if kept is None or kept.value.is_deleted else kept.value.reporting

    def in_production(self, factory: Factory) -> Iterator[WorkOrder]:
        """One Query and one BatchGetItem per page."""
        cursor: str | None = None
        while True:
            found = DynamoWorkOrders().find(factory, ByStatus(Status.IN_PROGRESS), PAGE, cursor)
            yield from found.work_orders
            cursor = found.cursor
            if cursor is None:
                return

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
