"""What people and events do with stock (MES-13)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, tzinfo
from decimal import Decimal
from typing import TYPE_CHECKING, TypeVar

from enghub.core import ids
from enghub.core.claims import Claim
from enghub.core.commits import Commit
from enghub.core.errors import Unavailable, VersionConflict
from enghub.core.events import Envelope
from enghub.core.identity import Origin
from enghub.core.lazy import lazy
from enghub.mes.factories import Factory
from enghub.mes.keeping.repository import ATTEMPTS, Found, Handled
from enghub.mes.stock.errors import (
    InsufficientStock,
    LotIsExpired,
    LotIsHeld,
    LotNotFound,
    LotOfAnother,
    ReservationNotFound,
    ReservationOver,
    TooManyLots,
    TraceTooLarge,
    UnitOfAnother,
)
from enghub.mes.stock.model import (
    LOT,
    Balance,
    Direction,
    Lot,
    Movement,
    MovementKind,
    Place,
    Purpose,
    Reservation,
    ReservationState,
    Taken,
    TooLarge,
    Trace,
    first_expired,
    trace,
)
from enghub.mes.stock.repository import StockMoved, StockRepository

if TYPE_CHECKING:
    from enghub.mes import published
else:
    published = lazy("enghub.mes.published")

T = TypeVar("T")
PERSON = "person/"
"""What the causes begin with that a person's own hold has."""
MOST_LOTS = 25
"""Lots of one movement: its transaction stays far under 100 items."""
MOST_TRACED = 20_000


@dataclass(frozen=True, slots=True)
class Receive:
    """Material comes in, as a lot."""

    origin: Origin
    lot: Lot
    place: Place
    quantity: Decimal
    purpose: Purpose


@dataclass(frozen=True, slots=True)
class Take:
    """Material goes out or is kept for somebody: of one lot, or first expired first out of a warehouse or of all."""

    origin: Origin
    material_id: str
    quantity: Decimal
    purpose: Purpose
    lot_id: str | None = None
    warehouse: str | None = None
    location: str | None = None


