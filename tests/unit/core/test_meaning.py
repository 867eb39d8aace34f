"""What a request means, however it is written: what a claim on an Idempotency-Key is compared by."""

from decimal import Context, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enghub.core import wire

VALUES = st.recursive(
    st.none() | st.booleans() | st.text() | st.decimals(allow_nan=False, allow_infinity=False, places=4),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


class Edit(wire.Patch):
    station: wire.Code | None = None
    quantity: wire.Quantity = Decimal(0)


@given(VALUES)
def test_order_and_digits_that_say_nothing_do_not_matter(value: Any) -> None:
    def otherwise(one: Any) -> Any:
        if isinstance(one, dict):
            return {name: otherwise(inner) for name, inner in reversed(one.items())}
        if isinstance(one, Decimal):
            return one.quantize(Decimal("1.00000"), context=Context(prec=80))
        return [otherwise(inner) for inner in one] if isinstance(one, list) else one

    assert wire.meaning(otherwise(value)) == wire.meaning(value)


@given(VALUES, VALUES)
def test_different_values_mean_different_things(left: Any, right: Any) -> None:
    def same(one: Any, other: Any) -> bool:
        return type(one) is type(other) and one == other

    if wire.meaning(left) == wire.meaning(right):
        assert same(left, right) or left == right


@pytest.mark.parametrize(("left", "right"), [(1, "1"), (True, 1), (None, "None"), (["a"], "a"), ({}, [])])
def test_a_number_is_not_its_text(left: Any, right: Any) -> None:
    assert wire.meaning(left) != wire.meaning(right)


def test_in_a_patch_null_is_not_the_same_as_nothing() -> None:
    said, silent = Edit.model_validate({"station": None}), Edit.model_validate({})
    assert wire.meaning(said) != wire.meaning(silent)
