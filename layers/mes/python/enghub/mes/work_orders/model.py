"""A work order and its life (MES-01).

    CREATED -> RELEASED -> IN_PROGRESS <-> PAUSED
                              |              |
                              +--> COMPLETED <+ --> CLOSED
    CANCELLED: from CREATED and RELEASED, and from IN_PROGRESS and PAUSED while nothing was reported

Quantities are Decimal pieces (or the product's unit). ``version`` counts changes made by people; reports move only
the counters, so that many may report at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import ROUND_DOWN, Decimal
from enum import StrEnum
from typing import Any

from enghub.mes.factories import Factory
from enghub.mes.work_orders.errors import (
    BeyondPlan,
    NotEditable,
    NothingReported,
    NotInProduction,
    ProductionReportedAlready,
    StepNotAllowed,
    WorkOrderIncomplete,
)

ZERO = Decimal(0)
SMALLEST = Decimal("0.0001")


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
            *("over_report_allowance", "standard_seconds", "due_on", "shift_on", "shift"),
        }
    ),
    Status.RELEASED: frozenset(
        {"station_id", "line_id", "planned_quantity", "over_report_allowance", "standard_seconds", "due_on"}
    ),
}
"""What may be changed: everything that is planned before release; then only what does not undo the release."""


@dataclass(frozen=True, slots=True)
class WorkOrder:
    """One order to produce a quantity of a product.

    ``over_report_allowance`` is a ratio of the planned quantity (0.05 = five per cent); ``standard_seconds`` the
    standard time per piece; ``shift_on`` and ``shift`` name the shift it is planned for.
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
    status: Status = Status.CREATED
    good: Decimal = ZERO
    defect: Decimal = ZERO
    version: int = 1
    released_at: datetime | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    closed_at: datetime | None = None

    @property
    def limit(self) -> Decimal:
        """The most that may be reported: planned quantity and allowance, rounded down to 4 decimals."""
        most = self.planned_quantity * (1 + self.over_report_allowance)
        return most.quantize(SMALLEST, ROUND_DOWN)

    @property
    def reported(self) -> Decimal:
        """What was reported, good and defective."""
        return self.good + self.defect

    @property
    def remaining(self) -> Decimal:
        """What may still be reported."""
        return self.limit - self.reported

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

    def pause(self, _: datetime) -> "WorkOrder":
        """Interrupt production; nothing can be reported meanwhile."""
        return self._step(Step.PAUSE)

    def resume(self, _: datetime) -> "WorkOrder":
        """Go on after a pause."""
        return self._step(Step.RESUME)

    def complete(self, at: datetime) -> "WorkOrder":
        """End production, also short of the plan; the counters are final.

        Raises:
            StepNotAllowed, NothingReported
        """
        completed = self._step(Step.COMPLETE, completed_at=at)
        if not self.reported:
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
        if self.reported:
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
        return replace(self, **changes, version=self.version + 1)

    def check_report(self, quantity: Decimal) -> None:
        """Demand that ``quantity`` pieces may be reported now (MES-02).

        Raises:
            NotInProduction, BeyondPlan
        """
        if self.status is not Status.IN_PROGRESS:
            raise NotInProduction(work_order_id=self.work_order_id, status=self.status.value)
        if quantity > self.remaining:
            raise BeyondPlan(
                work_order_id=self.work_order_id, remaining=self.remaining.normalize() + ZERO, quantity=quantity
            )

    def report(self, good: Decimal, defect: Decimal) -> "WorkOrder":
        """Count a report; the version stays.

        Raises:
            NotInProduction, BeyondPlan
        """
        self.check_report(good + defect)
        return replace(self, good=self.good + good, defect=self.defect + defect)

    def _step(self, step: Step, **times: datetime) -> "WorkOrder":
        sources, target = STEPS[step]
        if self.status not in sources:
            raise StepNotAllowed(
                work_order_id=self.work_order_id,
                status=self.status.value,
                step=step.value,
                allowed=", ".join(sources),
            )
        return replace(self, status=target, version=self.version + 1, **times)  # type: ignore[arg-type]