class Stock:
    """The use cases; ``zone_of`` is the factory's time zone, ``claim`` the request's claim on its Idempotency-Key."""

    def __init__(
        self, repository: StockRepository, zone_of: Callable[[Factory], tzinfo], claim: Claim | None = None
    ) -> None:
        self._repository = repository
        self._zone_of = zone_of
        self._claim = claim

    def receive(self, command: Receive) -> Movement:
        """Store a receipt; the first one of a lot makes the lot.

        Raises:
            LotOfAnother: the number is taken by a lot of another material.
            UnitOfAnother: the material is kept in another unit.
        """
        lot, origin = command.lot, command.origin
        for _ in range(ATTEMPTS):
            known = self._repository.lots(lot.factory, [lot.lot_id]).get(lot.lot_id)
            if known is not None and known.value.material_id != lot.material_id:
                raise LotOfAnother(lot_id=lot.lot_id, material_id=known.value.material_id)
            unit = known.value.unit if known else self._unit_of(lot)
            if unit != lot.unit:
                raise UnitOfAnother(field="unit", material_id=lot.material_id, unit=unit, wanted=lot.unit)
            movement = replace(
                _movement(origin, MovementKind.RECEIPT, lot.material_id, command.quantity, command.purpose),
                to=command.place,
            )
            made = None if known else Commit(origin, "created", lot)
            try:
                self._repository.store(self._commit(origin, movement, command.place), made)
            except StockMoved:
                continue
            return movement
        raise Unavailable(reason="many receipts of one lot")

    def _unit_of(self, lot: Lot) -> str:
        """Return the unit of the material's lots; that of the first one decides."""
        others = self._repository.lots_of(lot.factory, ("MATERIAL", lot.material_id), 1, None).items
        return others[0].unit if others else lot.unit

    def issue(self, command: Take) -> Movement:
        """Take material out.

        Raises:
            InsufficientStock, LotNotFound, LotIsHeld, LotIsExpired, TooManyLots
        """
        return self._taking(command, lambda taken: self._out(command, taken))

    def _out(self, command: Take, taken: Sequence[Taken]) -> Movement:
        movement = replace(
            _movement(command.origin, MovementKind.ISSUE, command.material_id, command.quantity, command.purpose),
            taken=tuple(taken),
        )
        free = sorted({one.place.lot_id for one in taken})
        self._repository.store(self._commit(command.origin, movement, None), free=free)
        return movement

    def move(self, command: Take, to: Place) -> Movement:
        """Take a lot from one place to another; a held lot may move within the factory.

        Raises:
            InsufficientStock, LotNotFound
        """
        factory = Factory.of(command.origin)
        source = Place(command.warehouse or "", command.location or "", command.lot_id or "")
        movement = replace(
            _movement(command.origin, MovementKind.MOVE, command.material_id, command.quantity, command.purpose),
            taken=(Taken(source, command.quantity),),
            to=to,
        )
        for _ in range(ATTEMPTS):
            there = [one for one in self.balances(factory, command.material_id) if one.place == source]
            free = there[0].available if there else Decimal(0)
            if free < command.quantity:
                raise InsufficientStock(material_id=command.material_id, available=free, wanted=command.quantity)
            try:
                self._repository.store(self._commit(command.origin, movement, to))
            except StockMoved:
                continue
            return movement
        raise Unavailable(reason="many movements at one place")

    def reserve(self, command: Take) -> Reservation:
        """Keep material for somebody.

        Raises:
            InsufficientStock, LotNotFound, LotIsHeld, LotIsExpired, TooManyLots
        """

        def keep(taken: Sequence[Taken]) -> Reservation:
            made = Reservation(
                Factory.of(command.origin),
                ids.new_id(command.origin.at),
                command.material_id,
                command.quantity,
                tuple(taken),
                command.purpose.work_order_id or command.purpose.reference,
                command.origin.at,
            )
            free = sorted({one.place.lot_id for one in taken})
            self._repository.store(Commit(command.origin, "made", made, claim=self._claim), free=free)
            return made

        return self._taking(command, keep)

    def give_back(self, origin: Origin, reservation_id: str) -> Reservation:
        """Free what was reserved; a repeat changes nothing.

        Raises:
            ReservationNotFound
            ReservationOver: it was consumed.
        """
        for _ in range(ATTEMPTS):
            kept = self._repository.reservation(Factory.of(origin), reservation_id)
            if kept is None:
                raise ReservationNotFound(reservation_id=reservation_id)
            if kept.value.status is ReservationState.RELEASED:
                return kept.value
            if kept.value.status is ReservationState.CONSUMED:
                raise ReservationOver(reservation_id=reservation_id, status=kept.value.status.value)
            after = replace(kept.value, status=ReservationState.RELEASED)
            try:
                self._repository.store(Commit(origin, "released", after, kept))
            except StockMoved:
                continue
            return after
        raise Unavailable

    def consume(self, origin: Origin, reservation_id: str, purpose: Purpose) -> Movement:
        """Issue what was reserved.

        Raises:
            ReservationNotFound, ReservationOver, LotIsHeld
        """
        factory = Factory.of(origin)
        for _ in range(ATTEMPTS):
            kept = self._repository.reservation(factory, reservation_id)
            if kept is None:
                raise ReservationNotFound(reservation_id=reservation_id)
            one = kept.value
            if one.status is not ReservationState.OPEN:
                raise ReservationOver(reservation_id=reservation_id, status=one.status.value)
            lots = sorted({taken.place.lot_id for taken in one.taken})
            for lot in self._repository.lots(factory, lots).values():
                _must_be_free(lot.value)
            movement = replace(
                _movement(origin, MovementKind.ISSUE, one.material_id, one.quantity, purpose), taken=one.taken
            )
            closed = Commit(origin, "consumed", replace(one, status=ReservationState.CONSUMED), kept)
            try:
                self._repository.store(self._commit(origin, movement, None), free=lots, closes=closed)
            except StockMoved:
                continue
            return movement
        raise Unavailable

    def hold(self, origin: Origin, lot_id: str, cause: str, reason: str, handled: Handled | None = None) -> Lot:
        """Hold a lot for a cause; told by event where a person does it.

        Raises:
            LotNotFound, AlreadyHandled
        """
        return self._change_lot(origin, lot_id, cause, reason, handled, is_hold=True)

    def release(self, origin: Origin, lot_id: str, cause: str, reason: str, handled: Handled | None = None) -> Lot:
        """Take one cause's hold away.

        Raises:
            LotNotFound, AlreadyHandled
        """
        return self._change_lot(origin, lot_id, cause, reason, handled, is_hold=False)

    def _change_lot(
        self, origin: Origin, lot_id: str, cause: str, reason: str, handled: Handled | None, *, is_hold: bool
    ) -> Lot:
        for _ in range(ATTEMPTS):
            kept = self._repository.lots(Factory.of(origin), [lot_id]).get(lot_id)
            if kept is None:
                raise LotNotFound(lot_id=lot_id)
            late = is_hold and handled is not None and cause in kept.value.settled
            after = kept.value.held(cause) if is_hold else kept.value.released(cause, for_good=handled is not None)
            if late or after == kept.value:
                return kept.value
            kind = published.LotHeld if is_hold else published.LotReleased
            told = kind(lot_id=lot_id, material_id=after.material_id, cause=cause, reason=reason).envelope(origin)
            events: tuple[Envelope, ...] = () if handled else (told,)
            verb = "held" if is_hold else "released"
            try:
                self._repository.save_lot(Commit(origin, verb, after, kept, events, reason=reason), handled)
            except VersionConflict:
                continue
            return after
        raise Unavailable

    def balances(self, factory: Factory, material_id: str) -> list[Balance]:
        """Return what lies anywhere of a material."""
        return self._repository.balances(factory, material_id)

    def lots(self, factory: Factory, lot_ids: Sequence[str]) -> dict[str, Lot]:
        """Return lots by number."""
        return {name: kept.value for name, kept in self._repository.lots(factory, lot_ids).items()}

    def lot(self, factory: Factory, lot_id: str) -> Lot:
        """Return a lot.

        Raises:
            LotNotFound
        """
        found = self.lots(factory, [lot_id])
        if lot_id not in found:
            raise LotNotFound(lot_id=lot_id)
        return found[lot_id]

    def lots_of(self, factory: Factory, name: tuple[str, ...], limit: int, cursor: str | None) -> Found[Lot]:
        """Return one page of a supplier's or a material's lots."""
        return self._repository.lots_of(factory, name, limit, cursor)

    def movements(self, factory: Factory, lot_id: str, limit: int, cursor: str | None) -> Found[Movement]:
        """Return one page of a lot's movements."""
        return self._repository.movements(factory, lot_id, limit, cursor)

    def trace(self, factory: Factory, lot_id: str, direction: Direction) -> Trace:
        """Return all that a lot went into, or all that it is made of.

        Raises:
            TraceTooLarge
        """
        try:
            return trace(
                f"{LOT}:{lot_id}",
                lambda nodes: self._repository.neighbours(factory, direction, nodes),
                MOST_TRACED,
            )
        except TooLarge as error:
            raise TraceTooLarge(most=MOST_TRACED) from error

    def today(self, origin: Origin) -> date:
        """Return the day in the factory."""
        return origin.at.astimezone(self._zone_of(Factory.of(origin))).date()

    def _taking(self, command: Take, store: Callable[[Sequence[Taken]], T]) -> T:
        factory, today = Factory.of(command.origin), self.today(command.origin)
        for _ in range(ATTEMPTS):
            balances = [one for one in self.balances(factory, command.material_id) if _fits(one, command)]
            lots = self.lots(factory, sorted({one.place.lot_id for one in balances}))
            if command.lot_id is not None:
                _check_lot(command.lot_id, lots, today)
            taken, free = first_expired(balances, lots, command.quantity, today)
            if not taken:
                raise InsufficientStock(material_id=command.material_id, available=free, wanted=command.quantity)
            if len(taken) > MOST_LOTS:
                raise TooManyLots(field="quantity", most=MOST_LOTS)
            try:
                return store(taken)
            except StockMoved:
                continue
        raise Unavailable(reason="many writers on one balance")

    def _commit(self, origin: Origin, movement: Movement, to: Place | None) -> Commit[Movement]:
        events = tuple(event.envelope(origin) for event in _changes(movement, to))
        return Commit(origin, "stored", movement, events=events, claim=self._claim)


