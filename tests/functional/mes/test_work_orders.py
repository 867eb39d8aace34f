"""Work orders through their functions, down to the table (MES-01, MES-18, MES-20)."""

from typing import Any

import pytest

from enghub.core import audit
from tests.factories.http import a_principal
from tests.factories.mes import PERMISSIONS, PLAN, Floor


def test_a_work_order_is_planned_and_announced(floor: Floor, told: Any) -> None:
    status, body = floor.create()
    assert (status, body["data"]["status"], body["data"]["version"]) == (201, "CREATED", 1)
    assert body["data"]["remaining"] == 100
    assert floor.read("WO-1")[1]["data"] == body["data"]
    [(event_type, data)] = told()
    assert (event_type, data["work_order_id"], data["planned_qty"]) == ("WorkOrderCreated", "WO-1", 100)


def test_a_work_order_without_a_number_gets_one(floor: Floor) -> None:
    assert floor.create(workOrderId=None)[1]["data"]["workOrderId"].startswith("WO-")


def test_a_number_is_given_once(floor: Floor) -> None:
    floor.create()
    status, body = floor.create(plannedQuantity=5)
    assert (status, body["details"]["error"]) == (409, "WORK_ORDER_EXISTS")
    assert floor.read("WO-1")[1]["data"]["plannedQuantity"] == 100


def test_a_change_sent_again_because_its_answer_was_lost_gets_the_order(floor: Floor, told: Any) -> None:
    """No Idempotency-Key: the audit knows that the same person has just made the same change."""
    somebody = a_principal(*PERMISSIONS, user="somebody-else")
    first = floor.create()
    assert floor.create()[1]["data"] == first[1]["data"]
    assert floor.create(caller=somebody)[1]["details"]["error"] == "WORK_ORDER_EXISTS"
    released = floor.step("WO-1", "release", 1)[1]["data"]
    again = floor.step("WO-1", "release", 1)
    assert (again[0], again[1]["data"]) == (200, released)
    assert floor.step("WO-1", "release", 1, caller=somebody)[1]["code"] == "40902"
    edited = floor.edit("WO-1", version=2, plannedQuantity=80)[1]["data"]
    assert floor.edit("WO-1", version=2, plannedQuantity=80)[1]["data"] == edited
    assert floor.edit("WO-1", version=2, plannedQuantity=81)[1]["code"] == "40902"
    assert floor.create()[1]["details"]["error"] == "WORK_ORDER_EXISTS"
    assert [kind for kind, _ in told()] == ["WorkOrderCreated", "WorkOrderReleased", "WorkOrderChanged"]


def test_a_repeated_request_gets_the_first_answer(floor: Floor, told: Any) -> None:
    sent: dict[str, Any] = {
        "method": "POST",
        "path": "/api/v1/work-orders",
        "body": PLAN,
        "headers": {"Idempotency-Key": "k"},
    }
    first, again = floor.call("create_work_order", **sent), floor.call("create_work_order", **sent)
    assert (first[0], first[1]["data"]) == (again[0], again[1]["data"])
    assert len(told()) == 1


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"plannedQuantity": 0}, "plannedQuantity"),
        ({"plannedQuantity": -1}, "plannedQuantity"),
        ({"dueDate": "04.03.2026"}, "dueDate"),
        ({"dueDate": 20260304}, "dueDate"),
        ({"workOrderId": "a/b"}, "workOrderId"),
        ({"overReportAllowance": 1.5}, "overReportAllowance"),
        ({"shift": None}, "shift"),
        ({"factoryId": "bj-01"}, "factoryId"),
        ({"productId": None}, "productId"),
    ],
)
def test_a_bad_plan_is_refused_with_the_field_named(floor: Floor, fields: dict[str, Any], field: str) -> None:
    status, body = floor.create(**fields)
    assert (status, body["details"]["field"]) == (400, field)
    assert floor.read("WO-1")[0] == 404


def test_a_work_order_lives_its_life_and_tells_it(floor: Floor, told: Any) -> None:
    floor.create()
    for version, step in enumerate(("release", "start", "pause", "resume"), start=1):
        assert floor.step("WO-1", step, version)[0] == 200
    assert floor.report()[0] == 201
    assert floor.step("WO-1", "complete", 5)[1]["data"]["goodQuantity"] == 10
    status, body = floor.step("WO-1", "close", 6)
    assert (status, body["data"]["status"], body["data"]["version"]) == (200, "CLOSED", 7)
    told = [event_type for event_type, _ in told() if event_type.startswith("WorkOrder")]
    names = ("Created", "Released", "Started", "Paused", "Resumed", "Completed", "Closed")
    assert told == [f"WorkOrder{name}" for name in names]


def test_the_history_of_a_work_order_is_one_unbroken_chain(floor: Floor) -> None:
    floor.started()
    floor.step("WO-1", "pause", 3)
    entries = audit.history("acme", "work_order/sh-01/WO-1")
    actions = [entry.action.removeprefix("work_order.") for entry in entries]
    assert actions == ["created", "released", "started", "paused"]
    assert audit.broken_at(entries) is None
    assert (entries[1].before["status"], entries[1].after["status"]) == ("CREATED", "RELEASED")
    assert (entries[1].user_id, entries[1].source_ip) == ("emp-001", "192.0.2.7")


def test_a_step_on_an_outdated_version_names_both(floor: Floor) -> None:
    floor.create()
    floor.step("WO-1", "release", 1)
    status, body = floor.step("WO-1", "start", 1)
    assert (status, body["code"]) == (409, "40902")
    assert (body["details"]["expected"], body["details"]["actual"]) == (1, 2)


