"""Explosion and where-used (PLM-02; field cases PF1 to PF3, PF5, PF12)."""

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enghub.plm.boms.errors import BomLoop
from enghub.plm.boms.explosion import order_quantity
from enghub.plm.units.errors import UnitsDiffer, UnknownUnit
from enghub.plm.units.model import UnitTable
from tests.factories.boms import Shelf, a_bom

PHANTOM = {"is_phantom": True}


def test_a_part_used_on_two_ways_is_no_loop() -> None:
    shelf = Shelf(a_bom("A", ("B", 2), ("C", 3)), a_bom("B", ("D", 4)), a_bom("C", ("D", 5)))
    assert shelf.needs("A") == {"B": "2", "C": "3", "D": "23"}
    assert [one.component for one in shelf.exploded("A").requirements] == ["B", "C", "D"]


@pytest.mark.parametrize(
    ("boms", "loop"),
    [
        ((a_bom("A", ("B", 1), ("C", 1)), a_bom("C", ("A", 1))), "A > C > A"),
        ((a_bom("A", ("A", 1)),), "A > A"),
        ((a_bom("T", ("Z", 1)), a_bom("Z", ("M", 1)), a_bom("M", ("Q", 1)), a_bom("Q", ("Z", 1))), "M > Q > Z > M"),
    ],
)
def test_a_loop_is_named(boms: tuple[Any, ...], loop: str) -> None:
    with pytest.raises(BomLoop, match=loop):
        Shelf(*boms).needs(boms[0].product)
    inner = loop.split(" > ", maxsplit=1)[0]
    with pytest.raises(BomLoop, match=loop):
        Shelf(*boms).uses(inner)


def test_phantoms_pass_their_components_on_and_are_no_demand() -> None:
    shelf = Shelf(
        a_bom("P", ("F", 2, PHANTOM), ("E", 1)), a_bom("F", ("E", 3), ("G", 1, PHANTOM)), a_bom("G", ("E", 2))
    )
    assert shelf.needs("P") == {"E": "11"}
    assert (shelf.uses("E")["P"].quantity, set(shelf.uses("E")["P"].through)) == (Decimal(11), {"E", "F"})


def test_what_is_phantom_in_one_place_and_stocked_in_another_is_demanded_once() -> None:
    shelf = Shelf(a_bom("P", ("F", 2, PHANTOM), ("F", 1, {"designators": "X1"})), a_bom("F", ("E", 3)))
    assert shelf.needs("P") == {"F": "1", "E": "9"}


@pytest.mark.parametrize(("build", "sheets"), [(1, "1"), (248, "1"), (249, "2"), (500, "3"), (10_000, "41")])
def test_one_per_248_is_rounded_once_at_the_end(build: int, sheets: str) -> None:
    shelf = Shelf(a_bom("CLIP", ("STEEL", 1, {"unit": "SHEET"}), base_quantity=Decimal(248)))
    assert shelf.ordered("CLIP", build) == {"STEEL": sheets}


def test_attrition_then_set_up_then_the_multiple() -> None:
    reel = {"scrap_percent": Decimal(10), "fixed_quantity": Decimal(20), "multiple": Decimal(50)}
    shelf = Shelf(a_bom("BOARD", ("R", 3, reel)))
    (need,) = shelf.exploded("BOARD", 35).requirements
    assert (str(need.quantity), str(need.order_quantity)) == ("135.5", "150")


def test_ten_percent_of_110_is_121_and_not_122() -> None:
    assert Shelf(a_bom("X", ("R", 1, {"scrap_percent": Decimal(10)}))).ordered("X", 110) == {"R": "121"}


def test_what_is_not_fitted_needs_nothing_and_two_lines_of_a_part_add_up() -> None:
    shelf = Shelf(a_bom("A", ("CAP", 3, {"designators": "C6,C7,C12"}), ("CAP", 4, {"designators": "C10,C15,C16,C21"})))
    assert shelf.needs("A") == {"CAP": "7"}
    dnp = Shelf(a_bom("A", ("R3", 1, {"is_fitted": False})))
    assert dnp.needs("A") == {"R3": "0"}
    assert dnp.uses("R3") == {}


