"""The effect of a change through its functions, with the shop floor's orders and stock (PLM-26, PLM-09)."""

import json
from pathlib import Path
from typing import Any

from enghub.core.identity import Principal
from tests.factories.http import Context, a_principal, a_request
from tests.factories.plm import a_notification, call, deliver, handler, process, queued
from tests.factories.stored import commands, events

PUBLISHED = Path(__file__).parents[3] / "events" / "published"
PATH = "/api/v1/plm/change-orders/ECN-7"


def person(user: str, role: str, **options: Any) -> Principal:
    made = a_principal("change_effect:plan", "change_effect:agree", "change_impact:read", user=user, **options)
    return Principal(made.user_id, made.tenant_id, made.factory_ids, (role,), made.permissions, made.authenticated_at)


LEAD, QUALITY, CHIEF = (
    person(*one) for one in (("lead", "PLM_ADMIN"), ("quan", "QUALITY_ENGINEER"), ("chief", "PLM_ADMIN"))
)


def told(event_type: str, number: int, at: str = "2026-03-02T08:00:00Z", **data: Any) -> None:
    """Let an event of the mes arrive, twice."""
    event = json.loads((PUBLISHED / f"{event_type}.1.0.json").read_text("utf-8"))
    event = {
        **event,
        "timestamp": at,
        "event_id": f"01KK6D3Z1N8V6T3P2M1ZX{number:05d}",
        "data": {**event["data"], **data},
    }
    for _ in range(2):
        body = {"detail-type": event_type, "detail": event}
        assert handler("project_floor")(queued(body), Context())["batchItemFailures"] == []


def stock(number: int, quantity: int, lot: str = "LOT-1", material: str = "LOCK") -> None:
    told("StockChanged", number, material_id=material, lot_id=lot, quantity=quantity)


def order(number: int, name: str, status: str, **data: Any) -> None:
    kind = "WorkOrderStarted" if status == "IN_PROGRESS" else "WorkOrderReleased"
    told(kind, number, work_order_id=name, product_id="LOCK", status=status, work_order_version=number, **data)


def changed(**fields: Any) -> None:
    deliver(a_notification("ECN-7", affectedProducts=["LOCK"], effectiveDate=None, **fields))
    process(*commands("process_change"))


def ask(method: str, path: str = "", body: Any = None, caller: Principal = LEAD) -> tuple[int, Any]:
    name = "read_effects" if method == "GET" else "change_effects"
    status, answer = call(name, a_request(method, f"{PATH}/effect{path}", body, caller=caller))
    return status, answer.get("data", answer)


def planned(mode: str = "NEXT_BATCH", **body: Any) -> dict[str, Any]:
    status, found = ask("POST", body={"mode": mode, **body})
    assert status == 201, found
    made: dict[str, Any] = found
    return made


def impact() -> dict[str, Any]:
    found: dict[str, Any] = call("read_impacts", a_request("GET", f"{PATH}/impact", caller=LEAD))[1]["data"]
    return found


def test_stock_and_lots_are_in_the_impact_as_movements_come_in_any_order() -> None:
    changed()
    stock(1, -30)
    stock(2, 100)
    stock(3, 25, "LOT-2")
    stock(4, -25, "LOT-2")
    stock(5, 7, "LOT-9", "OTHER")
    found = impact()
    assert [(one["lotId"], one["quantity"], one["place"]) for one in found["stock"]] == [("LOT-1", 70, "W1/A-01")]
    assert found["floor"]["stock"] == "KNOWN"
    assert "STOCK_ON_HAND" in found["openPoints"]


def test_a_batch_finishes_another_waits_stock_is_scrapped_with_agreement_and_the_order_goes_on() -> None:
    changed()
    order(1, "WO-1", "IN_PROGRESS")
    order(2, "WO-2", "RELEASED")
    stock(3, 40)
    found = planned()
    assert {one["workOrderId"]: one["disposition"] for one in found["lines"] if one["kind"] == "ORDER"} == {
        "WO-1": "FINISH_OLD",
        "WO-2": "HOLD",
    }
    (event,) = events("ChangeEffectPlanned")
    assert (event["factory_id"], event["data"]["held_orders"]) == ("sh-01", ["WO-2"])
    assert ask("POST", "/application")[0] == 409
    assert ask("POST", "/request")[0] == 422
    assert ask("PUT", "/lines/STOCK-1", {"disposition": "SCRAP", "costPerPiece": 2.5})[1]["cost"] == 100
    assert ask("POST", "/request")[1]["waitsFor"] == ["QUALITY_ENGINEER", "PLM_ADMIN"]
    assert ask("POST", "/decision", {"verdict": "APPROVE"})[0] == 403, "who asked"
    for who in (QUALITY, CHIEF):
        for _ in range(2):
            assert ask("POST", "/decision", {"verdict": "APPROVE"}, who)[0] == 200
    for _ in range(2):
        assert ask("POST", "/application")[1]["status"] == "APPLIED"
    (applied,) = events("ChangeApplied")
    assert applied["data"]["effect_id"] == event["data"]["effect_id"]


def test_what_the_floor_holds_is_shown_as_it_tells() -> None:
    changed()
    order(2, "WO-2", "RELEASED")
    assert [one["isHeld"] for one in planned("IMMEDIATELY")["lines"]] == [False]
    told(
        "WorkOrderHeld",
        3,
        work_order_id="WO-2",
        product_id="LOCK",
        status="RELEASED",
        work_order_version=3,
        holds=["ecn/ECN-7"],
    )
    assert [one["isHeld"] for one in ask("GET")[1]["lines"]] == [True]
    told(
        "WorkOrderHoldLifted",
        4,
        work_order_id="WO-2",
        product_id="LOCK",
        status="RELEASED",
        work_order_version=4,
        holds=[],
    )
    assert [one["isHeld"] for one in ask("GET")[1]["lines"]] == [False]


def test_a_withdrawn_change_takes_no_effect() -> None:
    changed(revision="1")
    planned("IMMEDIATELY")
    changed(revision="2", plmStatus="CANCELLED")
    assert ask("GET")[1]["status"] == "CANCELLED"
    assert ask("POST", "/request")[0] == 409
    assert ask("POST", "/application")[0] == 409


def test_bad_input_and_strangers() -> None:
    assert ask("POST", body={"mode": "NEXT_BATCH"})[0] == 404
    changed()
    assert ask("GET")[0] == 404
    assert ask("POST", body={"mode": "TOMORROW"})[0] == 400
    assert ask("POST", body={"mode": "AT_SERIAL"})[0] == 422
    first = planned("AT_SERIAL", serial="SN-1000")
    assert planned("AT_SERIAL", serial="SN-1000")["effectId"] == first["effectId"], "an answer got lost"
    assert ask("POST", body={"mode": "NEXT_BATCH"})[0] == 409
    assert ask("PUT", "/lines/STOCK-9", {"disposition": "SCRAP"})[0] == 404
    assert ask("PUT", "/lines/STOCK-9", {"disposition": "HOLD"})[0] == 400
    assert ask("GET", caller=person("x", "PLM_ADMIN", tenant="globex"))[0] == 404
    assert ask("POST", "/request", caller=a_principal("change_impact:read"))[0] == 403
