"""Material requirements planning: gross to net over all levels, with pegs, messages and reasons (MES-08). Pure.

Rules, as decided in docs/decisions/0077:

- stock on hand counts whole: what is reserved for a demand that is planned is that demand's; safety stock is kept back;
- open orders count in the order of their due dates, also late ones: then a message says to expedite them;
- scrap divides: to get ``good``, start good / (1 - scrap), rounded up once, at the order, to whole lots;
- a phantom is never ordered: what its own stock leaves open passes to its components at the same time, with its scrap;
- starts go back over working days; the same input gives the same plan, ids included.
"""

import math
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_DOWN, Decimal
from fractions import Fraction
from graphlib import CycleError, TopologicalSorter

from enghub.mes.planning.errors import BomCircle, UnknownItem
from enghub.mes.planning.lots import Costs, Method, size

ZERO = Decimal(0)
_FINEST = Decimal("1e-12")
SAFETY = "safety stock"
Back = Callable[[date, int], date]
"""A day and a lead time in working days to the day on which to start."""


FREE = Costs((ZERO,), ZERO)


@dataclass(frozen=True, slots=True)
class LotRule:
    """How an item is ordered; ``multiple`` is the smallest lot and its steps."""

    method: Method = Method.LOT_FOR_LOT
    multiple: Decimal = Decimal(1)
    costs: Costs = FREE


@dataclass(frozen=True, slots=True)
class Item:
    """What is planned."""

    item_id: str
    lead_days: int = 0
    scrap: Decimal = ZERO
    safety: Decimal = ZERO
    rule: LotRule = LotRule()
    is_phantom: bool = False
    components: tuple[tuple[str, Decimal], ...] = ()


@dataclass(frozen=True, slots=True)
class Demand:
    """What somebody wants, by when."""

    item_id: str
    due: date
    quantity: Decimal
    reference: str


@dataclass(frozen=True, slots=True)
class OpenOrder:
    """What is on its way already."""

    item_id: str
    due: date
    quantity: Decimal
    order_id: str


@dataclass(frozen=True, slots=True)
class Peg:
    """What a quantity is for: a demand's reference, or the order of a parent."""

    source: str
    quantity: Decimal
    due: date


@dataclass(frozen=True, slots=True)
class Why:
    """How an order came to its quantity."""

    gross: Decimal
    from_stock: Decimal
    from_open_orders: Decimal
    safety: Decimal
    net: Decimal
    scrap: Decimal
    method: Method
    rounded_up: Decimal
    """What whole lots and the method added to what scrap makes necessary."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An order that should be made; ``late_days``: so many days ago it should have begun."""

    order_id: str
    item_id: str
    start: date
    due: date
    quantity: Decimal
    pegs: tuple[Peg, ...]
    why: Why
    late_days: int = 0


@dataclass(frozen=True, slots=True)
class Message:
    """What to do with an open order: EXPEDITE, DEFER (to ``to``) or CANCEL."""

    action: str
    order_id: str
    item_id: str
    due: date
    to: date | None
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Plan:
    """The suggestions and messages of one run."""

    suggestions: tuple[Suggestion, ...]
    messages: tuple[Message, ...]
    gross: Mapping[str, Decimal]
    net: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Need:
    """What an item needs for a demand, or for the order of a parent, by when."""

    due: date
    quantity: Decimal
    source: str


@dataclass(frozen=True, slots=True)
class ItemPlan:
    """What one item adds to a plan; ``passed`` is what its components need, in this order."""

    suggestions: tuple[Suggestion, ...]
    messages: tuple[Message, ...]
    gross: Decimal
    net: Decimal
    passed: tuple[tuple[str, Need], ...]


@dataclass(slots=True)
class _Net:
    """What is open of one item on one day, after stock and open orders."""

    due: date
    quantity: Decimal = ZERO
    gross: Decimal = ZERO
    from_stock: Decimal = ZERO
    from_orders: Decimal = ZERO
    pegs: list[Peg] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class World:
    """What a run plans with."""

    items: Mapping[str, Item]
    on_hand: Mapping[str, Decimal]
    open_orders: Sequence[OpenOrder]
    today: date
    back: Back


