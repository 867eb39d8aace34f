"""What people do with work orders (MES-01)."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from enghub.core import ids
from enghub.core.claims import Claim
from enghub.core.commits import Commit, Kept, Trace
from enghub.core.errors import Unavailable, VersionConflict
from enghub.core.events import Envelope
from enghub.core.identity import Origin
from enghub.kit.rulings.model import DecidedBy
from enghub.mes import published
from enghub.mes.factories import Factory
from enghub.mes.routings.model import Routing
from enghub.mes.work_orders.errors import FractionalPlan, WorkOrderExists, WorkOrderNotFound
from enghub.mes.work_orders.model import Hold, Step, WorkOrder
from enghub.mes.work_orders.quantities import is_whole
from enghub.mes.work_orders.repository import Found, Gate, ProgressMoved, Selection, WorkOrderRepository

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
    """Plan a work order; ``planned`` are fields of WorkOrder. Without a number it gets one.

    ``asks_allowance``: nobody named an over-report allowance, so a rule may.
    """

    origin: Origin
    work_order_id: str | None
    planned: Mapping[str, Any]
    asks_allowance: bool = False


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


@dataclass(frozen=True, slots=True)
class HoldWorkOrder:
    """Put a hold on an order, or lift it; ``version`` is the one the caller saw, None for another system's hold."""

    origin: Origin
    work_order_id: str
    source: str
    reason: str
    version: int | None = None


Routings = Callable[[Factory, str], Kept[Routing] | None]
Handling = Callable[[WorkOrder, datetime], tuple[Decimal | None, DecidedBy] | None]
"""What a rule says of a new order's over-report allowance, and which; None where no rule says anything."""


def _no_routings(_: Factory, __: str) -> Kept[Routing] | None:
    return None


def _no_rules(_: WorkOrder, __: datetime) -> None:
    return None


