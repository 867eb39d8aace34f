"""Use cases of engineering changes: receive, process, park, try again, read."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from enghub.core import ids
from enghub.core.clock import Clock
from enghub.core.errors import VersionConflict
from enghub.core.idempotency import Once
from enghub.core.identity import Origin
from enghub.plm.changes.errors import ChangeOrderNotFound, UnknownChangeType
from enghub.plm.changes.model import ChangeOrder, ChangePoint, Notification, Processing
from enghub.plm.changes.repository import ChangeOrders, Found

PROCESSOR = "system:process-change"


@dataclass(frozen=True, slots=True)
class Changes:
    """The engineering changes of all tenants."""

    orders: ChangeOrders
    clock: Clock
    new_id: Callable[[datetime], str] = ids.new_id

    def receive(self, notification: Notification, connection: str, origin: Origin) -> bool:
        """Accept a notification for later processing; False when its ECN number was received before (PLM-06).

        One that waits for longer than processing takes is commanded again: its first command may have failed for good.
        """
        order = ChangeOrder(
            tenant_id=origin.tenant_id,
            factory_id=origin.factory_id,
            connection=connection,
            receipt_id=self.new_id(origin.at),
            notification=notification,
            received_at=origin.at,
        )
        if self.orders.receive(order, origin):
            return True
        known = self.orders.get(origin.tenant_id, notification.ecn_number)
        if known is not None and known.waits_too_long(origin.at):
            self.orders.command(known, origin)
        return False

    def process(self, tenant_id: str, ecn_number: str, request_id: str) -> ChangeOrder:
        """Make a received order's change point, or park the order with the reason (PLM-08).

        Safe to repeat and to run twice at once: whoever comes second finds the work done.

        Raises:
            ChangeOrderNotFound: there is no such order.
            VersionConflict: the order changed meanwhile and still waits; try again.
        """
        order = self.get(tenant_id, ecn_number)
        if order.processing is not Processing.RECEIVED:
            return order
        now = self.clock()
        origin = Origin(tenant_id, order.factory_id, PROCESSOR, now, request_id)
        try:
            return self._process(order, origin)
        except VersionConflict:
            current = self.get(tenant_id, ecn_number)
            if current.processing is Processing.RECEIVED:
                raise
            return current

    def _process(self, order: ChangeOrder, origin: Origin) -> ChangeOrder:
        try:
            processed, point = order.become_change_point(origin.at)
        except UnknownChangeType as error:
            parked = order.park(error.message("en"), origin.at)
            self.orders.parked(order, parked, origin)
            return parked
        self.orders.processed(order, processed, point, origin)
        return processed

    def retry(
        self, ecn_number: str, ecn_type: str | None, reason: str, origin: Origin, once: Once | None
    ) -> ChangeOrder:
        """Send a parked order, or one whose command got lost, into processing again, with a corrected type if given.

        Raises:
            ChangeOrderNotFound, ChangeOrderNotParked, UnknownChangeType, VersionConflict.
        """
        order = self.get(origin.tenant_id, ecn_number)
        waiting = order.retry(ecn_type)
        self.orders.retried(order, waiting, reason, origin, once)
        return waiting

    def get(self, tenant_id: str, ecn_number: str) -> ChangeOrder:
        """Return an order.

        Raises:
            ChangeOrderNotFound: the tenant has none of this number.
        """
        order = self.orders.get(tenant_id, ecn_number)
        if order is None:
            raise ChangeOrderNotFound(ecn_number=ecn_number)
        return order

    def detail(self, tenant_id: str, ecn_number: str) -> tuple[ChangeOrder, ChangePoint | None]:
        """Return an order and its change point, once there is one; raises as ``get``."""
        order = self.get(tenant_id, ecn_number)
        point = self.orders.point(tenant_id, order.change_point_id) if order.change_point_id else None
        return order, point

    def by_processing(self, tenant_id: str, processing: Processing, limit: int, cursor: str | None) -> Found:
        """Return a page of orders in one processing status, newest first."""
        return self.orders.by_processing(tenant_id, processing, limit, cursor)

    def by_effective_date(self, tenant_id: str, first: date, last: date, limit: int, cursor: str | None) -> Found:
        """Return a page of orders effective from ``first`` to ``last``, earliest first."""
        return self.orders.by_effective_date(tenant_id, first, last, limit, cursor)
