"""Stock in DynamoDB.

pk ...#STOCK#<material>       sk <warehouse>#<location>#<lot>   a balance: counters, changed by condition
pk ...#LOT#<lot>              sk LOT                            a lot (an aggregate)
pk ...#LOT-MOVES#<lot>        sk <time>#<movement>              what happened to a lot
pk ...#GENEALOGY#<direction>#<node>   sk NODE                   a set of the nodes that it leads to

A balance has ``on_hand`` and ``available``; an issue takes both only while enough is available, a reservation takes
``available``. So writers do not fail one another by version, and no balance ever goes below zero.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from pynamodb.expressions.operand import Value

from enghub.core import clock, dynamo
from enghub.core.codec import Key
from enghub.core.commits import Commit, Kept
from enghub.core.dynamo import MAX_READ_KEYS, Attr, key, parts
from enghub.core.idempotency import puts
from enghub.core.transactions import Check, PutItem, Update, Write, absent, transact
from enghub.mes.factories import Factory
from enghub.mes.keeping.dynamo import DynamoStore, aggregate, factory_key
from enghub.mes.keeping.repository import Found, Handled, Name
from enghub.mes.stock.model import (
    Balance,
    Direction,
    Lot,
    Movement,
    Place,
    Reservation,
    ReservationState,
    Taken,
    links_of,
)
from enghub.mes.stock.repository import StockMoved
from enghub.mes.stock.suggesting import Suggestion


def _lists(lot: Lot) -> Iterable[tuple[Name, Name]]:
    place = (clock.to_text(lot.received_at), lot.lot_id)
    yield ("MATERIAL", lot.material_id), place
    if lot.supplier_id:
        yield ("SUPPLIER", lot.supplier_id), place


LOTS = aggregate(
    Lot,
    "LOT",
    lambda one: (one.lot_id,),
    shows=("material_id", "supplier_id", "supplier_lot", "expires_on", "holds"),
    lists=_lists,
    exists=lambda _: StockMoved(),
)
RESERVATIONS = aggregate(
    Reservation,
    "RESERVATION",
    lambda one: (one.reservation_id,),
    shows=("material_id", "quantity", "reference", "status"),
    outdated=lambda *_: StockMoved(),
)
MOVEMENTS = aggregate(
    Movement,
    "MOVEMENT",
    lambda one: (one.movement_id,),
    shows=("kind", "material_id", "quantity", "taken", "to", "purpose"),
    revision=None,
    ordered_by=lambda one: one.material_id,
)


SUGGESTIONS = aggregate(
    Suggestion,
    "RECEIPT-SUGGESTION",
    lambda one: (one.work_order_id,),
    shows=("material_id", "quantity"),
    lists=lambda one: ((("ALL",), (clock.to_text(one.at), one.work_order_id)),),
)


class DynamoStock:
    """The StockRepository."""

    def __init__(self) -> None:
        self._store = DynamoStore(LOTS, RESERVATIONS, MOVEMENTS)

    def balances(self, factory: Factory, material_id: str) -> list[Balance]:
        """One consistent Query, page after page."""
        return [_balance(factory, material_id, item) for item in dynamo.each(_stock(factory, material_id))]

    def lots(self, factory: Factory, lot_ids: Sequence[str]) -> dict[str, Kept[Lot]]:
        """A BatchGetItem per 100."""
        found = self._store.get_many(Lot, factory, [(one,) for one in lot_ids]) if lot_ids else {}
        return {name[0]: kept for name, kept in found.items()}

    def reservation(self, factory: Factory, reservation_id: str) -> Kept[Reservation] | None:
        """One GetItem."""
        return self._store.get(Reservation, factory, reservation_id)

    def lots_of(self, factory: Factory, name: tuple[str, ...], limit: int, cursor: str | None) -> Found[Lot]:
        """One Query, one BatchGetItem."""
        return self._store.find(Lot, factory, name, limit=limit, cursor=cursor)

    def movements(self, factory: Factory, lot_id: str, limit: int, cursor: str | None) -> Found[Movement]:
        """One Query, one BatchGetItem."""
        return self._moved(factory_key(factory, "LOT-MOVES", lot_id), factory, limit, cursor)

    def _moved(self, pk: str, factory: Factory, limit: int, cursor: str | None) -> Found[Movement]:
        page = dynamo.query(pk, limit=limit, cursor=cursor)
        names = [(item["movement_id"]["S"],) for item in page.items]
        found = self._store.get_many(Movement, factory, names) if names else {}
        return Found(tuple(found[name].value for name in names if name in found), page.cursor)

    def movements_of_order(
        self, factory: Factory, work_order_id: str, limit: int, cursor: str | None
    ) -> Found[Movement]:
        """Return one page of what was moved for an order. One Query, one BatchGetItem."""
        return self._moved(factory_key(factory, "ORDER-MOVES", work_order_id), factory, limit, cursor)

    def neighbours(self, factory: Factory, direction: Direction, nodes: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """A BatchGetItem per 100 nodes."""
        keys = {_node(factory, direction, node): node for node in nodes}
        pairs = list(keys)
        found: dict[str, Sequence[str]] = {}
        for start in range(0, len(pairs), MAX_READ_KEYS):
            items = dynamo.read_many(pairs[start : start + MAX_READ_KEYS])
            found.update({keys[at]: item["links"]["SS"] for at, item in items.items()})
        return found

    def store(
        self,
        commit: Commit[Any],
        lot: Commit[Lot] | None = None,
        *,
        free: Sequence[str] = (),
        closes: Commit[Reservation] | None = None,
    ) -> None:
        """One TransactWriteItems."""
        after = commit.after
        is_movement = isinstance(after, Movement)
        writes: list[Write] = [*puts(commit.claim, after), *self._store.writes(commit)]
        if lot is not None:
            writes += self._store.writes(lot)
        if closes is not None:
            writes += self._store.writes(closes)
        writes += [_unheld(after.factory, one) for one in free]
        writes += _movement_writes(after, was_reserved=closes is not None) if is_movement else _reserved(after)
        transact(*writes)

    def save_lot(self, commit: Commit[Lot], handled: Handled | None = None) -> None:
        """One TransactWriteItems."""
        self._store.save(commit, handled=handled)


def _stock(factory: Factory, material_id: str) -> str:
    return factory_key(factory, "STOCK", material_id)


def _balance_key(factory: Factory, material_id: str, place: Place) -> Key:
    return _stock(factory, material_id), key(place.warehouse, place.location, place.lot_id)


def _balance(factory: Factory, material_id: str, item: dict[str, Any]) -> Balance:
    place = Place(*parts(item["sk"]["S"]))
    return Balance(factory, material_id, place, Decimal(item["on_hand"]["N"]), Decimal(item["available"]["N"]))


def _node(factory: Factory, direction: Direction, node: str) -> Key:
    return factory_key(factory, "GENEALOGY", direction.value, node), "NODE"


def _unheld(factory: Factory, lot_id: str) -> Check:
    pk, sk = factory_key(factory, "LOT", lot_id), "LOT"
    return Check(pk, sk, Attr("holds") == "[]", lambda _: StockMoved())


def _movement_writes(movement: Movement, *, was_reserved: bool) -> list[Write]:
    factory, material = movement.factory, movement.material_id
    writes: list[Write] = [_out(factory, material, one, was_reserved=was_reserved) for one in movement.taken]
    if movement.to is not None:
        writes.append(_in(factory, material, Taken(movement.to, movement.quantity)))
    lots = {one.place.lot_id for one in movement.taken} | ({movement.to.lot_id} if movement.to else set())
    writes += [_listed(movement, "LOT-MOVES", lot_id) for lot_id in sorted(lots)]
    if movement.purpose.work_order_id is not None:
        writes.append(_listed(movement, "ORDER-MOVES", movement.purpose.work_order_id))
    return [*writes, *_links(movement)]


def _links(movement: Movement) -> list[Write]:
    """Return the genealogy of a movement, one write per node as a transaction wants it."""
    targets: dict[Key, set[str]] = {}
    for origin, target in links_of(movement):
        targets.setdefault(_node(movement.factory, Direction.FORWARD, origin), set()).add(target)
        targets.setdefault(_node(movement.factory, Direction.BACKWARD, target), set()).add(origin)
    return [
        Update(at, [Attr("links").add(Value({"SS": sorted(links)})), Attr("entity").set("GENEALOGY")])
        for at, links in targets.items()
    ]


def _in(factory: Factory, material_id: str, one: Taken) -> Update:
    actions = [Attr("on_hand").add(one.quantity), Attr("available").add(one.quantity), Attr("entity").set("BALANCE")]
    return Update(_balance_key(factory, material_id, one.place), actions)


def _out(factory: Factory, material_id: str, one: Taken, *, was_reserved: bool) -> Update:
    at, quantity = _balance_key(factory, material_id, one.place), one.quantity
    if was_reserved:
        return Update(at, [Attr("on_hand").add(-quantity)], Attr("on_hand") >= quantity, lambda _: StockMoved())
    actions = [Attr("on_hand").add(-quantity), Attr("available").add(-quantity)]
    return Update(at, actions, Attr("available") >= quantity, lambda _: StockMoved())


def _reserved(reservation: Reservation) -> list[Write]:
    is_open = reservation.status is ReservationState.OPEN
    sign = -1 if is_open else 1
    return [
        Update(
            _balance_key(reservation.factory, reservation.material_id, one.place),
            [Attr("available").add(sign * one.quantity)],
            Attr("available") >= one.quantity if is_open else None,
            lambda _: StockMoved(),
        )
        for one in reservation.taken
    ]


def _listed(movement: Movement, word: str, name: str) -> PutItem:
    item = {
        "pk": {"S": factory_key(movement.factory, word, name)},
        "sk": {"S": key(clock.to_text(movement.at), movement.movement_id)},
        "entity": {"S": word.removesuffix("S").replace("-", "_")},
        "movement_id": {"S": movement.movement_id},
    }
    return PutItem(item, absent(), lambda _: StockMoved())
