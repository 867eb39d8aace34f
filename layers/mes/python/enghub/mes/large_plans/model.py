"""Large runs: a plan made in chunks of items, each from what is stored alone (MES-08). Pure.

Items are planned parents first, as in one piece (``mrp``), so that a chunk needs nothing of those after it. What it
needs of those before it was passed on by them, piece by piece. A chunk that is planned again, because somebody died in
the middle, is planned from the same items, the same stock and the same needs: it stores the same, and nothing twice.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import TypeVar

from enghub.core.codec import dumps
from enghub.mes.factories import Factory
from enghub.mes.planning.mrp import (
    Back,
    Demand,
    Item,
    Message,
    Need,
    OpenOrder,
    Suggestion,
    World,
    low_level_order,
    plan_item,
)

MOST_OF_A_CHUNK = 300
"""Items."""
MOST_BYTES = 150_000
"""Of the items of a chunk as text; their components' names come once more, and an item of DynamoDB has 400 KB."""
MOST_OF_A_PIECE = 300
"""Needs, open orders or stocks of one piece."""
DEMANDS = 0
"""What a piece of demands says for the number of the chunk that passed it on."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ItemNeed:
    """A need of an item of another chunk."""

    item_id: str
    due: date
    quantity: Decimal
    source: str


@dataclass(frozen=True, slots=True)
class Given:
    """A piece of what a large run was asked with, in the order of the request."""

    factory: Factory
    run_id: str
    piece: int
    demands: tuple[Demand, ...] = ()
    open_orders: tuple[OpenOrder, ...] = ()
    on_hand: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Items that are planned together, as they were when the run was ordered; ``where``: their components' chunks."""

    factory: Factory
    run_id: str
    layout: int
    number: int
    """From 1."""
    items: tuple[Item, ...]
    where: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Stocked:
    """The stock with which a chunk is planned: what was read first counts."""

    factory: Factory
    run_id: str
    layout: int
    number: int
    on_hand: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Passed:
    """A piece of what a chunk (or the request: 0) passed on to a later one."""

    factory: Factory
    run_id: str
    layout: int
    to: int
    source: int
    piece: int
    needs: tuple[ItemNeed, ...] = ()
    open_orders: tuple[OpenOrder, ...] = ()
    on_hand: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Planned:
    """What a chunk adds to the plan."""

    suggestions: tuple[Suggestion, ...]
    messages: tuple[Message, ...]
    passed: tuple[Passed, ...]


def given(factory: Factory, run_id: str, asked: Given) -> Iterator[Given]:
    """Yield what a run was asked with, in pieces."""
    kinds = (
        *(Given(factory, run_id, 0, demands=part) for part in _batched(asked.demands, MOST_OF_A_PIECE)),
        *(Given(factory, run_id, 0, open_orders=part) for part in _batched(asked.open_orders, MOST_OF_A_PIECE)),
        *(
            Given(factory, run_id, 0, on_hand=dict(part))
            for part in _batched(sorted(asked.on_hand.items()), MOST_OF_A_PIECE)
        ),
    )
    for place, one in enumerate(kinds):
        yield replace(one, piece=place)


def asked_with(pieces: Iterable[Given]) -> Given:
    """Return what a run was asked with, of its pieces in their order."""
    found = list(pieces)
    return Given(
        *(found[0].factory, found[0].run_id, 0),
        tuple(one for piece in found for one in piece.demands),
        tuple(one for piece in found for one in piece.open_orders),
        {name: quantity for piece in found for name, quantity in piece.on_hand.items()},
    )


