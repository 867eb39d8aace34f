"""Production orders come from the ERP, each one work order, acknowledged or rejected by name (MES-16, MES-21)."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.factories.erp import Linked, SandboxErp, sandbox_erp
from tests.factories.stored import events, items

ORDER: dict[str, Any] = {
    "order_id": "PO-1",
    "product_id": "PROD-A001",
    "bom_version": "V2.0",
    "qty": 40,
    "due_date": "2026-12-24",
    "sales_order_id": "SO-9",
}


@pytest.fixture
def erp(account: Any) -> Iterator[SandboxErp]:
    account("mes")
    with sandbox_erp() as found:
        yield found


@pytest.fixture
def floor(erp: SandboxErp) -> Linked:
    assert erp.asked == []
    return Linked("ORDERS")


def offer(erp: SandboxErp, **fields: Any) -> None:
    order = {name: value for name, value in {**ORDER, **fields}.items() if value is not None}
    erp.say("order", order["order_id"], json.dumps(order))


def answers() -> list[tuple[str, str]]:
    return sorted((one["subject"], one["value"]) for one in items("ERP_RECEIVED"))


def test_an_order_of_the_erp_is_planned_once_and_acknowledged(floor: Linked, erp: SandboxErp) -> None:
    offer(erp)
    for _ in range(3):
        floor.sweep()
    order = floor.read("PO-1")[1]["data"]
    assert (order["plannedQuantity"], order["dueDate"], order["salesOrderId"]) == (40, "2026-12-24", "SO-9")
    assert (order["bomVersion"], order["status"], order["version"]) == ("V2.0", "CREATED", 1)
    assert answers() == [("PO-1", "ACCEPTED")]
    assert len(events("WorkOrderCreated")) == 1


def test_an_acknowledgement_that_was_lost_plans_nothing_twice(floor: Linked, erp: SandboxErp) -> None:
    offer(erp)
    erp.scenario(lost_answers=3)
    floor.sweep()
    assert floor.service("ORDERS")["state"] == "DOWN"
    erp.module.dynamo.answered_orders = set  # it lost the acknowledgement itself
    try:
        floor.call("change_erp", "POST", "/api/v1/plant/erp/replay")
    finally:
        erp.module.dynamo.answered_orders = erp.answered
    assert len(events("WorkOrderCreated")) == 1
    assert (answers(), floor.service("ORDERS")["state"]) == ([("PO-1", "ACCEPTED")], "UP")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"qty": 0}, "plannedQuantity"),
        ({"qty": "40"}, "plannedQuantity"),
        ({"qty": 1e300}, "plannedQuantity"),
        ({"due_date": "24.12.2026"}, "dueDate"),
        ({"product_id": None}, "productId"),
        ({"qty": 0.5}, "plannedQuantity"),
        ({"order_id": "PO/1"}, "workOrderId"),
    ],
    ids=str,
)
def test_an_order_that_cannot_be_planned_is_rejected_by_name_and_planners_hear(
    floor: Linked, erp: SandboxErp, wrong: dict[str, Any], field: str
) -> None:
    offer(erp, **wrong)
    offer(erp, order_id="PO-2")
    floor.sweep()
    number = wrong.get("order_id", "PO-1")
    assert answers() == sorted([("PO-2", "ACCEPTED"), (number, "REJECTED")])
    (notice,) = [one["data"] for one in events("NoticeRequested")]
    assert (notice["notice_type"], notice["roles"]) == ("mes.erp_order_rejected", ["PLANNER"])
    assert field in notice["facts"]["problem"]
    assert notice["facts"]["problemZh"] != notice["facts"]["problem"]


def test_a_number_that_another_product_has_is_rejected_one_of_the_same_is_this_order(
    floor: Linked, erp: SandboxErp
) -> None:
    floor.create(workOrderId="PO-1", productId="OTHER")
    floor.create(workOrderId="PO-2")
    offer(erp)
    offer(erp, order_id="PO-2")
    floor.sweep()
    assert answers() == [("PO-1", "REJECTED"), ("PO-2", "ACCEPTED")]


@pytest.mark.parametrize("fault", [{"down": True}, {"garbage": True}, {"delay_ms": 6000}], ids=str)
def test_while_the_erp_is_away_no_orders_come_and_those_here_go_on(
    floor: Linked, erp: SandboxErp, fault: dict[str, Any]
) -> None:
    offer(erp)
    erp.scenario(**fault)
    floor.sweep()
    assert floor.read("PO-1")[0] == 404
    assert floor.service("ORDERS")["rule"] == "no orders come in; what is planned here goes on"
    assert floor.create(workOrderId="WO-9")[0] == 201
    erp.scenario(down=False, garbage=False, delay_ms=0)
    floor.call("change_erp", "POST", "/api/v1/plant/erp/replay")
    assert floor.read("PO-1")[0] == 200


def test_an_order_waits_in_the_erp_while_its_boms_are_away(erp: SandboxErp) -> None:
    floor = Linked("ORDERS", "BOM")
    offer(erp)
    erp.scenario(down=True, services=["bom"])
    floor.sweep()
    assert (floor.read("PO-1")[0], answers()) == (404, [])
    erp.scenario(down=False)
    floor.call("change_erp", "POST", "/api/v1/plant/erp/replay")
    assert (floor.read("PO-1")[0], answers()) == (200, [("PO-1", "ACCEPTED")])
