"""Defects, yields and action plans: from the report to the release of the lot (MES-04, MES-10)."""

from typing import Any

import pytest

from enghub.core import outbox
from tests.factories.http import Context, a_principal
from tests.factories.quality import QUALITY, Quality
from tests.factories.queues import a_batch, failed, shuffled_with_doubles
from tests.factories.stored import events, items, waiting

OTHER = a_principal(*QUALITY, user="emp-900")


@pytest.fixture
def quality(account: Any) -> Quality:
    account("mes")
    return Quality()


def hear(quality: Quality, *types: str, doubled: bool = False) -> None:
    """Deliver the events of some types that wait in the outbox."""
    found = [body for body in map(outbox.body_of, waiting()) if body.get("event_type") in types]
    details = shuffled_with_doubles(found) if doubled else found
    assert failed(quality.handler("follow_quality")(a_batch(*details), Context())) == []


def change(quality: Quality, method: str, path: str, body: Any, **options: Any) -> tuple[int, dict[str, Any]]:
    return quality.call("change_defects", method, path, body, **options)


def look(quality: Quality, path: str, **query: str) -> dict[str, Any]:
    status, body = quality.call("read_defects", "GET", path, query=query or None)
    assert status == 200, body
    data: dict[str, Any] = body["data"]
    return data


def test_defects_are_recorded_counted_and_inspected_once(quality: Quality) -> None:
    quality.started()
    quality.report(goodQty=18, defectQty=2, defectTypes=["scratch", "burr"])
    quality.report(key="key-2", goodQty=9, defectQty=1, defectTypes=["burr"])
    hear(quality, "DefectReported", doubled=True)
    records = look(quality, "/api/v1/defects", workOrderId="WO-1")["items"]
    assert sorted((one["quantity"], one["disposition"]) for one in records) == [(1, "PENDING"), (2, "PENDING")]
    day = look(quality, "/api/v1/defects/days/2026-03-02", line="SMT-1")
    sums = [(one["defectType"], one["reports"], one["pieces"]) for one in day["items"]]
    assert (day["pieces"], sums) == (3, [("burr", 2, 3), ("scratch", 1, 2)])
    orders = quality.call("read_inspections", "GET", "/api/v1/inspections", query={"workOrderId": "WO-1"})[1]["data"]
    assert sorted((one["kind"], one["lotSize"]) for one in orders["items"]) == [("IPQC", 10), ("IPQC", 20)]
    told = [one["data"] for one in events("NoticeRequested") if one["data"]["notice_type"] == "mes.defect_reported"]
    assert len(told) == 2


def test_a_reversed_report_is_taken_off_yield_and_day(quality: Quality) -> None:
    quality.started()
    quality.report(goodQty=30, defectQty=2, defectTypes=["burr"])
    hear(quality, "ProductionReported", "DefectReported")
    [reported] = events("ProductionReported")
    data = {**reported["data"], "report_id": "R-2", "reverses": reported["data"]["report_id"], "defect_types": ["burr"]}
    reversal = {**reported, "event_id": "01KJP5BG0000000000000000R2", "event_type": "ReportReversed", "data": data}
    follow = quality.handler("follow_quality")
    assert failed(follow(a_batch(reversal, reversal), Context())) == []
    day = look(quality, "/api/v1/defects/days/2026-03-02", line="SMT-1")
    assert (day["pieces"], day["items"]) == (0, [])
    assert look(quality, "/api/v1/defects", workOrderId="WO-1")["items"][0]["reversedBy"] == "R-2"
    [kept] = items("YIELD")
    assert '"good":0' in kept["shifts"].replace(" ", "")
    early = {**reversal, "event_id": "01KJP5BG0000000000000000R3", "data": {**data, "reverses": "UNKNOWN"}}
    assert failed(follow(a_batch(early), Context())) == ["message-0"]


def test_pieces_are_disposed_of_with_a_reference_where_they_stay(quality: Quality) -> None:
    quality.started()
    quality.report(goodQty=18, defectQty=2, defectTypes=["scratch"])
    hear(quality, "DefectReported")
    number = look(quality, "/api/v1/defects")["items"][0]["defectId"]
    path = f"/api/v1/defects/records/{number}/disposition"
    status, body = change(quality, "POST", path, {"version": 1, "disposition": "USE_AS_IS"})
    assert (status, body["details"]["field"]) == (400, "reference")
    wanted = {"version": 1, "disposition": "REWORK"}
    first, again = (change(quality, "POST", path, wanted)[1]["data"] for _ in range(2))
    assert first == again
    assert look(quality, "/api/v1/defects")["items"] == []
    assert look(quality, "/api/v1/defects", disposition="REWORK")["items"][0]["disposedBy"] == "emp-001"
    assert change(quality, "POST", path, {"version": 1, "disposition": "SCRAP"})[1]["code"] == "40902"


def test_a_yield_under_85_percent_starts_one_case(quality: Quality) -> None:
    quality.started()
    quality.report(goodQty=20, defectQty=4, defectTypes=["burr"])
    hear(quality, "ProductionReported")
    assert events("YieldLow") == []  # 24 pieces are too few
    quality.report(key="key-2", goodQty=4, defectQty=2, defectTypes=["burr"])
    quality.report(key="key-3", goodQty=1, defectQty=3, defectTypes=["burr"])
    hear(quality, "ProductionReported", doubled=True)
    [low] = events("YieldLow")
    assert "under 85 %" in low["data"]["said"]
    hear(quality, "YieldLow", doubled=True)
    [case] = look(quality, "/api/v1/ocap/cases")["items"]
    assert (case["cause"], case["operation"], case["step"]["stepId"]) == ("yield", "OP-10", "CONTAIN")
    assert len(events("OcapStarted")) == 1


