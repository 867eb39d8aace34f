"""The factory floor through the public API: from plan to board, and what strangers get (issue 2, slice 3)."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from enghub.core import clock
from enghub.core.clock import system_clock
from enghub_cli.context import Cloud
from tests.factories.floor_api import FACTORY, FloorApi, a_report, done
from tests.waiting import until

pytestmark = pytest.mark.e2e

BOARD = {"date": "2026-03-02", "shift": "day"}


@pytest.fixture(scope="module")
def floor(cloud: Cloud) -> Iterator[FloorApi]:
    with FloorApi.of_a_new_tenant(cloud) as made:
        yield made


@pytest.fixture
def stranger(cloud: Cloud) -> Iterator[httpx.Client]:
    """A shift lead of another tenant."""
    with FloorApi.of_a_new_tenant(cloud) as made:
        yield made.client("SHIFT_LEAD", "PLANNER")


def shown(floor: FloorApi, found: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Return the board once it shows what is looked for."""
    client = floor.client("OPERATOR")

    def look() -> dict[str, Any] | None:
        board: dict[str, Any] = done(client.get("/api/v1/dashboard/shift-board", params=BOARD))
        return board if found(board) else None

    return until(look, seconds=60)


def test_an_order_is_planned_produced_shown_and_closed(floor: FloorApi) -> None:
    lead = floor.client("SHIFT_LEAD", "PLANNER")
    number = floor.started_order(lead, 20, standardSeconds=30)
    path = f"/api/v1/work-orders/{number}"
    body = a_report(
        number, 9, defectQty=1, defectTypes=["短路"], runSeconds=400, downSeconds=100, reportTime="2026-03-02T07:55:00Z"
    )
    report = "/api/v1/production/report"
    first = lead.post(report, json=body, headers={"Idempotency-Key": number})
    again = lead.post(report, json=body, headers={"Idempotency-Key": number})
    assert (done(first, 201), again.headers["Idempotency-Replayed"]) == (done(again, 201), "true")

    board = shown(floor, lambda board: any(line["output"] for line in board["lines"]))
    (line,) = board["lines"]
    assert (line["plan"], line["output"], line["yield"], line["oee"]) == (20, 10, 0.9, 0.54)
    assert board["behindSeconds"] <= 5

    for version, step in ((3, "pause"), (4, "resume"), (5, "complete"), (6, "close")):
        order = done(lead.post(f"{path}/{step}", json={"version": version}))
    assert (order["status"], order["goodQuantity"], order["defectQuantity"]) == ("CLOSED", 9, 1)
    for query in ({"status": "CLOSED"}, {"salesOrderId": "SO-7"}, {"productId": "PROD-A001"}):
        found = done(lead.get("/api/v1/work-orders", params=query))
        assert [item["workOrderId"] for item in found["items"]] == [number]


def test_an_order_changes_lists_and_the_plan_when_it_is_edited_and_cancelled(floor: FloorApi) -> None:
    lead = floor.client("SHIFT_LEAD", "PLANNER")
    plan = {"productId": "P-2", "plannedQuantity": 5, "dueDate": "2026-03-04", "lineId": "SMT-2", "stationId": "S-1"}
    created = done(lead.post("/api/v1/work-orders", json={**plan, "shiftDate": "2026-03-02", "shift": "day"}), 201)
    path = f"/api/v1/work-orders/{created['workOrderId']}"
    done(lead.patch(path, json={"version": 1, "stationId": "S-2", "plannedQuantity": 7}))
    done(lead.post(f"{path}/release", json={"version": 2}))
    shown(floor, lambda board: any((line["line"], line["plan"]) == ("SMT-2", 7) for line in board["lines"]))
    assert done(lead.get("/api/v1/work-orders", params={"stationId": "S-1"}))["items"] == []
    outdated = lead.post(f"{path}/cancel", json={"version": 2})
    assert (outdated.status_code, outdated.json()["code"]) == (409, "40902")
    done(lead.post(f"{path}/cancel", json={"version": 3, "reason": "customer withdrew"}))
    shown(floor, lambda board: all(line["line"] != "SMT-2" for line in board["lines"]))


