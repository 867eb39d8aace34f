"""Planning through the API, down to the table (MES-08)."""

from typing import Any

import pytest

from tests.factories.quality import Quality

BASE = "/api/v1/planning"


@pytest.fixture
def quality(account: Any) -> Quality:
    account("mes")
    return Quality()


def put(quality: Quality, item: str, **fields: Any) -> tuple[int, dict[str, Any]]:
    return quality.call("plan_requirements", "PUT", f"{BASE}/items/{item}", fields)


def run(quality: Quality, *demands: tuple[str, int], **fields: Any) -> tuple[int, dict[str, Any]]:
    wanted = [
        {"itemId": item, "dueDate": "2026-05-05", "quantity": quantity, "reference": f"SO-{n}"}
        for n, (item, quantity) in enumerate(demands)
    ]
    body = {"today": "2026-04-01", "demands": wanted, "holidays": ["2026-05-01"], **fields}
    headers = {"Idempotency-Key": "run-1"}
    return quality.call("plan_requirements", "POST", f"{BASE}/runs", body, headers=headers)


def ask(quality: Quality, path: str, body: Any) -> dict[str, Any]:
    status, answer = quality.call("read_planning", "POST", f"{BASE}/{path}", body)
    assert status == 200, answer
    data: dict[str, Any] = answer["data"]
    return data


def test_a_run_suggests_orders_that_say_why(quality: Quality) -> None:
    put(quality, "A", leadDays=3, scrap=0.3, components=[{"itemId": "R", "quantity": 2}])
    put(quality, "R", leadDays=1, lotRule={"multiple": 100})
    receipt = {"materialId": "R", "lotId": "L1", "warehouse": "W", "location": "A", "quantity": 60}
    quality.call("move_stock", "POST", "/api/v1/inventory/receipts", receipt)
    status, answer = run(quality, ("A", 200), ("A", 115))
    assert status == 201, answer
    made = answer["data"]
    assert (made["items"], made["suggestions"], made["late"]) == (2, 2, 0)
    assert run(quality, ("A", 200), ("A", 115))[1]["data"] == made
    path = f"{BASE}/runs/{made['runId']}"
    found = quality.call("read_planning", "GET", f"{path}/suggestions")[1]["data"]["items"]
    parent, raw = found
    assert (parent["quantity"], parent["start"]) == (450, "2026-04-29")
    assert [(peg["source"], peg["quantity"]) for peg in parent["pegs"]] == [("SO-0", 200), ("SO-1", 115)]
    assert (raw["quantity"], raw["why"]["gross"], raw["why"]["fromStock"], raw["why"]["net"]) == (900, 900, 60, 840)
    assert (raw["why"]["roundedUp"], raw["pegs"][0]["source"]) == (60, parent["orderId"])
    assert quality.call("read_planning", "GET", path)[1]["data"] == made


def test_what_cannot_be_planned_is_named(quality: Quality) -> None:
    assert run(quality, ("A", 1))[1]["details"]["error"] == "UNKNOWN_ITEM"
    put(quality, "A", components=[{"itemId": "B", "quantity": 1}])
    put(quality, "B", components=[{"itemId": "A", "quantity": 1}])
    assert run(quality, ("A", 1))[1]["details"]["error"] == "BOM_CIRCLE"
    assert put(quality, "C", scrap=1)[1]["details"]["field"] == "scrap"
    assert put(quality, "A", leadDays=2)[1]["code"] == "40902"
    assert put(quality, "A", leadDays=2, version=1)[1]["data"]["version"] == 2


def test_lot_sizes_side_by_side(quality: Quality) -> None:
    """MF7 through the API."""
    body = {"demand": [0, 0, 0, 9], "setupCosts": [40, 35, 50, 60], "holdingCost": 1}
    found = ask(quality, "lot-sizes", body)["items"]
    assert (found[0]["method"], found[0]["cost"], found[0]["orders"]) == ("WAGNER_WHITIN", 53, [0, 9, 0, 0])
    assert len(found) == 6


def test_master_schedule_and_finite_capacity(quality: Quality) -> None:
    body = {"forecast": [20, 20, 20], "orders": [23, 20, 8], "onHand": 45, "lotSize": 80}
    assert [one["schedule"] for one in ask(quality, "master-schedules", body)["items"]] == [0, 0, 80]
    job = {"station": "ST", "hours": 8, "earliest": "2026-05-05", "dueDate": "2026-05-05"}
    capacity = [{"station": "ST", "day": f"2026-05-0{day}", "hours": 8} for day in (5, 6)]
    jobs = [{**job, "jobId": "A"}, {**job, "jobId": "B"}]
    found = ask(quality, "schedules", {"jobs": jobs, "capacity": capacity})
    assert [(one["end"], one["isLate"]) for one in found["items"]] == [("2026-05-05", False), ("2026-05-06", True)]
    assert found["items"][1]["whyLate"] == ["ST works on A first"]
    assert found["load"] == [{"station": "ST", "hours": 16, "capacity": 16, "ratio": 1}]
