"""What the shop floor told of a product: open work orders and inspections, each with the moment it became so."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

CLOSED_ORDERS = frozenset({"COMPLETED", "CLOSED", "CANCELLED"})
OPEN_INSPECTIONS = frozenset({"OPEN", "IN_PROGRESS"})


@dataclass(frozen=True, slots=True)
class OrderOnFloor:
    """A work order; ``known_at`` is when it became so in the mes, ``taken_at`` when that came here."""

    work_order_id: str
    factory_id: str
    product: str
    status: str
    planned: Decimal
    good: Decimal
    due: date
    line_id: str | None
    known_at: datetime
    taken_at: datetime
    holds: tuple[str, ...] = ()
    """The sources of its holds."""

    @property
    def is_open(self) -> bool:
        """Whether pieces may still be made."""
        return self.status not in CLOSED_ORDERS


@dataclass(frozen=True, slots=True)
class InspectionOnFloor:
    """An inspection of a part."""

    inspection_id: str
    factory_id: str
    product: str
    kind: str
    status: str
    lot_id: str | None
    known_at: datetime
    taken_at: datetime

    @property
    def is_open(self) -> bool:
        """Whether it is still to be decided."""
        return self.status in OPEN_INSPECTIONS


@dataclass(frozen=True, slots=True)
class StockOnFloor:
    """A lot at a place, as the sum of the movements that were told; ``known_at`` is when the latest of them was."""

    product: str
    factory_id: str
    lot_id: str
    warehouse_id: str
    location_id: str
    quantity: Decimal
    known_at: datetime

    def moved(self, quantity: Decimal, at: datetime) -> "StockOnFloor":
        """Return it after a movement; movements may come in any order."""
        return replace(self, quantity=self.quantity + quantity, known_at=max(self.known_at, at))


@dataclass(frozen=True, slots=True)
class Floor:
    """What is known of some products: how far the projection is, and how many orders lack a version."""

    orders: tuple[OrderOnFloor, ...]
    inspections: tuple[InspectionOnFloor, ...]
    known_until: datetime | None
    orders_with_gaps: int
    is_cut: bool
    """More products were asked for than are looked at, or one has more entries than are read."""
    stock: tuple[StockOnFloor, ...] = ()
