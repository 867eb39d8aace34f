"""Lot sizes: how net requirements become orders, and what each way costs (MES-08). Pure.

Requirements are per period, set-up costs may differ by period, holding costs accrue per unit and period at its end.
Wagner and Whitin (Management Science 5, 1958) is optimal; Silver and Meal (1973) stops when the cost per period rises.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

ZERO = Decimal(0)


class Method(StrEnum):
    """Ways to size lots over periods."""

    LOT_FOR_LOT = "LOT_FOR_LOT"
    FIXED = "FIXED"
    EOQ = "EOQ"
    POQ = "POQ"
    SILVER_MEAL = "SILVER_MEAL"
    WAGNER_WHITIN = "WAGNER_WHITIN"


@dataclass(frozen=True, slots=True)
class Costs:
    """``setup`` per order, one for all periods or one per period; ``holding`` per unit and period; ``fixed`` lot."""

    setup: tuple[Decimal, ...]
    holding: Decimal
    fixed: Decimal = Decimal(1)

    def setup_in(self, period: int) -> Decimal:
        """Return the cost of an order in a period."""
        return self.setup[period] if len(self.setup) > 1 else self.setup[0]


@dataclass(frozen=True, slots=True)
class Sized:
    """Orders per period with what they cost."""

    method: Method
    orders: tuple[Decimal, ...]
    setup_cost: Decimal
    holding_cost: Decimal

    @property
    def cost(self) -> Decimal:
        """Both."""
        return self.setup_cost + self.holding_cost


def size(method: Method, demand: Sequence[Decimal], costs: Costs) -> Sized:
    """Return the orders of one method; nothing is ever late, and no order is made where nothing is needed."""
    orders = _METHODS[method](demand, costs)
    setup = sum((costs.setup_in(period) for period, order in enumerate(orders) if order), ZERO)
    stock = holding = ZERO
    for need, order in zip(demand, orders, strict=True):
        stock += order - need
        holding += stock * costs.holding
    return Sized(method, tuple(orders), setup, holding)


def economic_quantity(demand_per_period: Decimal, setup: Decimal, holding: Decimal) -> Decimal:
    """Return Harris' order quantity, the root of 2 D S / H, rounded up to a whole one; 1 at least."""
    if holding <= 0:
        return max(Decimal(math.ceil(demand_per_period)), Decimal(1))
    return max(Decimal(math.ceil((2 * demand_per_period * setup / holding).sqrt())), Decimal(1))


@dataclass(frozen=True, slots=True)
class Break:
    """From this quantity on, each unit costs ``price``."""

    quantity: Decimal
    price: Decimal


def best_quantity(demand: Decimal, setup: Decimal, rate: Decimal, breaks: Sequence[Break]) -> tuple[Decimal, Decimal]:
    """Return order quantity and yearly cost with all-units discounts; ``rate`` is the yearly holding cost per value.

    Every price is tried at its own economic quantity, raised to its break and refused beyond the next one.
    """
    ordered = sorted(breaks, key=lambda one: one.quantity)
    found: list[tuple[Decimal, Decimal]] = []
    for place, one in enumerate(ordered):
        quantity = max((2 * demand * setup / (rate * one.price)).sqrt().quantize(Decimal(1)), one.quantity, Decimal(1))
        if place + 1 < len(ordered) and quantity >= ordered[place + 1].quantity:
            continue
        cost = demand * one.price + demand / quantity * setup + quantity / 2 * rate * one.price
        found.append((cost, quantity))
    cost, quantity = min(found)
    return quantity, cost


def _lot_for_lot(demand: Sequence[Decimal], _: Costs) -> list[Decimal]:
    return list(demand)


def _fixed_quantity(demand: Sequence[Decimal], quantity: Decimal) -> list[Decimal]:
    orders, stock = [], ZERO
    for need in demand:
        lacking = need - stock
        order = quantity * math.ceil(lacking / quantity) if lacking > 0 else ZERO
        orders.append(order)
        stock += order - need
    return orders


def _fixed(demand: Sequence[Decimal], costs: Costs) -> list[Decimal]:
    return _fixed_quantity(demand, costs.fixed)


def _economic(demand: Sequence[Decimal], costs: Costs) -> Decimal:
    mean = sum(demand, ZERO) / len(demand) if demand else ZERO
    return economic_quantity(mean, costs.setup_in(0), costs.holding)


def _eoq(demand: Sequence[Decimal], costs: Costs) -> list[Decimal]:
    return _fixed_quantity(demand, _economic(demand, costs))


def _poq(demand: Sequence[Decimal], costs: Costs) -> list[Decimal]:
    mean = sum(demand, ZERO) / len(demand) if demand else ZERO
    if not mean:
        return [ZERO] * len(demand)
    span = max(int((_economic(demand, costs) / mean).to_integral_value()), 1)
    return _covering(demand, lambda _: span)


def _silver_meal(demand: Sequence[Decimal], costs: Costs) -> list[Decimal]:
    def span(period: int) -> int:
        best, held = None, ZERO
        for reach in range(1, len(demand) - period + 1):
            held += (reach - 1) * demand[period + reach - 1] * costs.holding
            per_period = (costs.setup_in(period) + held) / reach
            if best is not None and per_period > best:
                return reach - 1
            best = per_period
        return len(demand) - period

    return _covering(demand, span)


def _covering(demand: Sequence[Decimal], span: Callable[[int], int]) -> list[Decimal]:
    """Return orders that each cover the periods that ``span`` says, from the first that needs something."""
    orders = [ZERO] * len(demand)
    period = 0
    while period < len(demand):
        if not demand[period]:
            period += 1
            continue
        until = period + span(period)
        orders[period] = sum(demand[period:until], ZERO)
        period = until
    return orders


def _wagner_whitin(demand: Sequence[Decimal], costs: Costs) -> list[Decimal]:
    """Forward recursion; a period without any requirement left over costs nothing."""
    count = len(demand)
    best: list[Decimal] = [ZERO] + [Decimal("Infinity")] * count
    begin = [0] * (count + 1)
    for first in range(count):
        held = quantity = ZERO
        for last in range(first, count):
            quantity += demand[last]
            held += (last - first) * demand[last] * costs.holding
            setup = costs.setup_in(first) if quantity else ZERO
            if best[first] + setup + held < best[last + 1]:
                best[last + 1], begin[last + 1] = best[first] + setup + held, first
    orders = [ZERO] * count
    end = count
    while end:
        orders[begin[end]] += sum(demand[begin[end] : end], ZERO)
        end = begin[end]
    return orders


_METHODS: dict[Method, Callable[[Sequence[Decimal], Costs], list[Decimal]]] = {
    Method.LOT_FOR_LOT: _lot_for_lot,
    Method.FIXED: _fixed,
    Method.EOQ: _eoq,
    Method.POQ: _poq,
    Method.SILVER_MEAL: _silver_meal,
    Method.WAGNER_WHITIN: _wagner_whitin,
}