PLAN: dict[str, Any] = {
    "title": "Bore out of control",
    "steps": [
        {"stepId": "GAUGE", "kind": "CHECK", "text": "Is the gauge right?", "yes": "TOOL", "no": "ADJUST"},
        {"stepId": "ADJUST", "kind": "ACTION", "text": "Adjust the gauge", "next": "END"},
        {"stepId": "TOOL", "kind": "ACTION", "text": "Change the tool", "ownerRole": "SHIFT_LEAD", "next": "END"},
    ],
}


def signalled(quality: Quality) -> str:
    """A characteristic with a plan has signalled; returns the case."""
    assert change(quality, "PUT", "/api/v1/ocap/plans/BORE-OCAP", PLAN)[0] == 200
    quality.monitored()
    quality.define(ocapPlanId="BORE-OCAP", version=2)
    quality.sample(40, 10.5, lotId="LOT-1", workOrderId="WO-1")
    hear(quality, "ChartSignalled", doubled=True)
    [case] = look(quality, "/api/v1/ocap/cases", lotId="LOT-1")["items"]
    number: str = case["ocapId"]
    return number


def test_a_signal_holds_the_lot_until_an_action_is_verified(quality: Quality) -> None:
    case = signalled(quality)
    path = f"/api/v1/ocap/cases/{case}"
    [held] = events("LotHeld")
    assert (held["data"]["lot_id"], held["data"]["cause"]) == ("LOT-1", f"ocap/{case}")

    def answer(version: int, step: str, said: str) -> tuple[int, dict[str, Any]]:
        return change(quality, "POST", f"{path}/answers", {"version": version, "stepId": step, "answer": said})

    assert answer(1, "TOOL", "DONE")[1]["details"]["error"] == "NOT_THIS_STEP"
    assert answer(1, "GAUGE", "DONE")[1]["details"]["error"] == "NOT_THIS_STEP"
    assert answer(1, "GAUGE", "NO")[1]["data"]["step"]["stepId"] == "ADJUST"
    assert answer(2, "ADJUST", "DONE")[1]["data"]["status"] == "VERIFYING"
    check = {"version": 3, "effective": False, "note": "still out"}
    own = change(quality, "POST", f"{path}/verification", check)
    assert (own[0], own[1]["details"]["error"]) == (403, "OWN_VERIFICATION")
    again = change(quality, "POST", f"{path}/verification", check, caller=OTHER)[1]["data"]
    assert (again["status"], again["step"]["stepId"]) == ("OPEN", "GAUGE")
    assert events("LotReleased") == []
    answer(4, "GAUGE", "YES")
    answer(5, "TOOL", "DONE")
    closed = change(quality, "POST", f"{path}/verification", {"version": 6, "effective": True}, caller=OTHER)
    assert closed[1]["data"]["status"] == "CLOSED"
    [released] = events("LotReleased")
    assert released["data"]["cause"] == f"ocap/{case}"
    branches = look(quality, "/api/v1/ocap/plans/BORE-OCAP")["branches"]
    assert branches == [
        {"branch": "GAUGE=YES>TOOL=DONE", "helped": 1, "failed": 0},
        {"branch": "GAUGE=NO>ADJUST=DONE", "helped": 0, "failed": 1},
    ]
    assert look(quality, path)["helpedBefore"] == branches


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"yes": "NOWHERE"}, "steps.0"),
        ({"no": None}, "steps.0"),
        ({"next": "END"}, "steps.0"),
        ({"stepId": "TOOL"}, "steps.0"),
        ({"yes": "GAUGE"}, "steps"),
    ],
)
def test_a_flow_that_does_not_end_is_refused(quality: Quality, changed: dict[str, Any], field: str) -> None:
    steps = [{**PLAN["steps"][0], **changed}, *PLAN["steps"][1:]]
    steps[0] = {name: value for name, value in steps[0].items() if value is not None}
    status, body = change(quality, "PUT", "/api/v1/ocap/plans/X", {"title": "X", "steps": steps})
    assert (status, body["details"]["field"]) == (400, field)


def test_suppliers_are_scored_by_their_lots(quality: Quality) -> None:
    for number, nonconforming in enumerate((0, 9, 0, 0)):
        quality.inspected(f"IQC-{number}", supplierId="SUP-1")
        body = {"version": 1, "inspected": 50, "nonconforming": nonconforming}
        quality.call("change_inspections", "POST", f"/api/v1/inspections/orders/IQC-{number}/result", body)
    hear(quality, "InspectionDecided", doubled=True)
    score = look(quality, "/api/v1/defects/suppliers/SUP-1")
    assert score == {"supplierId": "SUP-1", "lots": 4, "accepted": 3, "score": 75, "ppm": 45000}
    assert look(quality, "/api/v1/defects/suppliers/SUP-2")["score"] is None


def test_a_completed_order_is_inspected_at_the_end(quality: Quality) -> None:
    quality.started()
    quality.report(goodQty=40)
    quality.step("WO-1", "complete", 3)
    hear(quality, "WorkOrderCompleted", doubled=True)
    orders = quality.call("read_inspections", "GET", "/api/v1/inspections", query={"lotId": "WO-1"})[1]["data"]["items"]
    assert [(one["inspectionId"], one["lotSize"]) for one in orders] == [("FQC-WO-1", 40)]


def test_the_dictionary_says_what_types_mean(quality: Quality) -> None:
    body = {"name": "Scratch", "nameZh": "划伤", "defectClass": "MINOR"}
    assert change(quality, "PUT", "/api/v1/defects/types/scratch", body)[1]["data"]["version"] == 1
    assert [one["code"] for one in look(quality, "/api/v1/defects/types")["items"]] == ["scratch"]
