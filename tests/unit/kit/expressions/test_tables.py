"""Decision tables: every mistake is named, at save or at run; nothing is hidden as "does not match"."""

from decimal import Decimal
from typing import Any

import pytest

from enghub.kit.expressions.compiled import Expression
from enghub.kit.expressions.errors import ExpressionFailed, ExpressionRefused, NoRowFits, SeveralRowsFit
from enghub.kit.expressions.tables import CompiledTable, HitPolicy, Row, Table

ROWS = (
    Row({"qty": "> 100"}, {"price": "qty * 2"}),
    Row({"qty": "[10..100]"}, {"price": "qty * 3"}),
    Row({"qty": "< 10", "customer": "'vip'"}, {"price": "0.1"}),
)


def table(*rows: Row, policy: HitPolicy = HitPolicy.UNIQUE, **fields: Any) -> CompiledTable:
    found = Table("prices", ("qty", "customer"), ("price",), rows or ROWS, policy, **fields)
    return CompiledTable.of(found)


def price(made: CompiledTable, qty: Any, customer: Any = "x") -> Any:
    return made.decide({"qty": qty, "customer": customer}).result["price"]


def test_the_row_that_fits_gives_its_result_as_decimal() -> None:
    assert price(table(), 200) == Decimal(400)
    assert price(table(), Decimal("50.5")) == Decimal("151.5")
    assert price(table(), 1, "vip") == Decimal("0.1")
    assert isinstance(price(table(), 200), Decimal)


@pytest.mark.parametrize(
    ("cell", "said"),
    [("> > 3", "row 1, column qty"), ("rand(3) > 1", "dice"), ("date('now') > 1", "clock"), ("x" * 501, "500")],
)
def test_a_cell_that_may_not_be_is_named_when_it_is_saved(cell: str, said: str) -> None:
    with pytest.raises(ExpressionRefused, match=said):
        table(Row({"qty": cell}, {"price": "1"}))


@pytest.mark.parametrize(
    "text", ["sum(map([1..3000000], # * 2))", "rand(1)", "d('2026-01-01')", "sum(filter(0..9, #))"]
)
def test_what_has_no_bound_a_clock_or_dice_is_refused(text: str) -> None:
    with pytest.raises(ExpressionRefused):
        Expression.of(text, "price")
    assert Expression.of("'rand(1)' + name", "text").value({"name": "!"}) == "rand(1)!"


def test_a_value_of_another_type_or_missing_is_an_error_and_not_another_row() -> None:
    with pytest.raises(ExpressionFailed, match="row 1, column qty"):
        price(table(), "5")
    with pytest.raises(ExpressionFailed, match="row 1, column qty"):
        price(table(), None)
    lenient = table(Row({"customer": "== null"}, {"price": "1"}), may_lack=("customer",))
    assert price(lenient, 1, None) == 1


def test_a_result_that_fails_is_an_error() -> None:
    with pytest.raises(ExpressionFailed, match="row 1, column price"):
        price(table(Row({"qty": "> 0"}, {"price": "qty + customer"})), 5)


def test_hit_policies() -> None:
    rows = (Row({"qty": "> 1"}, {"price": "1"}), Row({"qty": "> 2"}, {"price": "2"}))
    with pytest.raises(SeveralRowsFit, match="1, 2"):
        price(table(*rows), 5)
    assert price(table(*rows, policy=HitPolicy.FIRST), 5) == 1
    with pytest.raises(SeveralRowsFit):
        price(table(*rows, policy=HitPolicy.ANY), 5)
    collected = table(*rows, policy=HitPolicy.COLLECT).decide({"qty": 5, "customer": ""})
    assert (collected.rows, [one["price"] for one in collected.results]) == ((1, 2), [1, 2])
    with pytest.raises(NoRowFits, match="qty=0"):
        price(table(*rows), 0)


def test_rows_that_no_test_reaches_are_named() -> None:
    found = table().covered([{"qty": 200, "customer": "x"}, {"qty": 50, "customer": "x"}])
    assert (found.reached, found.never) == ((1, 2), (3,))


def test_a_number_that_the_engine_would_round_is_refused() -> None:
    with pytest.raises(ExpressionRefused, match="exact"):
        Expression.of("qty", "qty").value({"qty": Decimal("9007199254740993")})


def test_columns_and_results_have_to_be_there() -> None:
    with pytest.raises(ExpressionRefused, match="column colour"):
        table(Row({"colour": "> 1"}, {"price": "1"}))
    with pytest.raises(ExpressionRefused, match="column price"):
        table(Row({"qty": "> 1"}, {}))
