"""Reading and landing of PLM records (PLM-01, PLM-03, PLM-04)."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enghub.core import clock
from enghub.core.errors import VersionConflict
from enghub.plm.products.errors import ProductsContended
from enghub.plm.products.imports import TRIES, ProductImport
from enghub.plm.products.model import Outcome, PlmProduct, Rejection, Stamp, SyncStatus, WorkingSet, material_id
from enghub.plm.products.reading import read
from enghub.plm.products.reasons import Reason
from tests.factories.plm import a_record
from tests.fakes.plm import FakeProducts

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
DAY = datetime(2026, 3, 1, tzinfo=UTC)


def rejected(**fields: Any) -> tuple[Reason, str]:
    found = read({**a_record(), **fields}, NOW)
    assert isinstance(found, Rejection), found
    return found.reason, found.field


def test_a_good_record_is_read_whole() -> None:
    found = read(a_record(7, mappingType="ONE_TO_MANY", materialCode="MAT-SHARED"), NOW)
    assert isinstance(found, PlmProduct)
    assert (found.code, found.version, found.material_code) == ("SNS-4000-0007", "A", "MAT-SHARED")


def test_a_product_without_a_material_code_gets_one_from_its_own() -> None:
    found = read(a_record(7), NOW)
    assert isinstance(found, PlmProduct)
    assert found.material_code == "MAT-SNS-4000-0007"


@pytest.mark.parametrize(
    "field",
    [
        "productCode",
        "productVersion",
        "productName",
        "productGroup",
        "unit",
        "lifecycleState",
        "mappingType",
        "updatedAt",
    ],
)
@pytest.mark.parametrize("value", [None, "", "   "])
def test_a_missing_field_is_named(field: str, value: Any) -> None:
    assert rejected(**{field: value}) == (Reason.REQUIRED, field)


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("productCode", "sns 1", Reason.FORMAT),
        ("productCode", "A" * 51, Reason.FORMAT),
        ("productCode", 17, Reason.FORMAT),
        ("productVersion", "v1", Reason.FORMAT),
        ("productName", "x" * 201, Reason.FORMAT),
        ("productName", "a\x00b", Reason.FORMAT),
        ("productName", ["a"], Reason.FORMAT),
        ("materialCode", "mat#1", Reason.FORMAT),
        ("updatedAt", "2026-02-30T00:00:00Z", Reason.FORMAT),
        ("updatedAt", "2026-03-01T00:00:00", Reason.FORMAT),
        ("updatedAt", "2026-03-02T08:06:00Z", Reason.IN_FUTURE),
        ("lifecycleState", "DRAFT", Reason.UNKNOWN_VALUE),
        ("mappingType", "MANY_TO_MANY", Reason.UNKNOWN_VALUE),
    ],
)
def test_a_bad_value_is_named(field: str, value: Any, reason: Reason) -> None:
    assert rejected(**{field: value}) == (reason, field)


def test_a_product_of_a_shared_material_must_name_it() -> None:
    assert rejected(mappingType="ONE_TO_MANY") == (Reason.MATERIAL_REQUIRED, "materialCode")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(list(a_record())) | st.text(max_size=5), json_values, max_size=12))
def test_no_record_is_too_odd_to_be_read(raw: dict[str, Any]) -> None:
    found = read({**a_record(), **raw}, NOW)
    assert isinstance(found, PlmProduct | Rejection)
    if isinstance(found, Rejection):
        assert found.message("en")
        assert found.message("zh")


# --- landing ---


def landed(store: FakeProducts, *records: dict[str, Any], run: str = "run-1") -> Counter[Outcome]:
    counts, _ = ProductImport(store, lambda _: None).take_over(records, Stamp("acme", run, NOW))
    return counts


def at(day: int, **fields: Any) -> dict[str, Any]:
    return a_record(**fields, updatedAt=clock.to_text(DAY - timedelta(days=20 - day)))


def test_a_new_product_gets_its_material_and_both_are_found_again() -> None:
    store = FakeProducts()
    assert landed(store, a_record()) == {Outcome.CREATED: 1}
    mapping = store.mappings["acme", "SNS-4000-0001", "A"].value
    assert (mapping.status, mapping.material_code) == (SyncStatus.SYNCED, "MAT-SNS-4000-0001")
    assert mapping.material_id == material_id("acme", "MAT-SNS-4000-0001")
    assert material_id("acme", "M") != material_id("globex", "M")


def test_a_product_in_work_waits_without_a_material() -> None:
    store = FakeProducts()
    found = []
    for record in (at(1, lifecycleState="IN_WORK"), at(2)):
        landed(store, record)
        found.append((store.mappings["acme", "SNS-4000-0001", "A"].value.status, len(store.materials)))
    assert found == [(SyncStatus.PENDING, 0), (SyncStatus.SYNCED, 1)]


@given(st.permutations(range(6)), st.lists(st.integers(0, 5), max_size=6))
def test_in_whatever_order_and_however_often_edits_arrive_the_newest_stays(order: list[int], again: list[int]) -> None:
    store = FakeProducts()
    for number, day in enumerate([*order, *again]):
        landed(store, at(day, productName=f"name {day}"), run=f"run-{number}")
    assert store.mappings["acme", "SNS-4000-0001", "A"].value.name == "name 5"
    assert store.materials["acme", "MAT-SNS-4000-0001"].value.name == "name 5"


@given(st.lists(st.tuples(st.integers(1, 4), st.sampled_from("AB"), st.integers(0, 3), st.booleans()), max_size=60))
def test_taking_the_same_records_over_again_changes_and_counts_nothing_else(
    edits: list[tuple[int, str, int, bool]],
) -> None:
    records = [
        at(day, number=number, productVersion=version, productName="bolt" if good else "")
        for number, version, day, good in edits
    ]
    store = FakeProducts()
    landed(store, *records)
    before = (dict(store.mappings), dict(store.materials), store.writes)
    assert sum(landed(store, *records).values()) == len(records)
    assert (store.mappings, store.materials, store.writes) == before


def test_a_repeated_batch_counts_what_it_counted_the_first_time() -> None:
    store = FakeProducts()
    records = [a_record(1), a_record(2), a_record(3, productName="")]
    first = landed(store, *records)
    assert landed(store, *records) == first == {Outcome.CREATED: 2, Outcome.REJECTED: 1}
    assert landed(store, *records, run="run-2") == {Outcome.UNCHANGED: 2, Outcome.REJECTED: 1}


def test_a_rejection_shows_on_the_mapping_and_leaves_what_it_maps() -> None:
    store = FakeProducts()
    landed(store, at(1))
    landed(store, at(2, productName=""))
    mapping = store.mappings["acme", "SNS-4000-0001", "A"].value
    assert (mapping.status, mapping.failure) == (SyncStatus.FAILED, "productName is missing")
    assert mapping.material_code == "MAT-SNS-4000-0001"
    landed(store, at(2))
    assert store.mappings["acme", "SNS-4000-0001", "A"].value.status is SyncStatus.SYNCED


def test_an_old_rejection_does_not_spoil_newer_data() -> None:
    store = FakeProducts()
    landed(store, at(2))
    landed(store, at(1, productName=""))
    assert store.mappings["acme", "SNS-4000-0001", "A"].value.status is SyncStatus.SYNCED


def rejections(store: FakeProducts, *records: dict[str, Any]) -> list[tuple[Reason, str]]:
    _, found = ProductImport(store, lambda _: None).take_over(records, Stamp("acme", "run", NOW))
    return [(one.reason, one.value) for one in found]


def test_two_objects_with_one_code_and_version_are_one_product_and_a_duplicate() -> None:
    store = FakeProducts()
    twin = {**a_record(), "objectId": "OBJ-0000002"}
    assert rejections(store, a_record(), twin) == [(Reason.DUPLICATE, "OBJ-0000001")]
    assert rejections(store, twin) == [(Reason.DUPLICATE, "OBJ-0000001")]
    assert store.mappings["acme", "SNS-4000-0001", "A"].value.status is SyncStatus.SYNCED


def test_an_obsolete_object_gives_its_code_to_its_successor() -> None:
    store = FakeProducts()
    landed(store, at(1, lifecycleState="OBSOLETE"))
    assert rejections(store, {**at(2), "objectId": "OBJ-0000002"}) == []


def test_versions_of_a_product_share_its_material_and_other_products_may_not() -> None:
    store = FakeProducts()
    versions = [a_record(1), a_record(1, productVersion="B", objectId="OBJ-0000002")]
    assert rejections(store, *versions, a_record(3, materialCode="MAT-SNS-4000-0001")) == [
        (Reason.MATERIAL_TAKEN, "MAT-SNS-4000-0001")
    ]


def test_a_shared_material_takes_many_products_but_no_single_owner() -> None:
    store = FakeProducts()
    shared = {"mappingType": "ONE_TO_MANY", "materialCode": "MAT-GROUP"}
    assert rejections(store, *(a_record(number, **shared) for number in range(1, 5))) == []
    assert rejections(store, a_record(9, materialCode="MAT-GROUP")) == [(Reason.MATERIAL_TAKEN, "MAT-GROUP")]


class Contended(FakeProducts):
    """Refuses the first writes: somebody else was faster."""

    refusals = 0

    def save(self, tenant_id: str, working: WorkingSet, stamp: Stamp) -> None:
        if self.refusals:
            self.refusals -= 1
            raise VersionConflict(expected=1, actual=2)
        super().save(tenant_id, working, stamp)


def test_contention_is_tried_again_and_gives_up_at_last() -> None:
    store = Contended()
    store.refusals = TRIES - 1
    assert landed(store, a_record()) == {Outcome.CREATED: 1}
    store.refusals = TRIES
    with pytest.raises(ProductsContended):
        landed(store, a_record(2))
