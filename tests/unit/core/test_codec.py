"""The stored form follows from the type: each kind of type, what is older, what is newer, what has no form."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enghub.core.codec import Layout, Unreadable, codec, dumps, loads
from tests.factories.generated import instances

AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


class Colour(StrEnum):
    RED = "red"


class Grade(Enum):
    ONE = 1


@dataclass(frozen=True)
class Spring:
    force: Decimal


@dataclass(frozen=True)
class Screw:
    length: int
    head: str | None = None


@dataclass(frozen=True)
class Box:
    name: str
    number: int
    weight: Decimal
    open: bool
    made: datetime
    sold: date
    took: timedelta
    colour: Colour
    grade: Grade
    mode: Literal["a", "b"]
    seal: bytes
    label: str | None
    tags: tuple[str, ...]
    sizes: frozenset[Decimal]
    pair: tuple[int, date]
    parts: Mapping[str, Screw]
    by_colour: Mapping[Colour, tuple[Spring, ...]]
    by_number: Mapping[int, str]
    holds: Screw | Spring
    may_hold: Screw | Spring | None
    spring: Spring
    anything: Any
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Node:
    number: int | None = 1
    below: "Node | None" = None


@dataclass(frozen=True)
class Tree:
    root: Node


@settings(max_examples=60, deadline=None)
@given(instances(Tree))
def test_a_dataclass_may_hold_itself_and_none_beside_another_default(tree: Tree) -> None:
    assert codec(Tree).read(codec(Tree).write(tree)) == tree


@settings(max_examples=60, deadline=None)
@given(instances(Box))
def test_every_kind_of_type_comes_back_exactly(box: Box) -> None:
    boxes = codec(Box)
    assert boxes.read(boxes.write(box)) == box
    assert loads(Box, dumps(box)) == box
    whole = codec(Box, Layout(body="body"))
    assert list(whole.write(box)) == ["body"]
    assert whole.read(whole.write(box)) == box


def test_plain_values_are_attributes_of_their_own_kind_and_what_holds_others_is_json() -> None:
    @dataclass(frozen=True)
    class Bolt:
        number: int
        weight: Decimal
        made: datetime
        open: bool
        tags: tuple[str, ...]
        spring: Spring
        label: str | None = None

    bolt = Bolt(7, Decimal("1.50"), AT.astimezone(timezone(timedelta(hours=8))), False, ("短",), Spring(Decimal(2)))
    assert codec(Bolt).write(bolt) == {
        "number": {"N": "7"},
        "weight": {"N": "1.50"},
        "made": {"S": "2026-03-02T08:00:00.000000Z"},
        "open": {"BOOL": False},
        "tags": {"S": '["短"]'},
        "spring": {"S": '{"force":"2"}'},
    }


def test_the_layout_says_what_differs() -> None:
    @dataclass(frozen=True)
    class Crate:
        tenant: str
        screw: Screw
        rule: Any = None

    layout = Layout(
        names={"screw.length": "mm"},
        flat=("screw",),
        given=("tenant",),
        of_key=lambda pk, _: {"tenant": pk},
        forms={"rule": (str, int)},
    )
    crate = Crate("acme", Screw(7), 9)
    stored = codec(Crate, layout).write(crate)
    assert stored == {"mm": {"N": "7"}, "rule": {"S": "9"}}
    assert codec(Crate, layout).read({**stored, "pk": {"S": "acme"}, "sk": {"S": "x"}}) == crate


def test_what_an_older_item_lacks_takes_the_default_and_what_a_newer_one_adds_is_ignored() -> None:
    assert codec(Screw).read({"length": {"N": "7"}, "thread": {"S": "M4"}}) == Screw(7)


@pytest.mark.parametrize(
    ("item", "named"),
    [
        ({}, "Screw.*length"),
        ({"length": {"S": "seven"}}, "Screw.*length"),
        ({"length": {"N": "seven"}}, "Screw.*length"),
    ],
)
def test_what_cannot_be_read_names_class_and_attribute(item: Any, named: str) -> None:
    with pytest.raises(Unreadable, match=named):
        codec(Screw).read(item)
    with pytest.raises(Unreadable, match="Screw"):
        loads(Screw, '{"head": "flat"}')


def test_one_of_several_dataclasses_is_read_by_its_name_and_by_its_fields_where_an_older_text_has_none() -> None:
    @dataclass(frozen=True)
    class Drawer:
        holds: Spring | Screw

    assert loads(Drawer, dumps(Drawer(Screw(7)))) == Drawer(Screw(7))
    assert loads(Drawer, '{"holds": {"length": 7, "head": null}}') == Drawer(Screw(7))


@pytest.mark.parametrize("weight", ["NaN", "Infinity", "1234567890123456789012345678901234567890.1"])
def test_a_number_that_dynamodb_would_bend_is_refused(weight: str) -> None:
    with pytest.raises(ValueError):
        codec(Spring).write(Spring(Decimal(weight)))


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**33), max_value=10**33, places=4))
def test_38_digits_stay_exact(force: Decimal) -> None:
    springs = codec(Spring)
    assert springs.read(springs.write(Spring(force))) == Spring(force)
    assert loads(Spring, dumps(Spring(force))) == Spring(force)


def test_a_time_without_offset_is_refused() -> None:
    @dataclass(frozen=True)
    class Stamp:
        at: datetime

    with pytest.raises(ValueError, match="offset"):
        codec(Stamp).write(Stamp(AT.replace(tzinfo=None)))


def test_a_type_without_a_stored_form_is_named_when_the_codec_is_made() -> None:
    @dataclass(frozen=True)
    class Odd:
        mixed: int | str

    with pytest.raises(TypeError, match=r"Odd\.mixed"):
        codec(Odd)