class WorkOrders:
    """The use cases; every change is stored with its audit entry and its event.

    ``claim`` is the request's claim on its Idempotency-Key. Without one, the same change of the same person, sent again
    because its answer was lost, gets the order as it is since then: the audit knows who made the last change.
    """

    def __init__(
        self,
        repository: WorkOrderRepository,
        claim: Claim | None = None,
        routings: Routings = _no_routings,
        gate: Gate | None = None,
        handling: Handling = _no_rules,
    ) -> None:
        self._repository = repository
        self._handling = handling
        self._gate = gate
        self._claim = claim
        self._routings = routings

    def create(self, command: CreateWorkOrder) -> WorkOrder:
        """Store a new work order, status CREATED.

        Raises:
            WorkOrderExists: the number is taken.
            FractionalPlan: pieces are planned whole.
            And what the gate raises.
        """
        origin = command.origin
        order = WorkOrder(
            factory=Factory.of(origin),
            work_order_id=command.work_order_id or f"WO-{origin.at:%Y%m%d}-{ids.new_id(origin.at)[-10:]}",
            created_at=origin.at,
            **self._with_operations(Factory.of(origin), command.planned),
        )
        _check_plan(order)
        if command.asks_allowance:
            order = self._allowed(order, origin.at)
        if self._gate is not None:
            self._gate.may_create(origin, order if command.work_order_id else replace(order, work_order_id=""))
        try:
            self._commit(origin, published.WorkOrderCreated, order)
        except WorkOrderExists:
            stored = self._kept(order.factory, order.work_order_id)
            told: dict[str, Any] = {"created_at": order.created_at}
            if command.asks_allowance:  # another version of the rule may decide since then
                told |= {"over_report_allowance": order.over_report_allowance, "allowance_by": order.allowance_by}
            same = replace(stored.value, **told) == order
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
        after = before.value.edit(self._with_operations(Factory.of(origin), command.changes))
        _check_plan(after)
        self._commit(origin, published.WorkOrderChanged, after, before)
        return after

    def take(self, command: TakeStep) -> WorkOrder:
        """Take a step of the state machine.

        Raises:
            WorkOrderNotFound, VersionConflict, what the step's method of WorkOrder raises, and the gate of a release.
            Unavailable: reports kept coming between reading and writing.
        """
        origin = command.origin
        for _ in range(ATTEMPTS):
            before = self._kept(Factory.of(origin), command.work_order_id)
            if self._is_repeat(origin, before, command.version, _EVENTS[command.step]):
                return before.value
            _check_version(before, command.version)
            after = before.value.take(command.step, origin.at)
            if command.step is Step.RELEASE and self._gate is not None:
                self._gate.may_release(origin, before.value)
            try:
                self._commit(origin, _EVENTS[command.step], after, before, command.reason)
            except ProgressMoved:
                continue
            return after
        raise Unavailable

    def hold(self, command: HoldWorkOrder) -> WorkOrder:
        """Put a hold on an order.

        Raises:
            WorkOrderNotFound, VersionConflict, HeldAlready, TooManyHolds, StepNotAllowed
        """
        origin, kind = command.origin, published.WorkOrderHeld
        before = self._kept(Factory.of(origin), command.work_order_id)
        if command.version is not None:
            if self._is_repeat(origin, before, command.version, kind):
                return before.value
            _check_version(before, command.version)
        after = before.value.hold(command.source, command.reason, origin.user_id, origin.at)
        self._commit(origin, kind, after, before, command.reason, hold=after.holds[-1])
        return after

    def lift_hold(self, command: HoldWorkOrder) -> WorkOrder:
        """Lift a hold.

        Raises:
            WorkOrderNotFound, VersionConflict, NoSuchHold
        """
        origin, kind = command.origin, published.WorkOrderHoldLifted
        before = self._kept(Factory.of(origin), command.work_order_id)
        if command.version is not None:
            if self._is_repeat(origin, before, command.version, kind):
                return before.value
            _check_version(before, command.version)
        after = before.value.lift_hold(command.source)
        lifted = next(one for one in before.value.holds if one.source == command.source)
        self._commit(origin, kind, after, before, command.reason, hold=lifted)
        return after

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

    def _allowed(self, order: WorkOrder, at: datetime) -> WorkOrder:
        """Return the order with the allowance that a rule says, and which rule; a rule that fails is told."""
        said = self._handling(order, at)
        if said is None:
            return order
        allowance, by = said
        return replace(
            order,
            over_report_allowance=order.over_report_allowance if allowance is None else allowance,
            allowance_by=by,
        )

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
        *,
        hold: Hold | None = None,
    ) -> None:
        event = _event(origin, kind, after, hold)
        self._repository.save(Commit(origin, _verb(kind), after, before, (event,), reason=reason, claim=self._claim))

    def _with_operations(self, factory: Factory, planned: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what is planned with the operations of its routing, where the factory has described that."""
        if "routing_id" not in planned:
            return planned
        found = self._routings(factory, planned["routing_id"]) if planned["routing_id"] else None
        if found is None or found.value.is_deleted:
            return {**planned, "routing_version": None, "operations": (), "in_sequence": False}
        routing = found.value
        operations = {"operations": routing.operations, "in_sequence": routing.in_sequence}
        return {**planned, "routing_version": found.revision, **operations}


def _check_plan(order: WorkOrder) -> None:
    if not is_whole(order.planned_quantity, order.unit):
        raise FractionalPlan(field="plannedQuantity", unit=order.unit)


def _check_version(kept: Kept[WorkOrder], version: int) -> None:
    if kept.revision != version:
        raise VersionConflict(expected=version, actual=kept.revision)


def _verb(kind: type[published.WorkOrderState]) -> str:
    """Return the audit's word for a change: that of its event."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind.__name__.removeprefix("WorkOrder")).lower()


def _event(
    origin: Origin, kind: type[published.WorkOrderState], order: WorkOrder, hold: Hold | None = None
) -> Envelope:
    state = kind.model_validate(
        {**_state(order), **({"hold_source": hold.source, "hold_reason": hold.reason} if hold else {})}
    )
    return state.envelope(origin)


def _state(order: WorkOrder) -> dict[str, Any]:
    return {
        "work_order_id": order.work_order_id,
        "work_order_version": order.version,
        "status": order.status.value,
        "product_id": order.product_id,
        "sales_order_id": order.sales_order_id,
        "routing_id": order.routing_id,
        "station_id": order.station_id,
        "line_id": order.line_id,
        "planned_qty": order.planned_quantity,
        "good_qty": order.good,
        "defect_qty": order.defect,
        "due_date": order.due_on,
        "shift_date": order.shift_on,
        "shift": order.shift,
        "standard_seconds": order.standard_seconds,
        "unit": order.unit,
        "scrap_qty": order.scrap,
        "rework_qty": order.rework,
        "routing_version": order.routing_version,
        "planned_start": order.planned_start,
        "started_at": order.started_at,
        "completed_at": order.completed_at,
        "holds": tuple(one.source for one in order.holds),
    }
