"""What people do with work orders (MES-01)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from enghub.core import ids
from enghub.core.claims import Claim
from enghub.core.commits import Commit, Kept, Trace
from enghub.core.errors import Unavailable, VersionConflict
from enghub.core.events import Envelope
from enghub.core.identity import Origin
from enghub.mes import published
from enghub.mes.factories import Factory
from enghub.mes.work_orders.errors import WorkOrderExists, WorkOrderNotFound
from enghub.mes.work_orders.model import Step, WorkOrder
from enghub.mes.work_orders.repository import Found, ProgressMoved, Selection, WorkOrderRepository

ATTEMPTS = 20
"""Completing an order that is being reported on reads again when a report came between, so many times."""

_EVENTS: Mapping[Step, type[published.WorkOrderState]] = {
    Step.RELEASE: published.WorkOrderReleased,
    Step.START: published.WorkOrderStarted,
    Step.PAUSE: published.WorkOrderPaused,
    Step.RESUME: published.WorkOrderResumed,
    Step.COMPLETE: published.WorkOrderCompleted,
    Step.CLOSE: published.WorkOrderClosed,
    Step.CANCEL: published.WorkOrderCancelled,
}


@dataclass(frozen=True, slots=True)
class CreateWorkOrder:
    """Plan a work order; ``planned`` are fields of WorkOrder. Without a number it gets one."""

    origin: Origin
    work_order_id: str | None
    planned: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class EditWorkOrder:
    """Change planned fields of the version that the caller saw."""

    origin: Origin
    work_order_id: str
    version: int
    changes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TakeStep:
    """Take a step with the version that the caller saw; ``reason`` goes into the audit entry."""

    origin: Origin
    work_order_id: str
    version: int
    step: Step
    reason: str = ""


class WorkOrders:
    """The use cases; every change is stored with its audit entry and its event.

    ``claim`` is the request's claim on its Idempotency-Key. Without one, the same change of the same person, sent again
    because its answer was lost, gets the order as it is since then: the audit knows who made the last change.
    """

    def __init__(self, repository: WorkOrderRepository, claim: Claim | None = None) -> None:
        self._repository = repository
        self._claim = claim

    def create(self, command: CreateWorkOrder) -> WorkOrder:
        """Store a new work order, status CREATED.

        Raises:
            WorkOrderExists: the number is taken.
        """
        origin = command.origin
        order = WorkOrder(
            factory=Factory.of(origin),
            work_order_id=command.work_order_id or f"WO-{origin.at:%Y%m%d}-{ids.new_id(origin.at)[-10:]}",
            created_at=origin.at,
            **command.planned,
        )
        try:
            self._commit(origin, published.WorkOrderCreated, order)
        except WorkOrderExists:
            stored = self._kept(order.factory, order.work_order_id)
            same = replace(stored.value, created_at=order.created_at) == order
            if not same or not self._is_own(origin, stored, published.WorkOrderCreated):
                raise
            return stored.value
        return order

    def edit(self, command: EditWorkOrder) -> WorkOrder:
        """Change planned fields.

        Raises:
            WorkOrderNotFound, VersionConflict, NotEditable
        """
        origin = command.origin
        before = self._kept(Factory.of(origin), command.work_order_id)
        if self._is_repeat(origin, before, command.version, published.WorkOrderChanged):
            made = before.value
            if all(getattr(made, name) == value for name, value in command.changes.items()):
                return made
        _check_version(before, command.version)
        after = before.value.edit(command.changes)
        self._commit(origin, published.WorkOrderChanged, after, before)
        return after

    def take(self, command: TakeStep) -> WorkOrder:
        """Take a step of the state machine.

        Raises:
            WorkOrderNotFound, VersionConflict, and what the step's method of WorkOrder raises.
            Unavailable: reports kept coming between reading and writing.
        """
        origin = command.origin
        for _ in range(ATTEMPTS):
            before = self._kept(Factory.of(origin), command.work_order_id)
            if self._is_repeat(origin, before, command.version, _EVENTS[command.step]):
                return before.value
            _check_version(before, command.version)
            after = before.value.take(command.step, origin.at)
            try:
                self._commit(origin, _EVENTS[command.step], after, before, command.reason)
            except ProgressMoved:
                continue
            return after
        raise Unavailable

    def get(self, factory: Factory, work_order_id: str) -> WorkOrder:
        """Return one order.

        Raises:
            WorkOrderNotFound: this factory has none of that number.
        """
        return self._kept(factory, work_order_id).value

    def find(self, factory: Factory, selection: Selection, limit: int, cursor: str | None) -> Found:
        """Return one page of a list."""
        return self._repository.find(factory, selection, limit, cursor)

    def _kept(self, factory: Factory, work_order_id: str) -> Kept[WorkOrder]:
        kept = self._repository.get(factory, work_order_id)
        if kept is None:
            raise WorkOrderNotFound(work_order_id=work_order_id)
        return kept

    def _is_repeat(
        self, origin: Origin, kept: Kept[WorkOrder], version: int, kind: type[published.WorkOrderState]
    ) -> bool:
        """Tell whether the change from ``version`` was made already, by this person."""
        return kept.revision == version + 1 and self._is_own(origin, kept, kind)

    def _is_own(self, origin: Origin, kept: Kept[WorkOrder], kind: type[published.WorkOrderState]) -> bool:
        return self._repository.trace(kept) == Trace(origin.user_id, f"work_order.{_verb(kind)}")

    def _commit(
        self,
        origin: Origin,
        kind: type[published.WorkOrderState],
        after: WorkOrder,
        before: Kept[WorkOrder] | None = None,
        reason: str = "",
    ) -> None:
        event = _event(origin, kind, after)
        self._repository.save(Commit(origin, _verb(kind), after, before, (event,), reason=reason, claim=self._claim))


def _check_version(kept: Kept[WorkOrder], version: int) -> None:
    if kept.revision != version:
        raise VersionConflict(expected=version, actual=kept.revision)


def _verb(kind: type[published.WorkOrderState]) -> str:
    """Return the audit's word for a change: that of its event."""
    return kind.__name__.removeprefix("WorkOrder").lower()


def _event(origin: Origin, kind: type[published.WorkOrderState], order: WorkOrder) -> Envelope:
    state = kind(
        work_order_id=order.work_order_id,
        work_order_version=order.version,
        status=order.status.value,
        product_id=order.product_id,
        sales_order_id=order.sales_order_id,
        routing_id=order.routing_id,
        station_id=order.station_id,
        line_id=order.line_id,
        planned_qty=order.planned_quantity,
        good_qty=order.good,
        defect_qty=order.defect,
        due_date=order.due_on,
        shift_date=order.shift_on,
        shift=order.shift,
        standard_seconds=order.standard_seconds,
    )
    return state.envelope(origin)
