"""Use cases of engineering changes: receive, process, park, try again, read."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from enghub.core import ids
from enghub.core.claims import Claim
from enghub.core.clock import Clock
from enghub.core.commits import Command, Commit, Kept
from enghub.core.errors import VersionConflict
from enghub.core.identity import Origin
from enghub.plm import published
from enghub.plm.changes.errors import ChangeOrderNotFound, UnknownChangeType
from enghub.plm.changes.model import ChangeOrder, ChangePoint, Notification, Processing
from enghub.plm.changes.repository import ChangeOrders, Found

PROCESSOR = "system:process-change"
QUEUE = "process_change"


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
        if self.orders.receive(Commit(origin, "received", order, commands=(_to_process(order),))):
            return True
        known = self.orders.get(origin.tenant_id, notification.ecn_number)
        if known is not None and known.value.waits_too_long(origin.at):
            self.orders.command(known.value, _to_process(known.value), origin)
        return False

    def process(self, tenant_id: str, ecn_number: str, request_id: str) -> ChangeOrder:
        """Make a received order's change point, or park the order with the reason (PLM-08).

        Safe to repeat and to run twice at once: whoever comes second finds the work done.

        Raises:
            ChangeOrderNotFound: there is no such order.
            VersionConflict: the order changed meanwhile and still waits; try again.
        """
        kept = self._kept(tenant_id, ecn_number)
        if kept.value.processing is not Processing.RECEIVED:
            return kept.value
        origin = Origin(tenant_id, kept.value.factory_id, PROCESSOR, self.clock(), request_id)
        try:
            return self._process(kept, origin)
        except VersionConflict:
            current = self.get(tenant_id, ecn_number)
            if current.processing is Processing.RECEIVED:
                raise
            return current

    def _process(self, before: Kept[ChangeOrder], origin: Origin) -> ChangeOrder:
        try:
            processed, point = before.value.become_change_point(origin.at)
        except UnknownChangeType as error:
            parked = before.value.park(error.message("en"), origin.at)
            event = _parked(parked).envelope(origin)
            self.orders.save(Commit(origin, "parked", parked, before, (event,), reason=parked.failure or ""))
            return parked
        event = _created(processed, point).envelope(origin)
        self.orders.save(Commit(origin, "processed", processed, before, (event,)), point)
        return processed

    def retry(
        self, ecn_number: str, ecn_type: str | None, reason: str, origin: Origin, claim: Claim | None
    ) -> ChangeOrder:
        """Send a parked order, or one whose command got lost, into processing again, with a corrected type if given.

        Raises:
            ChangeOrderNotFound, ChangeOrderNotParked, UnknownChangeType, VersionConflict.
        """
        before = self._kept(origin.tenant_id, ecn_number)
        waiting = before.value.retry(ecn_type)
        commands = (_to_process(waiting),)
        self.orders.save(Commit(origin, "retried", waiting, before, commands=commands, reason=reason, claim=claim))
        return waiting

    def get(self, tenant_id: str, ecn_number: str) -> ChangeOrder:
        """Return an order.

        Raises:
            ChangeOrderNotFound: the tenant has none of this number.
        """
        return self._kept(tenant_id, ecn_number).value

    def _kept(self, tenant_id: str, ecn_number: str) -> Kept[ChangeOrder]:
        kept = self.orders.get(tenant_id, ecn_number)
        if kept is None:
            raise ChangeOrderNotFound(ecn_number=ecn_number)
        return kept

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


def _to_process(order: ChangeOrder) -> Command:
    return Command(QUEUE, {"ecn_number": order.ecn_number})


def _created(order: ChangeOrder, point: ChangePoint) -> published.ChangePointCreated:
    return published.ChangePointCreated(
        change_point_id=point.change_point_id,
        ecn_number=order.ecn_number,
        type=point.type.value,
        category=point.category.value,
        title=point.title,
        affected_products=point.affected_products,
        effective_date=point.effective_date,
        effective_batch=order.notification.effective_batch,
    )


def _parked(order: ChangeOrder) -> published.ChangeOrderParked:
    told = order.notification
    return published.ChangeOrderParked(
        ecn_number=told.ecn_number, ecn_type=told.ecn_type, title=told.title, reason=order.failure or ""
    )