def test_a_step_the_state_does_not_allow_is_refused(floor: Floor) -> None:
    floor.create()
    status, body = floor.step("WO-1", "start", 1)
    assert (status, body["code"], body["details"]["error"]) == (422, "42201", "STEP_NOT_ALLOWED")
    assert floor.step("WO-1", "explode", 1)[0] == 404
    assert floor.step("WO-9", "release", 1)[0] == 404


def test_what_is_planned_can_be_changed_until_release_fixes_it(floor: Floor) -> None:
    floor.create()
    status, body = floor.edit("WO-1", version=1, plannedQuantity=150, productId="PROD-B")
    assert (status, body["data"]["remaining"], body["data"]["version"]) == (200, 150, 2)
    floor.step("WO-1", "release", 2)
    status, body = floor.edit("WO-1", version=3, productId="PROD-C", shift="night", shiftDate="2026-03-02")
    assert (status, body["details"]["fields"]) == (422, "product_id, shift, shift_on")
    assert floor.edit("WO-1", version=3, plannedQuantity=80)[1]["data"]["remaining"] == 80
    assert floor.edit("WO-1", version=3, plannedQuantity=90)[1]["code"] == "40902"
    assert floor.edit("WO-1", version=4)[0] == 400


def listed(floor: Floor, **query: str) -> list[str]:
    status, body = floor.call("read_work_orders", "GET", "/api/v1/work-orders", query=query)
    assert status == 200, body
    return [item["workOrderId"] for item in body["data"]["items"]]


def test_work_orders_are_listed_four_ways(floor: Floor) -> None:
    floor.create(workOrderId="A", dueDate="2026-03-09")
    floor.create(workOrderId="B", dueDate="2026-03-05", salesOrderId="SO-8", productId="P2", stationId="S2")
    floor.create(workOrderId="C", dueDate="2026-03-07", salesOrderId=None, stationId=None)
    assert listed(floor, status="CREATED") == ["B", "C", "A"]
    assert listed(floor, status="CREATED", dueFrom="2026-03-07", dueTo="2026-03-08") == ["C"]
    assert listed(floor, salesOrderId="SO-7") == ["A"]
    assert listed(floor, productId="PROD-A001") == ["A", "C"]
    assert listed(floor, stationId="S2") == ["B"]


def test_a_list_follows_every_change(floor: Floor) -> None:
    floor.create(workOrderId="A")
    floor.create(workOrderId="B")
    floor.step("A", "release", 1)
    floor.edit("B", version=1, stationId="S9", salesOrderId=None)
    assert (listed(floor, status="CREATED"), listed(floor, status="RELEASED")) == (["B"], ["A"])
    assert (listed(floor, stationId="ST-SMT-01"), listed(floor, stationId="S9")) == (["A"], ["B"])
    assert listed(floor, salesOrderId="SO-7") == ["A"]


def test_a_list_comes_in_pages(floor: Floor) -> None:
    for number in range(5):
        floor.create(workOrderId=f"W{number}")
    seen: list[str] = []
    query = {"status": "CREATED", "pageSize": "2"}
    while True:
        data = floor.call("read_work_orders", "GET", "/api/v1/work-orders", query=query)[1]["data"]
        seen += [item["workOrderId"] for item in data["items"]]
        if data["cursor"] is None:
            break
        query["cursor"] = data["cursor"]
    assert seen == [f"W{number}" for number in range(5)]


@pytest.mark.parametrize(
    "query", [{}, {"status": "CREATED", "productId": "P"}, {"productId": "P", "dueTo": "2026-03-07"}, {"cursor": "x"}]
)
def test_a_list_request_must_name_one_list(floor: Floor, query: dict[str, str]) -> None:
    assert floor.call("read_work_orders", "GET", "/api/v1/work-orders", query=query or None)[0] == 400


def test_another_tenant_and_another_factory_see_nothing(floor: Floor) -> None:
    floor.create()
    for stranger in (
        a_principal(*PERMISSIONS, tenant="globex"),
        a_principal(*PERMISSIONS, factories=("bj-01",)),
    ):
        assert floor.read("WO-1", caller=stranger)[0] == 404
        assert floor.step("WO-1", "release", 1, caller=stranger)[0] == 404
        query = {"status": "CREATED"}
        page = floor.call("read_work_orders", "GET", "/api/v1/work-orders", query=query, caller=stranger)[1]
        assert page["data"]["items"] == []


def test_a_cursor_of_another_tenant_is_refused(floor: Floor) -> None:
    floor.create(workOrderId="A")
    floor.create(workOrderId="B")
    query = {"status": "CREATED", "pageSize": "1"}
    cursor = floor.call("read_work_orders", "GET", "/api/v1/work-orders", query=query)[1]["data"]["cursor"]
    stranger = a_principal(*PERMISSIONS, tenant="globex")
    stolen = {"status": "CREATED", "cursor": cursor}
    assert floor.call("read_work_orders", "GET", "/api/v1/work-orders", query=stolen, caller=stranger)[0] == 400


@pytest.mark.parametrize("lacking", ["work_order:create", "work_order:release", "work_order:start", "work_order:close"])
def test_each_group_of_commands_needs_its_permission(floor: Floor, lacking: str) -> None:
    floor.create()
    weak = a_principal(*(set(PERMISSIONS) - {lacking}))
    path = {"release": "work_order:release", "start": "work_order:start", "cancel": "work_order:close"}
    statuses = {step: floor.step("WO-1", step, 99, caller=weak)[0] for step in path}
    assert {step for step, status in statuses.items() if status == 403} == {s for s, p in path.items() if p == lacking}
    if lacking == "work_order:create":
        assert floor.create(caller=weak, workOrderId="X")[0] == 403
