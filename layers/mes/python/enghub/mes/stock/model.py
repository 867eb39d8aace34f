"""Stock: balances by place and lot, movements, first expired first out, genealogy (MES-13). Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import ROUND_DOWN, ROUND_FLOOR, Decimal
from enum import StrEnum

from enghub.mes.factories import Factory

ZERO = Decimal(0)
FOREVER = date.max
MOST_SETTLED = 50


class MovementKind(StrEnum):
    """What happened to stock."""

    RECEIPT = "RECEIPT"
    ISSUE = "ISSUE"
    MOVE = "MOVE"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a lot lies."""

    warehouse: str
    location: str
    lot_id: str


@dataclass(frozen=True, slots=True)
class Balance:
    """What lies at a place; ``available`` is what is not reserved."""

    factory: Factory
    material_id: str
    place: Place
    on_hand: Decimal
    available: Decimal

    @property
    def reserved(self) -> Decimal:
        """What is there for somebody."""
        return self.on_hand - self.available


@dataclass(frozen=True, slots=True)
class Lot:
    """A batch of one material; what holds it is named once each."""

    factory: Factory
    lot_id: str
    material_id: str
    unit: str
    received_at: datetime
    supplier_id: str | None = None
    supplier_lot: str | None = None
    expires_on: date | None = None
    work_order_id: str | None = None
    holds: tuple[str, ...] = ()
    settled: tuple[str, ...] = ()
    """Causes whose release was heard of: their hold may come later, and then means nothing."""

    def is_expired(self, today: date) -> bool:
        """Tell whether the day of expiry is over; that day itself is still good."""
        return self.expires_on is not None and self.expires_on < today

    def held(self, cause: str) -> "Lot":
        """Return it held by one more cause."""
        return replace(self, holds=tuple(sorted({*self.holds, cause})))

    def released(self, cause: str, *, for_good: bool = False) -> "Lot":
        """Return it without this cause; ``for_good`` where the cause holds once only."""
        settled = (*self.settled, cause)[-MOST_SETTLED:] if for_good and cause not in self.settled else self.settled
        return replace(self, holds=tuple(one for one in self.holds if one != cause), settled=settled)


@dataclass(frozen=True, slots=True)
class Taken:
    """How much from where."""

    place: Place
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a movement is for: an order that uses or made it, a customer who gets it."""

    work_order_id: str | None = None
    customer_id: str | None = None
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Movement:
    """One movement as it was stored; it never changes."""

    factory: Factory
    movement_id: str
    kind: MovementKind
    material_id: str
    quantity: Decimal
    taken: tuple[Taken, ...]
    at: datetime
    by: str
    purpose: Purpose = Purpose()
    to: Place | None = None


class ReservationState(StrEnum):
    """Life of a reservation."""

    OPEN = "OPEN"
    CONSUMED = "CONSUMED"
    RELEASED = "RELEASED"


@dataclass(frozen=True, slots=True)
class Reservation:
    """Stock kept for an order."""

    factory: Factory
    reservation_id: str
    material_id: str
    quantity: Decimal
    taken: tuple[Taken, ...]
    reference: str
    at: datetime
    status: ReservationState = ReservationState.OPEN


def first_expired(
    balances: Iterable[Balance], lots: Mapping[str, Lot], quantity: Decimal, today: date
) -> tuple[list[Taken], Decimal]:
    """Return what to take, first expired first out, and what is free in all.

    Held and expired lots are left alone; those without a date come last; of the same day the one that came first. Less
    than ``quantity`` in all: nothing is taken.
    """
    free = [
        (lots[one.place.lot_id], one)
        for one in balances
        if one.available > 0 and not lots[one.place.lot_id].holds and not lots[one.place.lot_id].is_expired(today)
    ]
    total = sum((balance.available for _, balance in free), ZERO)
    if total < quantity:
        return [], total
    free.sort(key=lambda pair: (pair[0].expires_on or FOREVER, pair[0].received_at, pair[1].place))
    taken, open_quantity = [], quantity
    for _, balance in free:
        part = min(balance.available, open_quantity)
        taken.append(Taken(balance.place, part))
        open_quantity -= part
        if not open_quantity:
            break
    return taken, total


def kits(free: Mapping[str, Decimal], per_kit: Mapping[str, Decimal]) -> tuple[int, dict[str, Decimal]]:
    """Return how many whole kits can be made now, and what each component is short of for the first one.

    Args:
        free: on hand less what goes out already, per component; may be negative.
        per_kit: quantity per kit, above 0.
    """
    counts = [(free.get(name, ZERO) / need).to_integral_value(ROUND_FLOOR) for name, need in per_kit.items()]
    short = {name: -free.get(name, ZERO) for name in per_kit if free.get(name, ZERO) < 0}
    return max(int(min(counts)), 0) if counts else 0, short


def split(total: Decimal, parts: int, digits: int = 4) -> list[Decimal]:
    """Return ``total`` in equal parts of so many decimals; the last ones take what rounding leaves."""
    step = Decimal(1).scaleb(-digits)
    each = (total / parts).quantize(step, ROUND_DOWN)
    left = int(((total - each * parts) / step).to_integral_value())
    return [each] * (parts - left) + [each + step] * left


# --- genealogy -------------------------------------------------------------------------------------------------------


class Direction(StrEnum):
    """Forward: what was made of it and who has it. Backward: what it is made of."""

    FORWARD = "forward"
    BACKWARD = "backward"


@dataclass(frozen=True, slots=True)
class Trace:
    """Everything that a lot leads to, each once, in the order in which it is reached."""

    lots: tuple[str, ...]
    work_orders: tuple[str, ...]
    customers: tuple[str, ...]


LOT, ORDER, CUSTOMER = "lot", "order", "customer"
Neighbours = Callable[[Sequence[str]], Mapping[str, Sequence[str]]]


class TooLarge(Exception):
    """There are more nodes than asked for."""


def trace(start: str, neighbours: Neighbours, most: int) -> Trace:
    """Return what ``start`` (a node, ``lot:S7``) leads to; circles (rework, rebuilding) end where they begin.

    Raises:
        TooLarge: more than ``most`` nodes.
    """
    reached: dict[str, None] = {start: None}
    level = [start]
    while level:
        found = neighbours(level)
        level = list(dict.fromkeys(one for node in level for one in sorted(found.get(node, ())) if one not in reached))
        reached.update(dict.fromkeys(level))
        if len(reached) > most:
            raise TooLarge
    del reached[start]
    by_kind: dict[str, list[str]] = {LOT: [], ORDER: [], CUSTOMER: []}
    for node in reached:
        kind, _, name = node.partition(":")
        by_kind[kind].append(name)
    return Trace(tuple(by_kind[LOT]), tuple(by_kind[ORDER]), tuple(by_kind[CUSTOMER]))


def links_of(movement: Movement) -> list[tuple[str, str]]:
    """Return the genealogy that a movement makes: (from, to)."""
    purpose = movement.purpose
    if movement.kind is MovementKind.RECEIPT and purpose.work_order_id and movement.to:
        return [(f"{ORDER}:{purpose.work_order_id}", f"{LOT}:{movement.to.lot_id}")]
    if movement.kind is not MovementKind.ISSUE:
        return []
    ends = [
        *([f"{ORDER}:{purpose.work_order_id}"] if purpose.work_order_id else []),
        *([f"{CUSTOMER}:{purpose.customer_id}"] if purpose.customer_id else []),
    ]
    return [(f"{LOT}:{lot}", end) for lot in dict.fromkeys(one.place.lot_id for one in movement.taken) for end in ends]
