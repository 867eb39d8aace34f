"""Planned in chunks, each from what is stored alone, a plan is what it is in one piece (MES-08)."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enghub.core.codec import codec
from enghub.kit.calendars.days import WorkingDays
from enghub.mes.large_plans import model
from enghub.mes.large_plans.dynamo import CHUNKS, GIVEN, PASSED
from enghub.mes.large_plans.model import Given, asked_with, ordered, planned, stock_of
from enghub.mes.planning.lots import Costs, Method
from enghub.mes.planning.mrp import Demand, Item, LotRule, Message, OpenOrder, Plan, Suggestion, World, plan
from tests.factories.mes import FACTORY

D = Decimal
TODAY = date(2026, 4, 1)
DAYS = WorkingDays.of({"holidays": ["2026-05-01"]})
SILVER = LotRule(Method.SILVER_MEAL, D(1), Costs((D(50),), D(1)))
days = st.integers(-5, 60).map(lambda number: TODAY + timedelta(days=number))
pieces = st.integers(1, 40).map(Decimal)


def back(day: date, lead: int) -> date:
    return DAYS.add(day, -lead) if lead else day


@st.composite
def worlds(draw: st.DrawFn) -> tuple[World, list[Demand]]:
    count = draw(st.integers(2, 9))
    items = {}
    for number in range(count):
        below = draw(st.sets(st.integers(number + 1, count - 1), max_size=3)) if number + 1 < count else set()
        items[f"I{number}"] = Item(
            f"I{number}",
            lead_days=draw(st.integers(0, 6)),
            scrap=draw(st.sampled_from([D(0), D("0.1"), D("0.3")])),
            safety=draw(st.sampled_from([D(0), D(5)])),
            rule=draw(st.sampled_from([LotRule(), LotRule(multiple=D(7)), SILVER])),
            is_phantom=draw(st.booleans()) and bool(below),
            components=tuple((f"I{one}", D(draw(st.integers(1, 3)))) for one in sorted(below)),
        )
    names = st.sampled_from(sorted(items))
    demands = [Demand(draw(names), draw(days), draw(pieces), f"SO-{n}") for n in range(draw(st.integers(1, 8)))]
    orders = tuple(OpenOrder(draw(names), draw(days), draw(pieces), f"PO-{n}") for n in range(draw(st.integers(0, 4))))
    stock = draw(st.dictionaries(names, pieces, max_size=4))
    return World(items, stock, orders, TODAY, back), demands


def in_chunks(world: World, demands: list[Demand]) -> tuple[list[Suggestion], list[Message]]:
    """Plan as the steps of a large run do: whatever goes from one to the next is written and read."""
    asked = Given(FACTORY, "R", 0, tuple(demands), tuple(world.open_orders), world.on_hand)
    kept = [GIVEN.value(GIVEN.item(one)) for one in model.given(FACTORY, "R", asked)]
    chunks, passed = ordered(3, asked_with(kept), world.items)
    at_rest = {PASSED.key_of(one): PASSED.item(one) for one in passed}
    suggestions: list[Suggestion] = []
    messages: list[Message] = []
    for number in range(1, len(chunks) + 1):
        chunk = CHUNKS.value(CHUNKS.item(chunks[number - 1]))
        mine = [PASSED.value(at_rest[place]) for place in sorted(at_rest) if PASSED.value(at_rest[place]).to == number]
        made = planned(chunk, stock_of(mine), mine, TODAY, back)
        suggestions += made.suggestions
        messages += made.messages
        assert all(one.to > number for one in made.passed)
        at_rest |= {PASSED.key_of(one): PASSED.item(one) for one in made.passed}
    return suggestions, messages


@settings(max_examples=60, deadline=None)
@given(worlds(), st.integers(1, 4), st.integers(1, 3))
def test_chunks_of_any_size_make_the_plan_that_one_piece_makes(
    made: tuple[World, list[Demand]], chunk: int, piece: int
) -> None:
    world, demands = made
    whole: Plan = plan(world, demands)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model, "MOST_OF_A_CHUNK", chunk)
        patch.setattr(model, "MOST_OF_A_PIECE", piece)
        suggestions, messages = in_chunks(world, demands)
    assert tuple(suggestions) == whole.suggestions
    assert tuple(messages) == whole.messages


def test_a_chunk_fits_into_an_item_however_many_components_its_items_have() -> None:
    parts = tuple((f"C{number:03}{'零' * 30}", D(1)) for number in range(500))
    items = {f"P{n}": Item(f"P{n}", components=parts) for n in range(9)} | {name: Item(name) for name, _ in parts}
    chunks, _ = ordered(1, Given(FACTORY, "R", 0), items)
    written = codec(model.Chunk, CHUNKS.layout)
    sizes = [sum(len(str(value).encode()) for value in written.write(one).values()) for one in chunks]
    assert len(chunks) > 4
    assert max(sizes) < 390_000
