"""Requirements planning of many items over a year, and traces through many lots: time, memory, growth."""

import random
import resource
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from time import process_time

from bench import tryton
from enghub.kit.calendars.days import WorkingDays
from enghub.mes.planning.lots import Costs, Method
from enghub.mes.planning.mrp import Demand, Item, LotRule, Plan, World, low_level_order, plan
from enghub.mes.stock.model import trace

TODAY = date(2026, 1, 5)
WEEKS = 52
FINISHED = 10
"""One item in so many is sold."""
SIZES = (1_000, 10_000)
LOTS = 100_000
BATCH = 100
"""Nodes of one BatchGetItem."""
MILLISECONDS_OF_A_READ = 8
Section = tuple[str, list[str], list[list[str]]]


def factory(count: int) -> tuple[World, list[Demand]]:
    """Return a made-up factory: four components each, 52 weekly demands of every finished item."""
    dice = random.Random(7)
    days = WorkingDays.of({})
    rule = LotRule(Method.SILVER_MEAL, Decimal(1), Costs((Decimal(50),), Decimal(1)))
    items = {}
    for number in range(count):
        span = min(number + 1 + count // 5, count)
        below = [dice.randrange(number + 1, span) for _ in range(4)] if number % 5 < 2 and number + 1 < count else []
        parts = tuple((f"I{one:05}", Decimal(dice.randint(1, 3))) for one in dict.fromkeys(below))
        own = (rule, Decimal(0)) if number % 3 == 0 else (LotRule(), Decimal("0.02"))
        weeks = dice.randint(0, 2)  # lead times of whole weeks keep the plan in weekly buckets
        items[f"I{number:05}"] = Item(f"I{number:05}", 5 * weeks, own[1], Decimal(5), own[0], components=parts)
    fridays = [TODAY + timedelta(days=7 * week + 4) for week in range(WEEKS)]
    demands = [
        Demand(f"I{number:05}", day, Decimal(dice.randint(1, 40)), f"SO-{number}-{day}")
        for number in range(0, count, FINISHED)
        for day in fridays
    ]
    memo: dict[tuple[date, int], date] = {}

    def back(day: date, lead: int) -> date:
        found = memo.get((day, lead))
        if found is None:
            found = memo[day, lead] = days.add(day, -lead) if lead else day
        return found

    return World(items, {}, (), TODAY, back), demands


def by_hand(world: World, demands: Sequence[Demand]) -> int:
    """Net and explode with floats and dicts alone: no pegs, lots, messages, reasons; returns the orders."""
    needs: dict[str, dict[date, float]] = {}
    for one in demands:
        days = needs.setdefault(one.item_id, {})
        days[one.due] = days.get(one.due, 0.0) + float(one.quantity)
    orders = 0
    for item_id in low_level_order(world.items):
        item = world.items[item_id]
        for day, quantity in sorted(needs.pop(item_id, {}).items()):
            orders += 1
            start = world.back(day, item.lead_days)
            for component, per in item.components:
                days = needs.setdefault(component, {})
                days[start] = days.get(start, 0.0) + quantity * float(per)
    return orders


def _planned(count: int) -> list[str]:
    world, demands = factory(count)
    begin = process_time()
    by_hand(world, demands)
    plain = process_time() - begin
    begin = process_time()
    made: Plan = plan(world, demands)
    seconds = process_time() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return [f"{count:,} x {WEEKS}", f"{len(made.suggestions):,}", f"{seconds:.2f}", f"{plain:.2f}", f"{peak:.0f}"]


def _traced() -> list[str]:
    dice = random.Random(7)
    links: dict[str, list[str]] = {}
    for lot in range(LOTS - 1):
        links[f"lot:{lot}"] = [f"lot:{dice.randrange(lot + 1, min(lot + 1 + LOTS // 20, LOTS))}" for _ in range(2)]
    reads = nodes = 0

    def neighbours(level: Sequence[str]) -> dict[str, list[str]]:
        nonlocal reads, nodes
        reads += -(-len(level) // BATCH)
        nodes += len(level)
        return {node: links.get(node, []) for node in level}

    start = f"lot:{LOTS - 2_000}"
    begin = process_time()
    trace(start, neighbours, LOTS)
    seconds = process_time() - begin
    guess = seconds + reads * MILLISECONDS_OF_A_READ / 1000
    return [f"{LOTS:,}", f"{nodes:,}", f"{reads}", f"{seconds * 1000:.0f}", f"{guess:.2f}"]


def sections() -> list[Section]:
    """Measure everything."""
    planning = ["items x weeks", "orders", "CPU s", "plain dicts s", "peak MB"]
    tracing = ["lots", "reached", "batch reads", "CPU ms", "s, at 8 ms a read"]
    return [
        (
            "Requirements planning: pegs, lots, messages, reasons; beside a netting with dicts",
            planning,
            [*map(_planned, (1_000, 10_000))],
        ),
        tryton.section(),
        ("A trace through lots", tracing, [_traced()]),
    ]


if __name__ == "__main__":
    for title, head, rows in sections():
        print(title, head, rows, sep="\n")