def plan(world: World, demands: Sequence[Demand]) -> Plan:
    """Return what to order and what to move.

    Raises:
        BomCircle, UnknownItem
    """
    needs: dict[str, list[Need]] = {}
    for place, demand in enumerate(demands):
        if demand.item_id not in world.items:
            raise UnknownItem(field=f"demands.{place}", item_id=demand.item_id)
        needs.setdefault(demand.item_id, []).append(Need(demand.due, demand.quantity, demand.reference))
    supply: dict[str, list[OpenOrder]] = {}
    for order in world.open_orders:
        supply.setdefault(order.item_id, []).append(order)
    suggestions: list[Suggestion] = []
    messages: list[Message] = []
    gross: dict[str, Decimal] = {}
    net: dict[str, Decimal] = {}
    for item_id in low_level_order(world.items):
        found = plan_item(world.items[item_id], needs.pop(item_id, []), supply.get(item_id, []), world)
        if found is None:
            continue
        suggestions += found.suggestions
        messages += found.messages
        gross[item_id], net[item_id] = found.gross, found.net
        for component, need in found.passed:
            needs.setdefault(component, []).append(need)
    return Plan(tuple(suggestions), tuple(messages), gross, net)


def plan_item(item: Item, wanted: Sequence[Need], orders: Sequence[OpenOrder], world: World) -> ItemPlan | None:
    """Return the plan of one item, once all that its parents need is known; None where nothing asks for it.

    Of ``world`` it takes the item's stock, today and the working days.
    """
    if not wanted and not orders and not item.safety:
        return None
    nets, messages = _netted(item, wanted, world, sorted(orders, key=lambda one: (one.due, one.order_id)))
    made: list[Suggestion] = []
    if item.is_phantom:
        passed = [Need(one.due, peg.quantity, peg.source) for one in nets for peg in one.pegs]
    else:
        made = _ordered(item, nets, world)
        passed = [Need(one.start, one.quantity, one.order_id) for one in made]
    lost = item.scrap if item.is_phantom else ZERO
    needs = tuple(
        (component, Need(one.due, _started(one.quantity * per, lost), one.source))
        for component, per in item.components
        for one in passed
    )
    gross = sum((one.quantity for one in wanted), ZERO)
    return ItemPlan(tuple(made), tuple(messages), gross, sum((one.quantity for one in nets), ZERO), needs)


def low_level_order(items: Mapping[str, Item]) -> list[str]:
    """Return the items, parents before all of their components, else by name.

    Raises:
        BomCircle, UnknownItem
    """
    level: dict[str, int] = {}
    parents: dict[str, set[str]] = {item_id: set() for item_id in items}
    for item_id, item in items.items():
        for component, _ in item.components:
            if component not in parents:
                raise UnknownItem(field=f"items.{item_id}.components", item_id=component)
            parents[component].add(item_id)
    try:
        for item_id in TopologicalSorter(parents).static_order():
            level[item_id] = 1 + max((level[parent] for parent in parents[item_id]), default=-1)
    except CycleError as error:
        raise BomCircle(items=" > ".join(error.args[1])) from error
    return sorted(items, key=lambda item_id: (level[item_id], item_id))


def _netted(
    item: Item, wanted: Sequence[Need], world: World, orders: Sequence[OpenOrder]
) -> tuple[list[_Net], list[Message]]:
    stock = world.on_hand.get(item.item_id, ZERO) - item.safety
    needs = sorted(wanted, key=lambda one: (one.due, one.source))
    nets: dict[date, _Net] = {}
    if stock < 0:
        needs.insert(0, Need(world.today, -stock, SAFETY))
        stock = ZERO
    left = [order.quantity for order in orders]
    needed_at: dict[int, date] = {}
    place = 0
    for need in needs:
        one = nets.setdefault(need.due, _Net(need.due))
        one.gross += need.quantity
        taken = min(stock, need.quantity)
        stock -= taken
        one.from_stock += taken
        open_quantity = need.quantity - taken
        while open_quantity and place < len(orders):
            if not left[place]:
                place += 1
                continue
            part = min(left[place], open_quantity)
            needed_at.setdefault(place, need.due)
            left[place] -= part
            open_quantity -= part
            one.from_orders += part
        if open_quantity:
            one.quantity += open_quantity
            one.pegs.append(Peg(need.source, open_quantity, need.due))
    open_days = sorted((one for one in nets.values() if one.quantity), key=lambda one: one.due)
    return open_days, _messages(orders, needed_at)


