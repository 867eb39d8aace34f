"""What follows from changes and orders by event, with every fault at every call."""

import json
from typing import Any

from enghub.core import outbox
from tests.factories.http import Context, a_principal
from tests.factories.mes import PERMISSIONS, Floor
from tests.factories.queues import a_batch, failed
from tests.factories.stored import waiting
from tests.faults.harness import Flow, register

CHANGE = {
    "event_id": "01KJP5BG000000000000000777",
    "event_type": "ChangePointCreated",
    "timestamp": "2026-03-02T08:00:00.000000Z",
    "tenant_id": "acme",
    "factory_id": "sh-01",
    "source_service": "enghub.plm",
    "data": {"ecn_number": "ECN-1", "category": "CRITICAL", "title": "Crack", "affected_products": ["PROD-A001"]},
    "version": "1.0",
}


def two_orders() -> Floor:
    floor = Floor()
    floor.create()
    floor.create(workOrderId="WO-2")
    return floor


def heard(floor: Floor) -> list[str]:
    return failed(floor.handler("hold_orders")(a_batch(CHANGE), Context()))


def planned() -> tuple[Floor, list[dict[str, Any]]]:
    floor = two_orders()
    return floor, [outbox.body_of(record) for record in waiting()]


def tell(state: tuple[Floor, list[dict[str, Any]]]) -> list[str]:
    floor, told = state
    return failed(floor.handler("tell_planners")(a_batch(*told), Context()))


register(Flow("a critical change holds orders", "mes", two_orders, heard))
register(Flow("planners hear of orders", "mes", planned, tell))


def completed() -> tuple[Floor, list[dict[str, Any]]]:
    """An order that was completed and has a price for its time, of which planners have not heard."""
    floor = Floor(a_principal(*PERMISSIONS, "cost:manage"))
    say_cost(floor)
    floor.started()
    floor.report(goodQty=80)
    floor.step("WO-1", "complete", 3)
    told = [outbox.body_of(record) for record in waiting()]
    return floor, [one for one in told if one["event_type"] == "WorkOrderCompleted"]


def say_cost(floor: Floor) -> Any:
    body = {"validFrom": "2020-01-01", "amount": 36, "currency": "CNY"}
    return floor.call("change_plant", "PUT", "/api/v1/plant/standard-costs/LABOUR/ALL", body)


register(Flow("planners hear what an order cost", "mes", completed, tell))
register(Flow("say a standard cost", "mes", lambda: Floor(a_principal(*PERMISSIONS, "cost:manage")), say_cost))
RULE = {
    **CHANGE,
    "event_type": "BusinessRuleActivated",
    "factory_id": "",
    "source_service": "enghub.settings",
    "data": {
        "rule_key": "work_order.handling",
        "kind": "WORK_ORDER",
        "active_version": 2,
        "table": json.dumps(
            {
                "inputs": ["quantity"],
                "outputs": ["allowance"],
                "policy": "FIRST",
                "mayLack": [],
                "rows": [{"when": {}, "then": {"allowance": "0.02"}}],
            }
        ),
    },
}


def rule_heard(floor: Floor) -> list[str]:
    return failed(floor.handler("follow_rules")(a_batch(RULE), Context()))


def decides(floor: Floor) -> None:
    assert floor.create()[1]["data"]["allowanceBy"] == {"rule": "work_order.handling", "version": 2, "problem": ""}


def ruled() -> Floor:
    floor = Floor()
    assert rule_heard(floor) == []
    return floor


def planned_once(floor: Floor) -> None:
    found = floor.read("WO-1")[1]["data"]
    assert (found["overReportAllowance"], found["allowanceBy"]["version"]) == (0.02, 2)


register(Flow("follow a rule for allowances", "mes", Floor, rule_heard, must=decides))
register(Flow("plan an order whose allowance a rule says", "mes", ruled, Floor.create, must=planned_once))
