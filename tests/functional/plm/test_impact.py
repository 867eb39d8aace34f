"""The chain of a change through its functions: notice, where-used, orders, inspections, risk (PLM-09, PLM-10)."""

import json
from pathlib import Path
from typing import Any

from tests.factories.http import Context, a_principal, a_request
from tests.factories.plm import a_notification, call, deliver, handler, process, queued
from tests.factories.stored import commands

PUBLISHED = Path(__file__).parents[3] / "events" / "published"
READER = a_principal("change_impact:read")
BUILDER = a_principal("bom:change")
PATH = "/api/v1/plm/change-orders/ECN-7"


def told(event_type: str, version: int = 1, at: str = "2026-03-02T08:00:00Z", **data: Any) -> None:
    """Let an event of the mes arrive, twice."""
    event = json.loads((PUBLISHED / f"{event_type}.1.0.json").read_text("utf-8"))
    changes = {**data, "work_order_version": version} if event_type.startswith("WorkOrder") else data
    event = {**event, "timestamp": at, "data": {**event["data"], **changes}}
    for _ in range(2):
        body = {"detail-type": event_type, "detail": event}
        assert handler("project_floor")(queued(body), Context())["batchItemFailures"] == []


def a_structure() -> None:
    for product, part, key in (("CAR", "DOOR", False), ("DOOR", "LOCK", True), ("LOCK", "PIN", False)):
        lines = [{"sequence": 10, "component": part, "quantity": 2, "isKeyComponent": key}]
        path = f"/api/v1/plm/boms/{product}/versions/A"
        assert call("change_boms", a_request("PUT", path, {"lines": lines}, caller=BUILDER))[0] == 200


def changed(**fields: Any) -> None:
    deliver(a_notification("ECN-7", affectedProducts=["LOCK"], effectiveDate=None, **fields))
    process(*commands("process_change"))


def impact() -> dict[str, Any]:
    status, body = call("read_impacts", a_request("GET", f"{PATH}/impact", caller=READER))
    assert status == 200, body
    found: dict[str, Any] = body["data"]
    return found


def test_from_the_notice_up_to_finished_products_and_down_to_components() -> None:
    a_structure()
    changed()
    found = impact()
    assert found["change"]["changePoint"]["type"] == "MATERIAL"
    assert [(one["productCode"], one["quantity"], one["isTop"]) for one in found["uses"]] == [
        *(("DOOR", 2, False), ("CAR", 4, True)),
    ]
    assert found["finishedProducts"] == ["CAR"]
    assert [one["component"] for one in found["components"]] == ["PIN"]
    assert found["risk"]["severity"] == 8, "MAJOR, and a key component on the way"
    assert found["floor"] == {"knownUntil": None, "ageSeconds": None, "ordersWithGaps": 0, "stock": "NONE_TOLD"}


def test_open_orders_of_everything_above_are_hit_with_the_moment_they_were_told() -> None:
    a_structure()
    changed()
    told("WorkOrderReleased", 3, work_order_id="WO-1", product_id="CAR", status="RELEASED")
    told("WorkOrderCompleted", 5, work_order_id="WO-2", product_id="DOOR", status="COMPLETED")
    told("WorkOrderReleased", 3, work_order_id="WO-3", product_id="BIKE", status="RELEASED")
    found = impact()
    assert [(one["workOrderId"], one["status"]) for one in found["openOrders"]] == [("WO-1", "RELEASED")]
    assert found["openOrders"][0]["knownAt"] == "2026-03-02T08:00:00.000000Z"
    assert found["floor"]["ageSeconds"] > 0
    assert found["openPoints"] == ["OPEN_ORDERS"]


def test_events_in_any_order_leave_the_newest_state_and_a_gap_is_said() -> None:
    a_structure()
    changed()
    told("WorkOrderCompleted", 4, work_order_id="WO-1", product_id="CAR", status="COMPLETED")
    told("WorkOrderReleased", 2, work_order_id="WO-1", product_id="CAR", status="RELEASED")
    told("WorkOrderCreated", 1, work_order_id="WO-9", product_id="CAR", status="CREATED")
    told("WorkOrderStarted", 3, work_order_id="WO-9", product_id="CAR", status="IN_PRODUCTION")
    found = impact()
    assert [(one["workOrderId"], one["status"]) for one in found["openOrders"]] == [("WO-9", "IN_PRODUCTION")]
    assert found["floor"]["ordersWithGaps"] == 1
    assert "FLOOR_LACKS_FACTS" in found["openPoints"]


def test_rejected_and_open_inspections_move_the_risk() -> None:
    a_structure()
    changed()
    before = impact()["risk"]
    told("InspectionDecided", inspection_id="I-1", part_id="LOCK", status="REJECTED")
    told("InspectionOpened", inspection_id="I-1", part_id="LOCK", at="2026-03-02T07:00:00Z", status="OPEN")
    told("InspectionOpened", inspection_id="I-2", part_id="PIN", status="OPEN")
    found = impact()
    assert {one["inspectionId"]: one["status"] for one in found["inspections"]} == {"I-1": "REJECTED", "I-2": "OPEN"}
    assert found["risk"]["occurrence"] == before["occurrence"] + 1
    assert found["risk"]["detection"] == before["detection"] - 3
    assert found["openPoints"] == ["OPEN_INSPECTIONS"]


def test_the_page_says_the_same_and_lets_no_markup_in() -> None:
    a_structure()
    changed(ecnTitle="<script>alert(1)</script>")
    request = a_request("GET", f"{PATH}/impact.html", caller=READER, headers={"Accept-Language": "zh"})
    answer = handler("read_impacts")(request, Context())
    assert answer["statusCode"] == 200
    assert "text/html" in answer["multiValueHeaders"]["Content-Type"][0]
    assert "变更影响 ECN-7" in answer["body"]
    assert "<script>" not in answer["body"]
    assert "CAR" in answer["body"]


def test_a_cancelled_change_leaves_nothing_open_and_strangers_see_nothing() -> None:
    a_structure()
    changed(plmStatus="CANCELLED")
    assert impact()["openPoints"] == ["CHANGE_CANCELLED"]
    stranger = a_principal("change_impact:read", tenant="globex")
    assert call("read_impacts", a_request("GET", f"{PATH}/impact", caller=stranger))[0] == 404
