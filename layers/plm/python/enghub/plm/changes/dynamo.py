"""Change orders and change points in DynamoDB.

Keys: order ``T#<tenant>#ECN#<number>`` / ``ORDER``, notices of it that are not in force beside it under
``REVISION#<id>``, change point ``T#<tenant>#CHANGE-POINT#<id>`` / ``POINT``. Index ``gsi1`` lists orders by processing
status and time received, ``gsi2`` by effective date.
"""

from datetime import date
from typing import Any

from enghub.core import clock
from enghub.core.aggregates import Aggregate, Items
from enghub.core.codec import Key, Layout
from enghub.core.commits import Command, Commit, Kept
from enghub.core.dynamo import Page, key
from enghub.core.events import Envelope
from enghub.core.identity import Origin
from enghub.core.outbox import to_command, to_outbox
from enghub.core.transactions import absent, transact
from enghub.plm.changes.model import ChangeOrder, ChangePoint, Processing
from enghub.plm.changes.repository import Found, FoundRevisions
from enghub.plm.changes.revisions import Revision


def _order_key(tenant_id: str, ecn_number: str) -> Key:
    return key("T", tenant_id, "ECN", ecn_number), "ORDER"


def _point_key(tenant_id: str, change_point_id: str) -> Key:
    return key("T", tenant_id, "CHANGE-POINT", change_point_id), "POINT"


def _lists(order: ChangeOrder) -> dict[str, str | None]:
    day = order.notification.effective_date
    return {
        "gsi1pk": key("T", order.tenant_id, "ECN-PROCESSING", order.processing.value),
        "gsi1sk": key(clock.to_text(order.received_at), order.ecn_number),
        "gsi2pk": key("T", order.tenant_id, "ECN-EFFECTIVE") if day else None,
        "gsi2sk": key(day.isoformat(), order.ecn_number) if day else None,
    }


def _shown(order: ChangeOrder) -> dict[str, Any]:
    return {
        "processing": order.processing,
        "ecn_type": order.notification.ecn_type,
        "change_point_id": order.change_point_id,
        "failure": order.failure,
    }


REVISIONS = Items(Revision, "CHANGE_REVISION")


def _revision_key(tenant_id: str, ecn_number: str, revision_id: str) -> Key:
    return key("T", tenant_id, "ECN", ecn_number), key("REVISION", revision_id)


class _Known(Exception):
    """The ECN number was received before."""


CHANGE_ORDERS = Aggregate(
    ChangeOrder,
    "CHANGE_ORDER",
    key=lambda order: _order_key(order.tenant_id, order.ecn_number),
    layout=Layout(flat=("notification",)),
    more=_lists,
    name="change_order",
    identity=lambda order: order.ecn_number,
    factory=lambda order: order.factory_id,
    shows=_shown,
    revision="version",
    exists=lambda _: _Known(),
)
CHANGE_POINTS = Items(ChangePoint, "CHANGE_POINT")


class DynamoChangeOrders:
    """The ChangeOrders of ``repository`` on the context's table."""

    def receive(self, commit: Commit[ChangeOrder]) -> bool:
        """See ChangeOrders. One TransactWriteItems: order, audit entry and command, or nothing."""
        order = commit.after
        try:
            CHANGE_ORDERS.save(commit)
        except _Known:
            # The answer to our own write may have got lost on the way: then the stored order is this delivery's.
            stored = self.get(order.tenant_id, order.ecn_number)
            return stored is not None and stored.value.receipt_id == order.receipt_id
        return True

    def revision(self, tenant_id: str, ecn_number: str, revision_id: str) -> Revision | None:
        """See ChangeOrders."""
        return REVISIONS.get(_revision_key(tenant_id, ecn_number, revision_id))

    def revisions(self, tenant_id: str, ecn_number: str, limit: int, cursor: str | None) -> FoundRevisions:
        """See ChangeOrders."""
        page = REVISIONS.page(key("T", tenant_id, "ECN", ecn_number), prefix="REVISION#", limit=limit, cursor=cursor)
        return FoundRevisions(page.items, page.cursor)

    def keep(self, order: ChangeOrder, revision: Revision, events: tuple[Envelope, ...]) -> None:
        """See ChangeOrders. One TransactWriteItems."""
        at = _revision_key(order.tenant_id, order.ecn_number, revision.revision_id)
        try:
            transact(
                REVISIONS.put(revision, absent(), _Known, at=at),
                *(to_outbox(event, subject=order.ecn_number) for event in events),
            )
        except _Known:
            return

    def revise(self, commit: Commit[ChangeOrder], superseded: Revision) -> None:
        """See ChangeOrders. One TransactWriteItems."""
        order = commit.after
        at = _revision_key(order.tenant_id, order.ecn_number, superseded.revision_id)
        CHANGE_ORDERS.save(commit, REVISIONS.put(superseded, at=at))

    def command(self, order: ChangeOrder, command: Command, origin: Origin) -> None:
        """See ChangeOrders."""
        transact(to_command(command.queue, command.payload, origin, subject=order.ecn_number))

    def get(self, tenant_id: str, ecn_number: str) -> Kept[ChangeOrder] | None:
        """See ChangeOrders."""
        return CHANGE_ORDERS.read(_order_key(tenant_id, ecn_number))

    def point(self, tenant_id: str, change_point_id: str) -> ChangePoint | None:
        """See ChangeOrders."""
        return CHANGE_POINTS.get(_point_key(tenant_id, change_point_id))

    def save(self, commit: Commit[ChangeOrder], point: ChangePoint | None = None) -> None:
        """See ChangeOrders. One TransactWriteItems."""
        tenant_id = commit.after.tenant_id
        points = [] if point is None else [(point, _point_key(tenant_id, point.change_point_id))]
        CHANGE_ORDERS.save(commit, *(CHANGE_POINTS.put(found, at=at) for found, at in points))

    def by_processing(self, tenant_id: str, processing: Processing, limit: int, cursor: str | None) -> Found:
        """See ChangeOrders."""
        pk = key("T", tenant_id, "ECN-PROCESSING", processing.value)
        return _found(CHANGE_ORDERS.page(pk, index="gsi1", limit=limit, cursor=cursor, newest_first=True))

    def by_effective_date(self, tenant_id: str, first: date, last: date, limit: int, cursor: str | None) -> Found:
        """See ChangeOrders."""
        pk = key("T", tenant_id, "ECN-EFFECTIVE")
        between = (first.isoformat(), key(last.isoformat(), "~"))
        return _found(CHANGE_ORDERS.page(pk, index="gsi2", between=between, limit=limit, cursor=cursor))


def _found(page: Page[ChangeOrder]) -> Found:
    return Found(page.items, page.cursor)