def _messages(orders: Sequence[OpenOrder], needed_at: Mapping[int, date]) -> list[Message]:
    found = []
    for place, order in enumerate(orders):
        needed = needed_at.get(place)
        if needed == order.due:
            continue
        action = "CANCEL" if needed is None else "EXPEDITE" if needed < order.due else "DEFER"
        found.append(Message(action, order.order_id, order.item_id, order.due, needed, order.quantity))
    return found


def _ordered(item: Item, nets: Sequence[_Net], world: World) -> list[Suggestion]:
    """Return the orders of an item: sized by its rule, rounded up once, pegged first come first served."""
    sized = _sized(item, nets, world.today)
    pegs = deque(peg for one in nets for peg in one.pegs)
    keep = 1 - Fraction(item.scrap)
    step = Fraction(item.rule.multiple)
    extra, made = Fraction(0), []
    for one, good in sized:
        lacking = Fraction(good) - extra
        if lacking <= 0:
            extra -= Fraction(good)
            _covered(pegs, good)
            continue
        exact = lacking / keep
        started = step * math.ceil(exact / step)
        extra = started * keep - lacking
        quantity = _decimal(started)
        mine = _covered(pegs, good)
        start = world.back(one.due, item.lead_days)
        why = Why(
            one.gross,
            one.from_stock,
            one.from_orders,
            item.safety,
            good,
            item.scrap,
            item.rule.method,
            quantity - _decimal(exact),
        )
        late = max((world.today - start).days, 0)
        order_id = f"{item.item_id}/{one.due.isoformat()}"
        made.append(Suggestion(order_id, item.item_id, start, one.due, quantity, tuple(mine), why, late))
    return made


def _sized(item: Item, nets: Sequence[_Net], today: date) -> list[tuple[_Net, Decimal]]:
    """Return (day, good quantity) of each order; methods that weigh costs look at weeks."""
    method = item.rule.method
    if method is Method.LOT_FOR_LOT or not nets:
        return [(one, one.quantity) for one in nets]
    monday = min(today, nets[0].due) - timedelta(days=min(today, nets[0].due).weekday())
    first: dict[int, _Net] = {}
    weeks = [ZERO] * ((nets[-1].due - monday).days // 7 + 1)
    for one in nets:
        week = (one.due - monday).days // 7
        first.setdefault(week, one)
        weeks[week] += one.quantity
    orders = size(method, weeks, item.rule.costs).orders
    found = []
    for week, quantity in enumerate(orders):
        if quantity:
            found.append((first.get(week) or _Net(monday + timedelta(days=7 * week)), quantity))
    return found


def _covered(pegs: deque[Peg], quantity: Decimal) -> list[Peg]:
    """Take the pegs of a quantity off the queue; the last one may be split."""
    mine: list[Peg] = []
    while pegs and quantity > 0:
        peg = pegs.popleft()
        part = min(peg.quantity, quantity)
        mine.append(Peg(peg.source, part, peg.due))
        quantity -= part
        if part < peg.quantity:
            pegs.appendleft(Peg(peg.source, peg.quantity - part, peg.due))
    return mine


def _started(good: Decimal, scrap: Decimal) -> Decimal:
    """Return what to start of a component for so much good; an endless fraction is cut, or it becomes one lot more."""
    return (good / (1 - scrap)).quantize(_FINEST, ROUND_DOWN) if scrap else good


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)
