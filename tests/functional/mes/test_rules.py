"""Rules of the settings say allowances and priorities here; they come by event (CFG-15, MES-01, MES-07)."""

import json
from itertools import permutations
from typing import Any

import pytest

from enghub.mes.rules.names import DISPATCH, HANDLING, KINDS
from tests.factories.http import Context
from tests.factories.mes import Floor
from tests.factories.queues import a_batch, failed
from tests.functional.mes.test_capacity_load import load, plant

__all__ = ["plant"]
BY_PRODUCT = [
    {"when": {"product": "'PROD-A001'", "quantity": ">= 100"}, "then": {"allowance": "0.05"}},
    {"when": {"product": "'PROD-B'"}, "then": {"allowance": "null"}},
]
COLUMNS = {
    HANDLING: {"inputs": ["product", "quantity", "days"], "outputs": ["allowance"]},
    DISPATCH: {"inputs": ["product", "salesOrder", "days", "status"], "outputs": ["priority"]},
}


def told(key: str, rows: list[Any], version: int = 1, tenant: str = "acme", **fields: Any) -> dict[str, Any]:
    table = {**COLUMNS[key], "policy": "FIRST", "mayLack": ["salesOrder"] if key == DISPATCH else [], "rows": rows}
    data = {"rule_key": key, "name": "Ours", "kind": KINDS[key], "layer": "tenant", "previous_version": 0}
    return {
        "event_id": f"01KK{version:04d}",
        "event_type": "BusinessRuleActivated",
        "timestamp": "2026-03-01T06:00:00.000000Z",
        "tenant_id": tenant,
        "factory_id": "",
        "source_service": "enghub.settings",
        "data": {**data, "active_version": version, "table": json.dumps(table) if rows else "", **fields},
        "version": "1.0",
    }


def hear(floor: Floor, *events: dict[str, Any]) -> None:
    for one in events:
        assert failed(floor.handler("follow_rules")(a_batch(one), Context())) == []


def planned(floor: Floor, number: str = "WO-1", **fields: Any) -> tuple[Any, Any]:
    status, body = floor.create(workOrderId=number, **fields)
    assert status == 201, body
    found = body["data"]
    return found["overReportAllowance"], found["allowanceBy"]


def test_the_active_rule_says_the_allowance_of_a_new_order_and_the_answer_which_version(floor: Floor) -> None:
    assert planned(floor, "WO-0") == (0, None)
    hear(floor, told(HANDLING, BY_PRODUCT, 3))
    by = {"rule": HANDLING, "version": 3, "problem": ""}
    assert planned(floor, "WO-1") == (0.05, by)
    assert floor.read("WO-1")[1]["data"]["allowanceBy"] == by
    assert planned(floor, "WO-2", overReportAllowance=0.2) == (0.2, None)
    assert planned(floor, "WO-3", plannedQuantity=50) == (0, None)
    assert planned(floor, "WO-4", productId="PROD-B") == (0, by)
    assert floor.read("WO-0")[1]["data"]["overReportAllowance"] == 0


def test_reports_are_taken_up_to_what_the_rule_allows(floor: Floor) -> None:
    hear(floor, told(HANDLING, BY_PRODUCT))
    floor.started()
    assert floor.report(goodQty=105)[0] == 201
    assert floor.report("key-2", goodQty=1)[0] == 422


def test_people_who_say_the_allowance_later_are_heard_and_the_rule_is_not_named_any_more(floor: Floor) -> None:
    hear(floor, told(HANDLING, BY_PRODUCT))
    planned(floor)
    changed = floor.edit("WO-1", version=1, dueDate="2026-03-09")[1]["data"]
    assert changed["allowanceBy"]["rule"] == HANDLING
    changed = floor.edit("WO-1", version=2, overReportAllowance=0.01)[1]["data"]
    assert (changed["overReportAllowance"], changed["allowanceBy"]) == (0.01, None)


def test_the_same_order_sent_again_under_another_version_is_the_first_one(floor: Floor) -> None:
    hear(floor, told(HANDLING, BY_PRODUCT, 1))
    planned(floor)
    other = [{"when": {}, "then": {"allowance": "0.5"}}]
    hear(floor, told(HANDLING, other, 2))
    assert planned(floor) == (0.05, {"rule": HANDLING, "version": 1, "problem": ""})


@pytest.mark.parametrize("said", ["1.5", "-0.1", "'much'", "true", "product + 1"])
def test_a_rule_that_cannot_decide_is_told_and_no_order_is_refused(floor: Floor, said: str) -> None:
    hear(floor, told(HANDLING, [{"when": {}, "then": {"allowance": said}}]))
    allowance, by = planned(floor)
    assert (allowance, by["version"]) == (0, 1)
    assert "allowance" in by["problem"]


def test_in_whatever_order_activations_come_the_latest_decides_and_a_tenants_hides_everybodys(floor: Floor) -> None:
    tenths = {n: [{"when": {}, "then": {"allowance": f"{n} / 10"}}] for n in (1, 2, 3)}
    everybodys = told(HANDLING, [{"when": {}, "then": {"allowance": "0.9"}}], tenant="*")
    for number, order in enumerate(permutations(told(HANDLING, rows, n) for n, rows in tenths.items())):
        hear(floor, everybodys, *order, *order)
        assert planned(floor, f"WO-{number}")[0] == 0.3
    hear(floor, told(HANDLING, [], 4, active_version=0))
    assert planned(floor, "WO-9")[0] == 0.9


@pytest.mark.parametrize("other", [{"rule_key": "incident.targets"}, {"kind": "DISPATCH"}])
def test_rules_that_nothing_here_asks_are_passed_over(floor: Floor, other: dict[str, Any]) -> None:
    hear(floor, told(HANDLING, BY_PRODUCT, **other))
    assert planned(floor) == (0, None)


def test_dispatch_follows_the_priority_that_the_rule_says_and_the_load_says_which(plant: Floor) -> None:
    more: dict[str, Any] = {"standardSeconds": 600, "routingId": None}
    plant.create(workOrderId="WO-1", dueDate="2026-03-02", salesOrderId=None, **more)
    plant.create(workOrderId="WO-2", dueDate="2026-03-03", salesOrderId="SO-VIP", **more)
    assert [one["workOrderId"] for one in load(plant, days="3")["operations"]] == ["WO-1", "WO-2"]
    rows = [{"when": {"salesOrder": "'SO-VIP'", "days": "< 3"}, "then": {"priority": "10"}}]
    hear(plant, told(DISPATCH, rows, 7))
    first, second = load(plant, days="3")["operations"]
    assert (first["workOrderId"], first["priority"]) == ("WO-2", 10)
    assert first["priorityBy"] == {"rule": DISPATCH, "version": 7, "problem": ""}
    assert (second["workOrderId"], second["priority"], second["priorityBy"]) == ("WO-1", 500, None)
    assert second["whyLate"] == ["ORDERS_BEFORE"]


def test_an_order_on_which_the_dispatch_rule_fails_stands_in_the_middle_with_the_problem(plant: Floor) -> None:
    plant.create(workOrderId="WO-1", standardSeconds=600, routingId=None)
    hear(plant, told(DISPATCH, [{"when": {}, "then": {"priority": "days / 7 + 0.5"}}]))
    (only,) = load(plant, days="3")["operations"]
    assert only["priority"] == 500
    assert "priority" in only["priorityBy"]["problem"]
