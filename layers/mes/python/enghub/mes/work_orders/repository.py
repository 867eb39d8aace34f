"""What the work-order service needs from a store."""

from dataclasses import dataclass
from datetime import date
from typing import Protocol

from enghub.core.commits import Commit, Kept, Trace
from enghub.core.identity import Origin
from enghub.mes.factories import Factory
from enghub.mes.work_orders.model import Status, WorkOrder


class ProgressMoved(Exception):
    """A report was counted between reading and writing; read again."""


@dataclass(frozen=True, slots=True)
class ByStatus:
    """Orders in one status, by due date (both ends included)."""

    status: Status
    due_from: date | None = None
    due_to: date | None = None


@dataclass(frozen=True, slots=True)
class BySalesOrder:
    """Orders of one sales order, oldest first."""

    sales_order_id: str


@dataclass(frozen=True, slots=True)
class ByProduct:
    """Orders of one product, oldest first."""

    product_id: str


@dataclass(frozen=True, slots=True)
class ByStation:
    """Orders of one station, by due date."""

    station_id: str


@dataclass(frozen=True, slots=True)
class ByStart:
    """Orders that a station began, by when."""

    station_id: str


@dataclass(frozen=True, slots=True)
class ByShift:
    """Orders planned for one shift."""

    shift_on: date
    shift: str


@dataclass(frozen=True, slots=True)
class ByHold:
    """Orders that a source holds."""

    source: str


Selection = ByStatus | BySalesOrder | ByProduct | ByStation | ByStart | ByShift | ByHold


@dataclass(frozen=True, slots=True)
class Found:
    """One page of a list; ``cursor`` is where to go on, None at the end."""

    work_orders: tuple[WorkOrder, ...]
    cursor: str | None


class WorkOrderRepository(Protocol):
    """Stores work orders of many tenants and factories."""

    def get(self, factory: Factory, work_order_id: str) -> Kept[WorkOrder] | None:
        """Return the order as it is now."""

    def trace(self, kept: Kept[WorkOrder]) -> Trace | None:
        """Return who made the order's last change, and which."""

    def save(self, commit: Commit[WorkOrder]) -> None:
        """Store a new order, or ``after`` where the revision of ``before`` is still current.

        Counters are never overwritten.

        Raises:
            Replayed: the request was answered before.
            WorkOrderExists: the number of a new order is taken.
            VersionConflict: somebody else changed the order.
            ProgressMoved: ``after`` fixes the counters for good, and they moved.
        """

    def find(self, factory: Factory, selection: Selection, limit: int, cursor: str | None) -> Found:
        """Return a page of orders in the selection's order.

        Raises:
            Invalid: the cursor belongs to another list.
        """


class Gate(Protocol):
    """What another system has to say before an order is planned or released."""

    def may_create(self, origin: Origin, order: WorkOrder) -> None:
        """Raise why a new order is not taken."""

    def may_release(self, origin: Origin, order: WorkOrder) -> None:
        """Raise why an order is not handed to production."""
