"""Numbers as connections write them, and mapping rules on records (PLM-23, PLM-24; case PF13)."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enghub.plm.connections.numbers import as_text, exact_number
from enghub.plm.connections.rules import NumberFormat
from enghub.plm.mappings.applying import IDENTITY, Around, CompiledMapping, LeftOut, applied
from enghub.plm.mappings.model import Check, FieldRule, MappingKind, MappingRules, MappingTest, Reads
from enghub.plm.mappings.proof import proved
from enghub.plm.products.partial import KEEP
from enghub.plm.products.reading import PROBLEM

POINT, GROUPS, COMMA, COMMAS = NumberFormat
PRODUCT = MappingKind.PRODUCT


@pytest.mark.parametrize(
    ("text", "written", "meant"),
    [
        ("1.5", POINT, "1.5"),
        (" 12 ", POINT, "12"),
        ("1,500", POINT, None),
        ("1,500", GROUPS, "1500"),
        ("1,50", GROUPS, None),
        ("1,500.25", GROUPS, "1500.25"),
        ("1,5", COMMA, "1.5"),
        ("1.500", COMMA, None),
        ("1.500,25", COMMAS, "1500.25"),
        ("1.500", COMMAS, "1500"),
        ("-2", POINT, "-2"),
        *(
            (bad, POINT, None)
            for bad in ("1_000", "NaN", "Infinity", "1e3", "１２", "-0", "-0.0", "+1", "", ".5", "5.", "0x1")
        ),
        *((bad, COMMAS, None) for bad in ("1_000", "nan", "１２", "٣", "1 000", "1.50")),
        ("1" * 41, POINT, None),
    ],
)
def test_a_number_is_what_the_connection_writes_and_nothing_else(text: str, written: NumberFormat, meant: str) -> None:
    assert exact_number(text, written) == (None if meant is None else Decimal(meant))


@settings(max_examples=60)
@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**9), max_value=10**9))
def test_what_is_written_plainly_is_read_back_exactly(number: Decimal) -> None:
    text = as_text(number)
    expected = None if not number and text.startswith("-") else number
    assert exact_number(text, POINT) == expected
    assert exact_number(text.replace(".", ","), COMMA) == expected


def compiled(*fields: FieldRule, **more: Any) -> CompiledMapping:
    return CompiledMapping.of(PRODUCT, MappingRules(fields, **more), 1)


def test_the_identity_changes_nothing_not_even_the_object() -> None:
    records: list[dict[str, Any]] = [{"objectId": "1", "x": {"deep": [1]}}, {"y": KEEP}]
    made, left = applied(IDENTITY[PRODUCT], records, Around())
    assert made == records
    assert made[0] is records[0]
    assert left == []


def test_absent_nil_and_empty_stay_three_things() -> None:
    mapping = compiled(
        FieldRule("unit", "uom", convert="value == null ? null : value"), FieldRule("productName", "name")
    )
    partial = {"objectId": "1", "productGroup": KEEP, "name": None}
    made = mapping.apply(partial, Around())
    assert made == {"objectId": "1", "productGroup": KEEP, "unit": KEEP, "productName": None}
    assert mapping.apply({"uom": "", "name": ""}, Around()) == {"unit": "", "productName": ""}
    lacking = mapping.apply({"objectId": "7", "name": "a"}, Around())
    assert lacking[PROBLEM] == ("NO_MEMBER", "unit", "uom")  # type: ignore[index]


def test_times_without_an_offset_are_of_the_connections_zone() -> None:
    mapping = compiled(FieldRule("updatedAt", "changed", reads=Reads.TIME))
    made = mapping.apply({"changed": "2026-03-01T08:00:00"}, Around(zone="Asia/Shanghai"))
    assert made["updatedAt"] == "2026-03-01T00:00:00.000000Z"  # type: ignore[index]


def test_numbers_are_exact_and_texts_stay_texts() -> None:
    mapping = compiled(
        FieldRule("unit", "q", convert="value * 1000", reads=Reads.NUMBER), FieldRule("productVersion", "rev")
    )
    made = mapping.apply({"q": "0,004", "rev": "1.10"}, Around(NumberFormat.COMMA))
    assert made == {"unit": "4", "productVersion": "1.10"}
    number = {"q": Decimal("0.004"), "rev": "1.10"}
    assert mapping.apply(number, Around(NumberFormat.COMMA)) == made, "a number of JSON is written by no format"
    assert mapping.apply({"q": True, "rev": "1"}, Around())[PROBLEM][0] == "NOT_TEXT"  # type: ignore[index]
    assert mapping.apply({"q": "", "rev": "007"}, Around())[PROBLEM][0] == "MAPPING"  # type: ignore[index]


def test_a_list_is_no_field_and_a_record_with_a_problem_stays_as_it_is() -> None:
    mapping = compiled(FieldRule("unit", convert="['a']"), take="source.x != 'no'")
    assert mapping.apply({"x": "a"}, Around())[PROBLEM][:2] == ("NOT_TEXT", "unit")  # type: ignore[index]
    assert mapping.apply({"x": "no"}, Around()) == LeftOut({"x": "no"})
    named = compiled(FieldRule("objectId", "id"), take="source.x != 'no'")
    assert named.apply({"x": "no", "id": "7"}, Around()) == LeftOut({"x": "no", "id": "7"}, "7"), "it is not gone"
    broken = {PROBLEM: ("CELLS", "", "3 / 2")}
    assert mapping.apply(broken, Around()) is broken


def test_a_proof_names_what_no_test_proves() -> None:
    rules = (FieldRule("unit", "u"), FieldRule("productName", "n"))
    mapping = compiled(
        *rules, checks=(Check("has a name", "productName", "record.productName != ''"),), take="source.u != ''"
    )
    good = MappingTest("good", {"u": "PCS", "n": "a"}, {"unit": "PCS", "productName": "a"})
    assert proved(mapping, [good], Around()).unproved == ("check has a name", "take")
    nameless = MappingTest("nameless", {"u": "PCS", "n": ""}, refused="productName")
    without = MappingTest("without", {"u": "", "n": "x"}, left_out=True)
    assert proved(mapping, [good, nameless, without], Around()).is_whole
    wrong = MappingTest("wrong", {"u": "KG", "n": "a"}, {"unit": "PCS"})
    empty = MappingTest("says nothing", {"u": "KG", "n": "a"})
    assert [one.test.name for one in proved(mapping, [good, wrong, empty], Around()).failed] == [
        "wrong",
        "says nothing",
    ]
