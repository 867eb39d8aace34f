"""What the stores promise, of the fakes and of DynamoDB alike."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from enghub.core.commits import Commit
from enghub.core.errors import VersionConflict
from enghub.plm.changes.dynamo import DynamoChangeOrders
from enghub.plm.changes.model import ChangeOrder, Notification, Processing
from enghub.plm.products.dynamo import DynamoProducts
from enghub.plm.products.model import Material, PlmProduct, Stamp, SyncStatus, land, material_id
from enghub.plm.products.reading import read
from tests.factories.http import NOW, an_origin
from tests.factories.plm import a_record
from tests.fakes.plm import FakeChangeOrders, FakeProducts


@pytest.fixture(params=[FakeProducts, DynamoProducts])
def products(request: pytest.FixtureRequest, account: Any) -> Any:
    account("plm")
    return request.param()


@pytest.fixture(params=[FakeChangeOrders, DynamoChangeOrders])
def orders(request: pytest.FixtureRequest, account: Any) -> Any:
    account("plm")
    return request.param()


# --- products ---


def put(products: Any, *numbers: int, tenant: str = "acme", **fields: Any) -> None:
    records = [read({**a_record(number), **fields}, NOW) for number in numbers]
    found = [record for record in records if isinstance(record, PlmProduct)]
    working = products.load(tenant, {(one.code, one.version) for one in found}, {one.material_code for one in found})
    land(found, working, Stamp(tenant, "run", NOW))
    products.save(tenant, working, Stamp(tenant, "run", NOW))


def test_what_was_saved_is_loaded_and_the_rest_is_missing(products: Any) -> None:
    put(products, 1, 2)
    working = products.load("acme", {("SNS-4000-0001", "A"), ("SNS-4000-0009", "A")}, {"MAT-SNS-4000-0002", "MAT-X"})
    assert list(working.mappings) == [("SNS-4000-0001", "A")]
    material = working.materials["MAT-SNS-4000-0002"]
    assert isinstance(material, Material)
    assert material.owner == "SNS-4000-0002"
    assert working.loaded_materials[material.code].revision == 1
    assert not working.changed_mappings


def test_nothing_to_load_is_nothing(products: Any) -> None:
    assert products.load("acme", set(), set()).mappings == {}


def test_an_outdated_write_is_refused_as_a_whole(products: Any) -> None:
    put(products, 1)
    key = ("SNS-4000-0001", "A")
    early, late = (products.load("acme", {key, ("SNS-4000-0002", "A")}, set()) for _ in range(2))
    early.put_mapping(replace(early.mappings[key], name="first"))
    products.save("acme", early, Stamp("acme", "run", NOW))
    late.put_mapping(replace(late.mappings[key], name="second"))
    late.put_mapping(replace(late.mappings[key], code="SNS-4000-0002"))
    with pytest.raises(VersionConflict):
        products.save("acme", late, Stamp("acme", "run", NOW))
    found = products.load("acme", {key, ("SNS-4000-0002", "A")}, set())
    assert [mapping.name for mapping in found.mappings.values()] == ["first"]


def codes(found: Any) -> list[str]:
    return [f"{mapping.code}/{mapping.version}" for mapping in found.mappings]


def test_mappings_are_found_by_code_material_and_status_of_their_tenant_only(products: Any) -> None:
    shared = {"mappingType": "ONE_TO_MANY", "materialCode": "MAT-GROUP"}
    put(products, 1, 2, **shared)
    put(products, 1, productVersion="B", lifecycleState="IN_WORK")
    put(products, 3, tenant="globex")
    assert codes(products.versions("acme", "SNS-4000-0001", 10, None)) == ["SNS-4000-0001/A", "SNS-4000-0001/B"]
    group = products.of_material("acme", material_id("acme", "MAT-GROUP"), 10, None)
    assert codes(group) == ["SNS-4000-0001/A", "SNS-4000-0002/A"]
    assert codes(products.in_status("acme", SyncStatus.PENDING, 10, None)) == ["SNS-4000-0001/B"]
    assert products.versions("acme", "SNS-4000-0003", 10, None).mappings == ()


@pytest.mark.parametrize("limit", [1, 2, 7, 50])
def test_pages_of_a_status_hold_every_mapping_once(products: Any, limit: int) -> None:
    put(products, *range(1, 13))
    found, cursor, pages = [], None, 0
    while True:
        page = products.in_status("acme", SyncStatus.SYNCED, limit, cursor)
        found += codes(page)
        cursor, pages = page.cursor, pages + 1
        if cursor is None:
            break
    assert sorted(found) == [f"SNS-4000-{number:04d}/A" for number in range(1, 13)]
    assert pages <= 12 // limit + 5


# --- change orders ---


def an_order(ecn: str = "ECN-1", receipt: str = "r", day: date | None = None, minutes: int = 0) -> ChangeOrder:
    told = Notification(ecn, "Seal ring", "DESIGN_CHANGE", "MAJOR", ("P-1", "P-2"), effective_date=day)
    return ChangeOrder("acme", "sh-01", "default", receipt, told, NOW + timedelta(minutes=minutes))


def receive(orders: Any, order: ChangeOrder) -> bool:
    accepted: bool = orders.receive(Commit(an_origin(), "received", order))
    return accepted


def test_an_ecn_number_is_received_once(orders: Any) -> None:
    assert receive(orders, an_order(receipt="first"))
    assert not receive(orders, an_order(receipt="second"))
    assert receive(orders, an_order(receipt="first"))
    assert orders.get("acme", "ECN-1").value.receipt_id == "first"
    assert orders.get("globex", "ECN-1") is None


def test_an_order_comes_back_as_it_was_stored(orders: Any) -> None:
    order = an_order(day=date(2026, 4, 1))
    receive(orders, order)
    assert orders.get("acme", "ECN-1").value == order


def test_an_order_is_processed_once(orders: Any) -> None:
    receive(orders, an_order())
    before = orders.get("acme", "ECN-1")
    after, point = before.value.become_change_point(NOW)
    orders.save(Commit(an_origin(), "processed", after, before), point)
    assert orders.point("acme", point.change_point_id) == point
    with pytest.raises(VersionConflict):
        orders.save(Commit(an_origin(), "processed", after, before), point)
    with pytest.raises(VersionConflict):
        orders.save(Commit(an_origin(), "parked", before.value.park("late", NOW), before))
    assert orders.get("acme", "ECN-1").value.processing is Processing.PROCESSED


def test_orders_are_listed_by_status_newest_first_and_by_day_earliest_first(orders: Any) -> None:
    for number, day in enumerate([date(2026, 4, 3), date(2026, 4, 1), None, date(2026, 4, 2)]):
        receive(orders, an_order(f"ECN-{number}", day=day, minutes=number))
    first = orders.by_processing("acme", Processing.RECEIVED, 3, None)
    rest = orders.by_processing("acme", Processing.RECEIVED, 3, first.cursor)
    numbers = [order.ecn_number for order in (*first.orders, *rest.orders)]
    assert numbers == ["ECN-3", "ECN-2", "ECN-1", "ECN-0"]
    days = orders.by_effective_date("acme", date(2026, 4, 1), date(2026, 4, 2), 10, None)
    assert [order.ecn_number for order in days.orders] == ["ECN-1", "ECN-3"]
    assert orders.by_processing("globex", Processing.RECEIVED, 3, None).orders == ()
