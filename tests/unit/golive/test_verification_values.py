"""Values by their meaning: equal where only the representation differs, and nowhere else (OPS-06)."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enghub.golive.comparisons.values import ColumnRule, digest, rules_of, same

PLAIN = ColumnRule("c", "c")


def rule(**changed: Any) -> ColumnRule:
    return ColumnRule("c", "c", **changed)


AT = datetime(2026, 11, 28, 9, 0, 0, 123500, UTC).replace(tzinfo=None)
"""As databases without zones give times."""
CASES: list[tuple[Any, Any, ColumnRule, bool]] = [
    (Decimal("12.50"), Decimal("12.5"), PLAIN, True),
    (Decimal("12.50"), Decimal("12.51"), PLAIN, False),
    (Decimal("100"), 100, PLAIN, True),
    (Decimal("-0.00"), 0, PLAIN, True),
    (1, True, PLAIN, True),
    (2, True, PLAIN, False),
    (0, False, PLAIN, True),
    (18446744073709551615, Decimal("18446744073709551615"), PLAIN, True),
    (18446744073709551615, Decimal("18446744073709551614"), PLAIN, False),
    ("ab", "ab   ", rule(padded=True), True),
    (" ab", "ab", rule(padded=True), False),
    ("ab ", "ab", PLAIN, False),
    ("ab ", "ab", rule(trim=True), True),
    ("Ab", "ab", PLAIN, False),
    ("Ab", "ab", rule(ignore_case=True), True),
    ("a😀", "a?", PLAIN, False),
    (None, "NULL", PLAIN, False),
    (None, "", PLAIN, False),
    (None, None, PLAIN, True),
    ("", "", PLAIN, True),
    (AT, AT.replace(microsecond=123000), PLAIN, False),
    (AT, AT.replace(microsecond=123000), rule(tolerance=Decimal("0.001")), True),
    (AT, AT + timedelta(seconds=1), rule(tolerance=Decimal("0.001")), False),
    ("0000-00-00", None, PLAIN, False),
    ("0000-00-00", None, rule(zero_date_is_null=True), True),
    (AT, AT.replace(tzinfo=UTC), PLAIN, True),
    (AT, AT.replace(tzinfo=UTC), rule(source_zone="Asia/Shanghai"), False),
    (AT, (AT - timedelta(hours=8)).replace(tzinfo=UTC), rule(source_zone="Asia/Shanghai"), True),
    (date(2026, 11, 28), date(2026, 11, 28), PLAIN, True),
    (date(2026, 11, 28), AT.replace(hour=0, microsecond=0), PLAIN, False),
    (timedelta(hours=9, minutes=30), time(9, 30), PLAIN, True),
    (b"\x00\x01", memoryview(b"\x00\x01"), PLAIN, True),
    (b"\x00" * 15 + b"\x01", b"\x00" * 15 + b"\x02", PLAIN, False),
    ('{"a":1,"b":2.0}', {"b": 2, "a": 1}, rule(is_json=True), True),
    ('{"a":[1,2]}', {"a": [2, 1]}, rule(is_json=True), False),
    ("x", b"x", PLAIN, False),
    ("1", 1, PLAIN, False),
    (str(UUID(int=7)), UUID(int=7), PLAIN, True),
    (1.5, Decimal("1.5"), PLAIN, True),
    (float("nan"), float("nan"), PLAIN, True),
    (Decimal("10.004"), Decimal("10.00"), rule(tolerance=Decimal("0.01")), True),
    ("a", "b", rule(tolerance=Decimal(1)), False),
]


@pytest.mark.parametrize(("source", "target", "known", "equal"), CASES)
def test_meaning(source: Any, target: Any, known: ColumnRule, equal: bool) -> None:
    assert same(source, target, known) is equal
    assert same(target, source, ColumnRule("c", "c", **_swapped(known))) is equal
    if known.tolerance is None:
        rows = digest([source], [known], of_target=False), digest([target], [known], of_target=True)
        assert (rows[0] == rows[1]) is equal


def _swapped(known: ColumnRule) -> dict[str, Any]:
    names = ("padded", "is_json", "zero_date_is_null", "ignore_case", "trim", "tolerance")
    swapped = {"source_zone": known.target_zone, "target_zone": known.source_zone}
    return {**{name: getattr(known, name) for name in names}, **swapped}


TEXTS = st.none() | st.text(max_size=4)


@given(st.tuples(TEXTS, TEXTS, TEXTS), st.tuples(TEXTS, TEXTS, TEXTS))
def test_rows_are_equal_only_when_every_value_is(left: tuple[Any, ...], right: tuple[Any, ...]) -> None:
    """Also ('x0', 'y') and ('x', '0y'), which run together without marks."""
    rules = (PLAIN, PLAIN, PLAIN)
    found = digest(left, rules, of_target=False) == digest(right, rules, of_target=True)
    assert found is all(same(one, other, PLAIN) for one, other in zip(left, right, strict=True))


def test_types_of_either_side_say_how_a_column_compares() -> None:
    types = {"a": ("CHAR(5)", "TEXT"), "b": ("LONGTEXT", "JSONB"), "c": ("VARCHAR(5)", "TEXT")}
    a, b, c = rules_of(["a", "b", "c"], types, {"c": rule(trim=True)}, {"c": "see"})
    assert (a.padded, b.is_json, c.padded, c.trim, c.target) == (True, True, False, True, "see")