def test_strangers_and_the_unauthorised_get_nothing(floor: FloorApi, stranger: httpx.Client) -> None:
    lead = floor.client("SHIFT_LEAD", "PLANNER")
    plan = {"productId": "P-3", "plannedQuantity": 5, "dueDate": "2026-03-04"}
    number = done(lead.post("/api/v1/work-orders", json=plan), 201)["workOrderId"]
    assert stranger.get(f"/api/v1/work-orders/{number}").status_code == 404
    assert stranger.post(f"/api/v1/work-orders/{number}/release", json={"version": 1}).status_code == 404
    refused = stranger.post(
        "/api/v1/production/report", json=a_report(number, 1), headers={"Idempotency-Key": "stranger"}
    )
    assert refused.status_code == 404
    operator = floor.client("OPERATOR")
    assert operator.post(f"/api/v1/work-orders/{number}/release", json={"version": 1}).status_code == 403
    assert done(lead.get(f"/api/v1/work-orders/{number}"))["version"] == 1


def test_who_may_not_look_is_told_so(floor: FloorApi) -> None:
    clerk = floor.client("CONFIG_VIEWER")
    for path in (
        "work-orders?status=CREATED",
        "production/reports?workOrderId=WO-1",
        "dashboard/shift-board?date=2026-03-02&shift=day",
    ):
        refused = clerk.get(f"/api/v1/{path}")
        assert (refused.status_code, refused.json()["code"]) == (403, "40301")


def test_the_reconciliation_repairs_what_was_broken(cloud: Cloud, floor: FloorApi) -> None:
    """One report's mark is lost as if its event had never come, and a counter is spoilt: the job mends both."""
    lead, table = floor.client("SHIFT_LEAD", "PLANNER"), cloud.client("dynamodb")
    number = floor.started_order(lead, 20, lineId="SMT-3")
    stored = []
    for turn, quantity in enumerate((4, 3)):
        body = a_report(number, quantity, reportTime=f"2026-03-02T07:5{turn}:00Z")
        headers = {"Idempotency-Key": f"{number}-{turn}"}
        stored.append(done(lead.post("/api/v1/production/report", json=body, headers=headers), 201)["reportId"])
    shown(floor, lambda board: any((line["line"], line["output"]) == ("SMT-3", 7) for line in board["lines"]))

    place = f"T#{floor.tenant}#F#{FACTORY}"
    earlier = {":then": {"S": clock.to_text(system_clock() - timedelta(minutes=10))}}
    name = "enghub-local-mes"
    table.update_item(
        TableName=name,
        Key={"pk": {"S": f"{place}#BOARD#2026-03-02#day"}, "sk": {"S": "LINE#SMT-3"}},
        UpdateExpression="SET good = :wrong, updated_at = :then",
        ExpressionAttributeValues={":wrong": {"N": "99"}, **earlier},
    )
    table.update_item(
        TableName=name,
        Key={"pk": {"S": f"{place}#REPORT#{number}-1"}, "sk": {"S": "REPORT"}},
        UpdateExpression="SET recorded_at = :then",
        ExpressionAttributeValues=earlier,
    )
    mark = f"T#{floor.tenant}#INBOX#update_shift_board#{stored[1]}"
    table.delete_item(TableName=name, Key={"pk": {"S": mark}, "sk": {"S": "INBOX"}})

    answer = cloud.client("lambda").invoke(
        FunctionName=f"{name}-rebuild-shift-board",
        Payload=json.dumps({"tenant_id": floor.tenant, "factory_id": FACTORY, **BOARD}),
    )
    found = json.loads(answer["Payload"].read())
    assert (found["corrected"], found["missing"], found["in_doubt"]) == (1, 1, 0), found
    board = shown(floor, lambda _: True)
    assert [line["output"] for line in board["lines"] if line["line"] == "SMT-3"] == [7]