def ordered(layout: int, asked: Given, items: Mapping[str, Item]) -> tuple[list[Chunk], list[Passed]]:
    """Return the chunks of a run, and what the request itself passes on to them.

    Raises:
        BomCircle, UnknownItem
    """
    parts = list(_cut([items[name] for name in low_level_order(items)]))
    where = {item.item_id: number for number, part in enumerate(parts, 1) for item in part}
    chunks = [
        Chunk(
            *(asked.factory, asked.run_id, layout, number, tuple(part)),
            where={name: where[name] for item in part for name, _ in item.components},
        )
        for number, part in enumerate(parts, 1)
    ]
    needs = [ItemNeed(one.item_id, one.due, one.quantity, one.reference) for one in asked.demands]
    stocks = ((where[name], (name, had)) for name, had in asked.on_hand.items() if name in where)
    passed = [
        *_passed(asked, layout, DEMANDS, ((where[one.item_id], one) for one in needs), _needs),
        *_passed(asked, layout, DEMANDS, ((where[one.item_id], one) for one in asked.open_orders), _orders),
        *_passed(asked, layout, DEMANDS, stocks, _stocks),
    ]
    return chunks, _numbered(passed)


def planned(chunk: Chunk, stock: Mapping[str, Decimal], pieces: Iterable[Passed], today: date, back: Back) -> Planned:
    """Return the plan of a chunk, from what was passed on to it, in the order of chunks and pieces."""
    needs: dict[str, list[Need]] = {}
    orders: dict[str, list[OpenOrder]] = {}
    for piece in pieces:
        for one in piece.needs:
            needs.setdefault(one.item_id, []).append(Need(one.due, one.quantity, one.source))
        for order in piece.open_orders:
            orders.setdefault(order.item_id, []).append(order)
    world = World({item.item_id: item for item in chunk.items}, stock, (), today, back)
    suggestions: list[Suggestion] = []
    messages: list[Message] = []
    later: list[tuple[int, ItemNeed]] = []
    for item in chunk.items:
        found = plan_item(item, needs.pop(item.item_id, []), orders.get(item.item_id, []), world)
        if found is None:
            continue
        suggestions += found.suggestions
        messages += found.messages
        for component, need in found.passed:
            to = chunk.where[component]
            if to == chunk.number:
                needs.setdefault(component, []).append(need)
            else:
                later.append((to, ItemNeed(component, need.due, need.quantity, need.source)))
    passed = _numbered(_passed(chunk, chunk.layout, chunk.number, later, _needs))
    return Planned(tuple(suggestions), tuple(messages), tuple(passed))


def stock_of(pieces: Iterable[Passed]) -> dict[str, Decimal]:
    """Return the stock that the request named, of what was passed on to a chunk."""
    return {name: had for piece in pieces for name, had in piece.on_hand.items()}


def _cut(items: Sequence[Item]) -> Iterator[list[Item]]:
    part: list[Item] = []
    filled = 0
    for item in items:
        size = len(dumps(item).encode())
        if part and (len(part) == MOST_OF_A_CHUNK or filled + size > MOST_BYTES):
            yield part
            part, filled = [], 0
        part.append(item)
        filled += size
    if part:
        yield part


def _passed(
    run: Given | Chunk,
    layout: int,
    source: int,
    found: Iterable[tuple[int, T]],
    told: Callable[[Passed, tuple[T, ...]], Passed],
) -> Iterator[Passed]:
    by_chunk: dict[int, list[T]] = {}
    for to, one in found:
        by_chunk.setdefault(to, []).append(one)
    for to, ones in sorted(by_chunk.items()):
        for part in _batched(ones, MOST_OF_A_PIECE):
            yield told(Passed(run.factory, run.run_id, layout, to, source, 0), part)


def _needs(piece: Passed, part: tuple[ItemNeed, ...]) -> Passed:
    return replace(piece, needs=part)


def _orders(piece: Passed, part: tuple[OpenOrder, ...]) -> Passed:
    return replace(piece, open_orders=part)


def _stocks(piece: Passed, part: tuple[tuple[str, Decimal], ...]) -> Passed:
    return replace(piece, on_hand=dict(part))


def _numbered(found: Iterable[Passed]) -> list[Passed]:
    return [replace(one, piece=number) for number, one in enumerate(found)]


def _batched(found: Sequence[T], size: int) -> Iterator[tuple[T, ...]]:
    for start in range(0, len(found), size):
        yield tuple(found[start : start + size])
