"""A work order and its life (MES-01).

    CREATED -> RELEASED -> IN_PROGRESS <-> PAUSED
                              |              |
                              +--> COMPLETED <+ --> CLOSED
    CANCELLED: from CREATED and RELEASED, and from IN_PROGRESS and PAUSED while nothing was reported

Quantities are Decimal of the order's unit. ``version`` counts changes made by people; reports move only the counters of
their operation, so that many may report at once. What may be reported: ``quantities``.

A hold stops an order whatever its status: it can be neither released, started, resumed nor completed, and nothing made
since then is reported, until who put it on, or anybody with the right, lifts it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from enghub.kit.rulings.model import DecidedBy
from enghub.mes.factories import Factory
from enghub.mes.routings.model import Operation
from enghub.mes.work_orders.errors import (
    BeyondOperation,
    BeyondPlan,
    FractionalPieces,
    HeldAlready,
    NoSuchHold,
    NotEditable,
    NothingReported,
    NotInProduction,
    OrderOnHold,
    ProductionReportedAlready,
    StepNotAllowed,
    TooManyHolds,
    TooManyOperations,
    UnknownOperation,
    WorkOrderIncomplete,
)
from enghub.mes.work_orders.quantities import (
    MOST_OPERATIONS,
    NOTHING,
    ZERO,
    Books,
    Progress,
    is_whole,
    limit_of,
)

MOST_PAUSES = 100
"""Of the pauses of an order the latest are remembered."""
MOST_HOLDS = 20


class Status(StrEnum):
    """Where a work order is in its life."""

    CREATED = "CREATED"
    RELEASED = "RELEASED"
    IN_PROGRESS = "IN_PROGRESS"
    PAUSED = "PAUSED"
    COMPLETED = "COMPLETED"
    CLOSED = "CLOSED"
    CANCELLED = "CANCELLED"


class Step(StrEnum):
    """What people do with a work order; each leads to one status."""

    RELEASE = "release"
    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    COMPLETE = "complete"
    CLOSE = "close"
    CANCEL = "cancel"


_IN_PRODUCTION = (Status.IN_PROGRESS, Status.PAUSED)
STEPS: Mapping[Step, tuple[tuple[Status, ...], Status]] = {
    Step.RELEASE: ((Status.CREATED,), Status.RELEASED),
    Step.START: ((Status.RELEASED,), Status.IN_PROGRESS),
    Step.PAUSE: ((Status.IN_PROGRESS,), Status.PAUSED),
    Step.RESUME: ((Status.PAUSED,), Status.IN_PROGRESS),
    Step.COMPLETE: (_IN_PRODUCTION, Status.COMPLETED),
    Step.CLOSE: ((Status.COMPLETED,), Status.CLOSED),
    Step.CANCEL: ((Status.CREATED, Status.RELEASED, *_IN_PRODUCTION), Status.CANCELLED),
}
"""Step: the statuses it may be taken from, and the status it leads to."""

EDITABLE: Mapping[Status, frozenset[str]] = {
    Status.CREATED: frozenset(
        {
            *("sales_order_id", "product_id", "routing_id", "station_id", "line_id", "planned_quantity"),
            *("over_report_allowance", "standard_seconds", "due_on", "shift_on", "shift", "unit", "planned_start"),
            *("routing_version", "operations", "in_sequence", "bom_version"),
        }
    ),
    Status.RELEASED: frozenset(
        {"station_id", "line_id", "planned_quantity", "over_report_allowance", "standard_seconds", "due_on"}
        | {"planned_start"}
    ),
}
"""What may be changed: everything that is planned before release; then only what does not undo the release."""


_STOPPED_BY_HOLDS = (Step.RELEASE, Step.START, Step.RESUME, Step.COMPLETE)


@dataclass(frozen=True, slots=True)
class Hold:
    """Why an order stands: ``source`` is ``manual``, or what another system calls its reason (``ecn/ECN-1``)."""

    source: str
    reason: str
    by: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Pause:
    """When production stood; an end of None: it still does."""

    start: datetime
    end: datetime | None = None

    def __contains__(self, at: datetime) -> bool:
        return self.start <= at and (self.end is None or at < self.end)


@dataclass(frozen=True, slots=True)
class WorkOrder:
    """One order to produce a quantity of a product.

    ``over_report_allowance`` is a ratio of the planned quantity (0.05 = five per cent); ``standard_seconds`` the
    standard time per piece where operations have none; ``shift_on`` and ``shift`` name the shift it is planned for.
    ``operations`` are those of ``routing_version`` of its routing; without any, what is reported names them.
    ``reports`` counts reports and reversals; it moves with the counters.
    ``bom_version`` names the ERP's BOM, where the factory's BOMs come from there.
    ``allowance_by`` is the rule that said the allowance, where people did not.
    """

    factory: Factory
    work_order_id: str
    product_id: str
    planned_quantity: Decimal
    due_on: date
    created_at: datetime
    sales_order_id: str | None = None
    routing_id: str | None = None
    station_id: str | None = None
    line_id: str | None = None
    over_report_allowance: Decimal = ZERO
    standard_seconds: Decimal | None = None
    shift_on: date | None = None
    shift: str | None = None
    unit: str = "pcs"
    planned_start: datetime | None = None
    routing_version: int | None = None
    operations: tuple[Operation, ...] = ()
    in_sequence: bool = False
    bom_version: str | None = None
    allowance_by: DecidedBy | None = None
    status: Status = Status.CREATED
    holds: tuple[Hold, ...] = ()
    pauses: tuple[Pause, ...] = ()
    reports: int = 0
    progress: Mapping[str, Progress] = field(default_factory=dict)
    version: int = 1
    released_at: datetime | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    closed_at: datetime | None = None

    @property
    def limit(self) -> Decimal:
        """The most that each operation may make: planned quantity and allowance, cut down."""
        return limit_of(self.planned_quantity, self.over_report_allowance, self.unit)

    @property
    def books(self) -> Books:
        """What decides how much may be reported."""
        return Books(tuple(one.operation for one in self.operations), self.in_sequence, self.limit, self.progress)

    @property
    def good(self) -> Decimal:
        """Finished pieces."""
        return self.books.good

    @property
    def scrap(self) -> Decimal:
        """Pieces lost."""
        return self.books.scrap

    @property
    def rework(self) -> Decimal:
        """Pieces sent to rework."""
        return self.books.rework

    @property
    def defect(self) -> Decimal:
        """Defective pieces: scrap and rework."""
        return self.scrap + self.rework

    @property
    def reported(self) -> Decimal:
        """Finished and lost pieces."""
        return self.good + self.scrap

    @property
    def remaining(self) -> Decimal:
        """What is neither finished nor lost of what may be made."""
        return self.limit - self.reported

    def standard_of(self, operation: str) -> Decimal | None:
        """Return the standard time per piece in an operation."""
        found = next((one for one in self.operations if one.operation == operation), None)
        return self.standard_seconds if found is None or found.standard_seconds is None else found.standard_seconds

    def release(self, at: datetime) -> "WorkOrder":
        """Hand the order to production; needs line and station.

        Raises:
            StepNotAllowed, WorkOrderIncomplete
        """
        missing = [name for name in ("line_id", "station_id") if getattr(self, name) is None]
        released = self._step(Step.RELEASE, released_at=at)
        if missing:
            raise WorkOrderIncomplete(work_order_id=self.work_order_id, missing=", ".join(missing))
        return released

    def start(self, at: datetime) -> "WorkOrder":
        """Begin production; from now on it can be reported on."""
        return self._step(Step.START, started_at=at)

    def pause(self, at: datetime) -> "WorkOrder":
        """Interrupt production; what is made meanwhile cannot be reported."""
        return self._step(Step.PAUSE, pauses=(*self.pauses, Pause(at))[-MOST_PAUSES:])

    def resume(self, at: datetime) -> "WorkOrder":
        """Go on after a pause."""
        pauses = (*self.pauses[:-1], *(replace(last, end=at) for last in self.pauses[-1:]))
        return self._step(Step.RESUME, pauses=pauses)

    def complete(self, at: datetime) -> "WorkOrder":
        """End production, also short of the plan; the counters are final.

        Raises:
            StepNotAllowed, NothingReported
        """
        completed = self._step(Step.COMPLETE, completed_at=at)
        if not self.is_reported:
            raise NothingReported(work_order_id=self.work_order_id)
        return completed

    def close(self, at: datetime) -> "WorkOrder":
        """Put the order away; nothing about it changes any more."""
        return self._step(Step.CLOSE, closed_at=at)

    def cancel(self, at: datetime) -> "WorkOrder":
        """Give the order up before anything was produced.

        Raises:
            StepNotAllowed, ProductionReportedAlready
        """
        cancelled = self._step(Step.CANCEL, closed_at=at)
        if self.is_reported:
            raise ProductionReportedAlready(work_order_id=self.work_order_id, reported=self.reported)
        return cancelled

    def take(self, step: Step, at: datetime) -> "WorkOrder":
        """Take ``step``; raises what the step's own method raises."""
        taken: WorkOrder = getattr(self, step.value)(at)
        return taken

    def edit(self, changes: Mapping[str, Any]) -> "WorkOrder":
        """Change planned fields (names as in this class).

        Raises:
            NotEditable: a field may not be changed in this status; all such fields are named.
        """
        frozen = sorted(set(changes) - EDITABLE.get(self.status, frozenset()))
        if frozen:
            raise NotEditable(work_order_id=self.work_order_id, status=self.status.value, fields=", ".join(frozen))
        by = None if "over_report_allowance" in changes else self.allowance_by
        return replace(self, **changes, allowance_by=by, version=self.version + 1)

    @property
    def is_reported(self) -> bool:
        """Whether anything is reported that was not reversed."""
        return any(made != NOTHING for made in self.progress.values())

    def hold(self, source: str, reason: str, by: str, at: datetime) -> "WorkOrder":
        """Put a hold on the order.

        Raises:
            HeldAlready, TooManyHolds
            StepNotAllowed: the order is at its end.
        """
        if self.status in {Status.CLOSED, Status.CANCELLED}:
            raise self._not_allowed(
                "hold", tuple(one for one in Status if one not in {Status.CLOSED, Status.CANCELLED})
            )
        if any(one.source == source for one in self.holds):
            raise HeldAlready(work_order_id=self.work_order_id, source=source)
        if len(self.holds) >= MOST_HOLDS:
            raise TooManyHolds(work_order_id=self.work_order_id, most=MOST_HOLDS)
        return replace(self, holds=(*self.holds, Hold(source, reason, by, at)), version=self.version + 1)

    def lift_hold(self, source: str) -> "WorkOrder":
        """Take a hold away.

        Raises:
            NoSuchHold
        """
        rest = tuple(one for one in self.holds if one.source != source)
        if len(rest) == len(self.holds):
            raise NoSuchHold(work_order_id=self.work_order_id, source=source)
        return replace(self, holds=rest, version=self.version + 1)

    def check_report(self, operation: str, made: Progress, made_at: datetime) -> None:
        """Demand that ``made`` may be reported for an operation, judged by when it was made (MES-02, C14).

        Raises:
            NotInProduction, OrderOnHold, UnknownOperation, TooManyOperations, FractionalPieces
            BeyondPlan, BeyondOperation: more than may be made; the second names the operation that passed less on.
        """
        self._check_state(made_at)
        books = self.books
        if books.operations and operation not in books.operations:
            known = ", ".join(books.operations)
            raise UnknownOperation(
                field="operation", work_order_id=self.work_order_id, operation=operation, known=known
            )
        if operation not in books.known() and len(self.progress) >= MOST_OPERATIONS:
            raise TooManyOperations(field="operation", work_order_id=self.work_order_id, most=MOST_OPERATIONS)
        if not all(is_whole(quantity, self.unit) for quantity in (made.good, made.scrap, made.rework)):
            raise FractionalPieces(field="goodQty", work_order_id=self.work_order_id, unit=self.unit)
        left, before = books.open(operation), books.before(operation)
        if made.counted <= left:
            return
        told = {"work_order_id": self.work_order_id, "remaining": _plain(left), "quantity": made.counted}
        if before is None or self.limit - books.of(operation).counted < made.counted:
            raise BeyondPlan(**told)
        raise BeyondOperation(**told, operation=operation, before=before, passed=_plain(books.of(before).good))

    def _check_state(self, made_at: datetime) -> None:
        paused = next((pause for pause in self.pauses if made_at in pause), None)
        status = Status.PAUSED if paused else self.status
        was_running = self.status is Status.PAUSED and self.started_at is not None and made_at >= self.started_at
        if paused or not (self.status is Status.IN_PROGRESS or was_running):
            raise NotInProduction(work_order_id=self.work_order_id, status=status.value)
        if held := next((hold for hold in self.holds if hold.since <= made_at), None):
            raise self._on_hold(held)

    def report(self, operation: str, made: Progress, made_at: datetime) -> "WorkOrder":
        """Count a report; the version stays.

        Raises:
            What ``check_report`` raises.
        """
        self.check_report(operation, made, made_at)
        return self.counting(operation, made)

    def counting(self, operation: str, made: Progress) -> "WorkOrder":
        """Return the order with ``made`` added to an operation, negative for a reversal."""
        progress = {**self.progress, operation: self.books.of(operation) + made}
        return replace(self, progress=progress, reports=self.reports + 1)

    def _on_hold(self, held: Hold) -> OrderOnHold:
        return OrderOnHold(
            work_order_id=self.work_order_id,
            reason=held.reason,
            by=held.by,
            since=held.since.isoformat(timespec="seconds"),
            source=held.source,
        )

    def _step(self, step: Step, **changes: Any) -> "WorkOrder":
        sources, target = STEPS[step]
        if self.status not in sources:
            raise self._not_allowed(step.value, sources)
        if self.holds and step in _STOPPED_BY_HOLDS:
            raise self._on_hold(self.holds[0])
        return replace(self, status=target, version=self.version + 1, **changes)

    def _not_allowed(self, step: str, sources: tuple[Status, ...]) -> StepNotAllowed:
        return StepNotAllowed(
            work_order_id=self.work_order_id,
            status=self.status.value,
            step=step,
            allowed=", ".join(sources),
        )


def _plain(quantity: Decimal) -> Decimal:
    return quantity.normalize() + ZERO
