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
from enghub.core.notices import NoticeRequested, Severity
from enghub.plm import published
from enghub.plm.changes.errors import ChangeOrderNotFound, RevisionNotParked, UnknownChangeType
from enghub.plm.changes.model import ChangeCategory, ChangeOrder, ChangePoint, Notification, Processing
from enghub.plm.changes.repository import ChangeOrders, Found, FoundRevisions
from enghub.plm.changes.revisions import Reception, Revision, Standing, is_newer, revision_id

PROCESSOR = "system:process-change"
QUEUE = "process_change"


@dataclass(frozen=True, slots=True)
class Changes:
    """The engineering changes of all tenants."""

    orders: ChangeOrders
    clock: Clock
    new_id: Callable[[datetime], str] = ids.new_id

    def receive(self, notification: Notification, connection: str, origin: Origin) -> Reception:
        """Accept a notification for later processing; the same content again has no second effect (PLM-06).

        Other content under a known number is a revision (C20): a newer one is processed, an older one kept, one that
        nothing tells apart parked. What waits for longer than processing takes is commanded again: its first command
        may have failed for good.

        Raises:
            VersionConflict: the order changed at this moment; a repeat is safe.
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
            return Reception.ACCEPTED
        known = self._kept(origin.tenant_id, notification.ecn_number)
        if known.value.notification != notification:
            return self._revise(known, notification, order.receipt_id, origin)
        if known.value.waits_too_long(origin.at):
            self.orders.command(known.value, _to_process(known.value), origin)
        return Reception.ALREADY

    def _revise(
        self, known: Kept[ChangeOrder], notification: Notification, receipt_id: str, origin: Origin
    ) -> Reception:
        order, identifier = known.value, revision_id(notification)
        if self.orders.revision(order.tenant_id, order.ecn_number, identifier) is not None:
            return Reception.ALREADY
        newer = is_newer(notification, order.notification)
        if newer:
            self._put_in_force(known, notification, receipt_id, origin)
            return Reception.ACCEPTED
        standing = Standing.PARKED if newer is None else Standing.SUPERSEDED
        events = (_undecided(order, notification).envelope(origin),) if newer is None else ()
        self.orders.keep(order, Revision(identifier, notification, origin.at, standing), events)
        return Reception.PARKED if newer is None else Reception.SUPERSEDED

    def _put_in_force(
        self,
        known: Kept[ChangeOrder],
        notification: Notification,
        receipt_id: str,
        origin: Origin,
        reason: str = "",
    ) -> ChangeOrder:
        before = known.value
        superseded = Revision(
            revision_id(before.notification), before.notification, before.received_at, Standing.SUPERSEDED
        )
        revised = before.revised(notification, receipt_id, origin.at)
        commit = Commit(origin, "revised", revised, known, commands=(_to_process(revised),), reason=reason)
        self.orders.revise(commit, superseded)
        return revised

    def adopt(self, ecn_number: str, identifier: str, reason: str, origin: Origin) -> ChangeOrder:
        """Put a parked revision in force: a person decided that it is the newer one; adopted again, it stays.

        Raises:
            ChangeOrderNotFound, RevisionNotParked, VersionConflict
        """
        known = self._kept(origin.tenant_id, ecn_number)
        if revision_id(known.value.notification) == identifier:
            return known.value
        found = self.orders.revision(origin.tenant_id, ecn_number, identifier)
        if found is None or found.standing is not Standing.PARKED:
            raise RevisionNotParked(ecn_number=ecn_number, revision_id=identifier)
        return self._put_in_force(known, found.notification, self.new_id(origin.at), origin, reason)

    def revisions(self, tenant_id: str, ecn_number: str, limit: int, cursor: str | None) -> FoundRevisions:
        """Return a page of the kept revisions of an order; raises as ``get``."""
        self.get(tenant_id, ecn_number)
        return self.orders.revisions(tenant_id, ecn_number, limit, cursor)

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
        told = published.ChangePointCancelled(
            change_point_id=point.change_point_id, ecn_number=point.ecn_number, revision=point.revision
        )
        event = (told if point.is_cancelled else _created(processed, point)).envelope(origin)
        notice = _notice(point).envelope(origin)
        self.orders.save(Commit(origin, "processed", processed, before, (event, notice)), point)
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


def _notice(point: ChangePoint) -> NoticeRequested:
    """Who hears is a rule of the tenant; quality and planning hear in any case (PLM-11)."""
    grave = point.category in {ChangeCategory.CRITICAL, ChangeCategory.MAJOR}
    return NoticeRequested(
        notice_type="plm.change_cancelled" if point.is_cancelled else "plm.change_point_created",
        severity=Severity.WARNING if grave else Severity.INFO,
        subject=f"change_point/{point.change_point_id}",
        facts={
            "ecnNumber": point.ecn_number,
            "title": point.title,
            "type": point.type.value,
            "category": point.category.value,
            "affectedProducts": ", ".join(point.affected_products[:20]),
            "inForceFrom": point.in_force_from.isoformat() if point.in_force_from else "",
        },
        roles=("QUALITY_ENGINEER", "PLANNER"),
        dedupe_key=f"{point.change_point_id}/{point.revision}/{point.created_at.isoformat()}",
    )


def _undecided(order: ChangeOrder, notification: Notification) -> published.ChangeOrderParked:
    reason = "other content under a known number, with no revision or issue time that tells which is newer"
    return published.ChangeOrderParked(
        ecn_number=order.ecn_number, ecn_type=notification.ecn_type, title=notification.title, reason=reason
    )


def _parked(order: ChangeOrder) -> published.ChangeOrderParked:
    told = order.notification
    return published.ChangeOrderParked(
        ecn_number=told.ecn_number, ecn_type=told.ecn_type, title=told.title, reason=order.failure or ""
    )
