"""Laws of the three-way merge (CFG-04)."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enghub.core.strictjson import parse_json, write_json
from enghub.settings.configs.merge import merge, same

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.text(max_size=3)
    | st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-1000, max_value=1000)
)
documents = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc/~"), inner, max_size=3)
)
objects = st.dictionaries(st.sampled_from("abc/~"), documents, max_size=4)


def an_item(document: Any, tags: Any = (), **other: Any) -> dict[str, Any]:
    return {"configType": "JSON", "configValue": write_json(document), "tags": sorted(set(tags)), **other}


items = st.builds(
    an_item,
    objects,
    st.lists(st.sampled_from("xyz")),
    description=st.sampled_from(["", "a", "b"]),
    isActive=st.booleans(),
)


def equal(left: Any, right: Any) -> bool:
    return same({**left, "configValue": None}, {**right, "configValue": None}) and same(
        parse_json(left["configValue"]), parse_json(right["configValue"])
    )


@given(items, items)
def test_who_alone_changed_something_gets_it(base: Any, changed: Any) -> None:
    for merged in (merge(base, changed, base), merge(base, base, changed)):
        assert merged.is_clean
        assert equal(merged.proposal, changed)


@given(items, items)
def test_the_same_change_on_both_sides_is_no_conflict(base: Any, changed: Any) -> None:
    merged = merge(base, changed, changed)
    assert merged.is_clean
    assert merged.proposal == changed


@given(items, items, items)
def test_conflicts_do_not_depend_on_who_is_yours_and_who_is_theirs(base: Any, one: Any, other: Any) -> None:
    left, right = merge(base, one, other), merge(base, other, one)
    assert [(c.path, c.base) for c in sorted(left.conflicts, key=lambda c: c.path)] == [
        (c.path, c.base) for c in sorted(right.conflicts, key=lambda c: c.path)
    ]
    if left.is_clean:
        assert equal(left.proposal, right.proposal)


@given(items, items, items)
def test_what_neither_side_touched_stays_and_what_one_touched_is_taken(base: Any, one: Any, other: Any) -> None:
    merged = merge(base, one, other)
    old, mine, theirs, found = (parse_json(i["configValue"]) for i in (base, one, other, merged.proposal))
    for name in {*old, *mine, *theirs}:
        sides = [side.get(name, ...) for side in (old, mine, theirs)]
        if same(sides[0], sides[1]):
            assert same(found.get(name, ...), sides[2])
        elif same(sides[0], sides[2]):
            assert same(found.get(name, ...), sides[1])


@given(items, items, items)
def test_a_conflict_keeps_what_is_stored(base: Any, one: Any, other: Any) -> None:
    merged = merge(base, one, other)
    for conflict in merged.conflicts:
        if conflict.path in {"description", "isActive"}:
            assert merged.proposal[conflict.path] == other[conflict.path] == conflict.theirs


@given(documents)
def test_json_survives_writing(document: Any) -> None:
    assert same(parse_json(write_json(document)), document)


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [(True, 1, False), (1, Decimal("1.0"), True), (None, False, False), ([1, True], [1, 1], False), ({}, [], False)],
)
def test_equality_is_that_of_json(left: Any, right: Any, expected: bool) -> None:
    assert same(left, right) is expected


def test_deleting_what_the_other_side_changed_is_a_conflict_that_says_who_lacks_it() -> None:
    merged = merge(an_item({"a": 1}), an_item({}), an_item({"a": 2}))
    (conflict,) = merged.conflicts
    assert (conflict.path, conflict.absent) == ("configValue/a", ("yours",))
    assert parse_json(merged.proposal["configValue"]) == {"a": 2}


def test_deleting_what_nobody_else_touched_is_clean() -> None:
    merged = merge(an_item({"a": 1, "b": 1}), an_item({"b": 1}), an_item({"a": 1, "b": 2}))
    assert merged.is_clean
    assert parse_json(merged.proposal["configValue"]) == {"b": 2}


def test_null_is_a_value() -> None:
    merged = merge(an_item({"a": 1}), an_item({"a": None}), an_item({"a": 1, "b": 2}))
    assert parse_json(merged.proposal["configValue"]) == {"a": None, "b": 2}


def test_tags_merge_as_a_set() -> None:
    merged = merge(an_item({}, "ab"), an_item({}, "ac"), an_item({}, "abd"))
    assert (merged.proposal["tags"], merged.is_clean) == (["a", "c", "d"], True)


def test_a_text_value_is_merged_as_a_whole() -> None:
    sides: list[dict[str, Any]] = [{"configType": "STRING", "configValue": value, "tags": []} for value in "abc"]
    assert [conflict.path for conflict in merge(*sides).conflicts] == ["configValue"]


def test_a_number_keeps_its_digits() -> None:
    text = '{"rate":0.12345678901234567890123,"n":1E+400}'
    other = '{"rate":0.12345678901234567890123,"n":1E+400,"b":1}'
    mine = '{"rate":0.12345678901234567890123,"n":1E+400,"c":1}'
    sides = [{"configType": "JSON", "configValue": value, "tags": []} for value in (text, mine, other)]
    assert "0.12345678901234567890123" in merge(*sides).proposal["configValue"]