def _fits(balance: Balance, command: Take) -> bool:
    place = balance.place
    wanted = ((command.lot_id, place.lot_id), (command.warehouse, place.warehouse), (command.location, place.location))
    return all(asked is None or asked == there for asked, there in wanted)


def _check_lot(lot_id: str, lots: dict[str, Lot], today: date) -> None:
    if lot_id not in lots:
        return  # nothing of it lies there
    _must_be_free(lots[lot_id])
    if lots[lot_id].is_expired(today):
        raise LotIsExpired(lot_id=lot_id, expires_on=str(lots[lot_id].expires_on))


def _must_be_free(lot: Lot) -> None:
    if lot.holds:
        raise LotIsHeld(lot_id=lot.lot_id, causes=", ".join(lot.holds))


def _movement(origin: Origin, kind: MovementKind, material_id: str, quantity: Decimal, purpose: Purpose) -> Movement:
    return Movement(
        Factory.of(origin), ids.new_id(origin.at), kind, material_id, quantity, (), origin.at, origin.user_id, purpose
    )


def _changes(movement: Movement, to: Place | None) -> "list[published.StockChanged]":
    places = [(one.place, -one.quantity) for one in movement.taken]
    if to is not None:
        places.append((to, movement.quantity))
    return [
        published.StockChanged(
            movement_id=movement.movement_id,
            kind=movement.kind.value,
            material_id=movement.material_id,
            lot_id=place.lot_id,
            warehouse_id=place.warehouse,
            location_id=place.location,
            quantity=quantity,
            work_order_id=movement.purpose.work_order_id,
        )
        for place, quantity in places
    ]