def test_an_alternate_takes_a_place_and_adds_nothing() -> None:
    shelf = Shelf(a_bom("T", ("A", 2)), a_bom("A", ("P1", 4, {"alternates": ("P2",)})))
    assert shelf.needs("A") == {"P1": "4"}
    assert shelf.exploded("A").requirements[0].alternates == ("P2",)
    uses = shelf.uses("P2")
    assert {name: (use.as_alternate, use.quantity) for name, use in uses.items()} == {
        "A": (True, None),
        "T": (True, None),
    }


def test_units_come_from_the_closed_list() -> None:
    assert [UnitTable("t").unit(name).factor for name in ("pcs", "kpcs", "EA", "doz", "ton", "PC")] == [
        *(Decimal(1), Decimal(1000), Decimal(1), Decimal(12), Decimal(1000), Decimal(1)),
    ]
    with pytest.raises(UnknownUnit, match="parsec"):
        UnitTable("t").unit("parsec")
    grams = Shelf(a_bom("A", ("GLUE", 1, {"unit": "KG"}), ("B", 1)), a_bom("B", ("GLUE", 250, {"unit": "G"})))
    assert grams.needs("A")["GLUE"] == "1.25"
    assert Shelf(a_bom("A", ("GLUE", "0.2", {"unit": "L"}))).ordered("A") == {"GLUE": "0.2"}
    with pytest.raises(UnitsDiffer, match="GLUE"):
        Shelf(a_bom("A", ("GLUE", 1, {"unit": "KG"}), ("GLUE", 1, {"unit": "L", "designators": "x"}))).needs("A")


def test_a_sub_assembly_counts_in_the_unit_of_its_own_bom() -> None:
    shelf = Shelf(a_bom("A", ("B", 2, {"unit": "KPCS"})), a_bom("B", ("C", 3)))
    assert shelf.needs("A") == {"B": "2", "C": "6000"}
    assert shelf.uses("C")["A"].quantity == 6000


def test_where_used_shows_all_decimals_of_a_quantity_that_ends_as_explosion_does() -> None:
    levels = [a_bom(f"P{level}", (f"P{level + 1}", "1.0001")) for level in range(3)]
    shelf = Shelf(*levels)
    assert shelf.needs("P0")["P3"] == str(shelf.uses("P3")["P0"].quantity) == "1.000300030001"
    beside = Shelf(*levels[1:], a_bom("P0", ("P1", "1.0001"), ("THIRD", 1)), a_bom("THIRD", ("X", 1), base_quantity=3))
    assert beside.needs("P0") == {"P1": "1.0001", "P2": "1.00020001", "P3": "1.000300030001", "THIRD": "1"} | {
        "X": "0.3333333333"
    }


@st.composite
def structures(draw: st.DrawFn) -> tuple[Shelf, dict[tuple[str, str], Fraction]]:
    """A structure without loops, and its lines as plain numbers."""
    names = [f"P{number}" for number in range(draw(st.integers(2, 7)))]
    boms, edges = [], {}
    for place, name in enumerate(names[:-1]):
        inside = draw(st.lists(st.sampled_from(names[place + 1 :]), unique=True, max_size=4))
        base = draw(st.sampled_from([1, 1, 3, 248]))
        lines = [(part, draw(st.sampled_from(["1", "2", "0.5", "1.0001"]))) for part in inside]
        edges.update({(name, part): Fraction(quantity) / base for part, quantity in lines})
        if lines:
            boms.append(a_bom(name, *lines, base_quantity=Decimal(base)))
    return Shelf(*boms), edges


@given(structures())
@settings(max_examples=60, deadline=None)
def test_explosion_is_the_sum_over_all_ways_and_where_used_its_mirror(made: Any) -> None:
    shelf, edges = made
    graph = nx.DiGraph(list(edges))
    graph.add_node("P0")
    needs = {one.component: one for one in shelf.exploded("P0").requirements}
    assert needs.keys() == nx.descendants(graph, "P0")
    for part, need in needs.items():
        total = Fraction(0)
        for way in nx.all_simple_paths(graph, "P0", part):
            amount = Fraction(1)
            for step in pairwise(way):
                amount *= edges[step]
            total += amount
        assert abs(Fraction(need.quantity) - total) < Fraction(1, 10**9)
        assert need.order_quantity == order_quantity(total, 0, None)
        assert shelf.uses(part)["P0"].quantity == need.quantity
