"""BOMs and approvals from the ERP; each rule while it is down, slow, lagging or answers garbage (MES-16, MES-21)."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.factories.erp import BASE, Linked, SandboxErp, sandbox_erp
from tests.factories.stored import events

BOM, PPAP = "GET /api/v1/bom/product/PROD-A001/version/V2.0", "GET /api/v1/ppap/material/"
FAULTS: dict[str, dict[str, Any]] = {"down": {"down": True}, "garbage": {"garbage": True}, "slow": {"delay_ms": 6000}}
WELL = {"down": False, "garbage": False, "delay_ms": 0}


@pytest.fixture
def erp(account: Any) -> Iterator[SandboxErp]:
    account("mes")
    with sandbox_erp() as found:
        yield found


@pytest.fixture
def floor(erp: SandboxErp) -> Linked:
    assert erp.asked == []
    return Linked("BOM", "PPAP")


def refused(answer: tuple[int, dict[str, Any]]) -> tuple[int, str]:
    status, body = answer
    return status, body["details"]["error"]


def look(floor: Linked, what: str) -> tuple[int, dict[str, Any]]:
    return floor.call("read_supply", "GET", f"{BASE}/{what}")


def seen(floor: Linked, what: str) -> dict[str, Any]:
    status, body = look(floor, what)
    assert status == 200, body
    data: dict[str, Any] = body["data"]
    return data


def planned(floor: Linked, number: str = "WO-1", version: str | None = "V2.0") -> tuple[int, dict[str, Any]]:
    return floor.create(workOrderId=number, bomVersion=version)


def test_an_order_is_planned_by_the_erps_bom_which_is_kept_for_half_an_hour(floor: Linked, erp: SandboxErp) -> None:
    assert refused(planned(floor, version=None)) == (400, "BOM_VERSION_MISSING")
    assert planned(floor)[0] == planned(floor, "WO-2")[0] == 201
    assert erp.asked == [BOM]
    found = seen(floor, "orders/WO-1/materials")
    assert (found["source"], found["isStale"], found["bomVersion"]) == ("ERP", False, "V2.0")
    assert [(one["materialId"], one["quantity"]) for one in found["materials"]] == [("MAT-001", 1000), ("MAT-002", 500)]
    erp.later += timedelta(minutes=29)
    seen(floor, "boms/PROD-A001/versions/V2.0")
    assert len(erp.asked) == 1
    erp.later += timedelta(minutes=1)
    seen(floor, "boms/PROD-A001/versions/V2.0")
    assert erp.asked == [BOM, BOM]


def test_a_bom_that_the_erp_does_not_have_plans_nothing(floor: Linked, erp: SandboxErp) -> None:
    erp.say("bom", "PROD-A001", "")
    assert refused(planned(floor)) == (404, "NO_BOM")
    assert refused(look(floor, "boms/PROD-A001/versions/V2.0")) == (404, "NO_BOM")


@pytest.mark.parametrize("fault", FAULTS)
def test_while_the_boms_are_away_kept_ones_serve_orders_and_new_ones_are_refused(
    floor: Linked, erp: SandboxErp, fault: str
) -> None:
    number = floor.started(bomVersion="V2.0")
    erp.scenario(**FAULTS[fault])
    erp.later += timedelta(minutes=31)
    found = seen(floor, f"orders/{number}/materials")
    assert found["isStale"] is True
    assert found["staleSince"] == floor.service("BOM")["since"]
    assert found["readAt"] < found["staleSince"]
    status, body = planned(floor, "WO-2")
    assert (status, body["details"]["error"]) == (503, "NEW_ORDERS_REFUSED")
    assert "orders that exist go on with the kept BOMs" in body["message"]
    assert floor.report(goodQty=5)[0] == 201, "running orders go on"
    assert refused(look(floor, "boms/OTHER/versions/V1")) == (503, "BOM_UNAVAILABLE")
    assert (floor.service("BOM")["state"], floor.service("BOM")["rule"]) == (
        "DOWN",
        "the kept BOMs serve orders that exist; new orders are refused",
    )
    assert [one["data"]["notice_type"] for one in events("NoticeRequested")] == ["mes.erp_down"]


def test_nothing_new_is_planned_while_the_boms_are_away_though_a_bom_is_fresh(floor: Linked, erp: SandboxErp) -> None:
    planned(floor)
    erp.scenario(down=True)
    assert look(floor, "boms/OTHER/versions/V1")[0] == 503
    assert refused(planned(floor, "WO-2")) == (503, "NEW_ORDERS_REFUSED")
    status, body = floor.call(
        "create_work_order",
        "POST",
        "/api/v1/work-orders",
        {"productId": "PROD-A001", "plannedQuantity": 1, "dueDate": "2026-03-04", "bomVersion": "V2.0"},
        headers={"Accept-Language": "zh"},
    )
    assert (status, "禁止创建新工单" in body["message"]) == (503, True)


def test_what_was_refused_meanwhile_is_checked_again_and_reported(floor: Linked, erp: SandboxErp) -> None:
    erp.scenario(down=True)
    for _ in range(2):
        assert refused(planned(floor)) == (503, "NEW_ORDERS_REFUSED")
    (open_one,) = seen(floor, "refusals")["items"]
    assert (open_one["wanted"], open_one["subject"], open_one["by"]) == ("CREATE", "WO-1", "emp-001")
    assert open_one["outcome"] is None
    floor.sweep()
    assert seen(floor, "refusals")["items"] == [open_one], "nothing is checked while the ERP is away"
    erp.scenario(down=False)
    erp.later += timedelta(minutes=2)
    floor.sweep()
    (checked,) = seen(floor, "refusals")["items"]
    assert (checked["outcome"], floor.service("BOM")["state"]) == ("POSSIBLE", "UP")
    told = [one["data"] for one in events("NoticeRequested") if one["data"]["notice_type"] == "mes.erp_checked_again"]
    assert [(one["users"], one["facts"]["order"], one["facts"]["outcome"]) for one in told] == [
        (["emp-001"], "WO-1", "POSSIBLE")
    ]
    assert planned(floor)[0] == 201
    floor.sweep()
    assert len(events("NoticeRequested")) == 3, "down, back, checked again: each once"


@pytest.mark.parametrize("status", ["PENDING", "REJECTED"])
def test_an_order_with_a_material_that_is_not_approved_is_not_released(
    floor: Linked, erp: SandboxErp, status: str
) -> None:
    erp.say("ppap", "MAT-002", status)
    planned(floor)
    answer = floor.step("WO-1", "release", 1)
    assert refused(answer) == (422, "MATERIALS_NOT_APPROVED")
    assert f"MAT-002 ({status})" in answer[1]["message"]
    assert "MAT-001" not in answer[1]["message"]
    erp.say("ppap", "MAT-002", "APPROVED")
    erp.later += timedelta(hours=2)
    assert floor.step("WO-1", "release", 1)[0] == 200


@pytest.mark.parametrize("fault", FAULTS)
def test_while_the_approvals_are_away_material_counts_as_unapproved_unless_a_kept_status_holds(
    floor: Linked, erp: SandboxErp, fault: str
) -> None:
    planned(floor)
    planned(floor, "WO-2")
    assert floor.step("WO-1", "release", 1)[0] == 200
    erp.scenario(**FAULTS[fault], services=["ppap"])
    erp.later += timedelta(minutes=119)
    assert floor.step("WO-2", "release", 1)[0] == 200, "kept for two hours"
    planned(floor, "WO-3")
    erp.later += timedelta(minutes=1)
    answer = floor.step("WO-3", "release", 1)
    assert refused(answer) == (422, "APPROVALS_UNKNOWN")
    assert "MAT-001 (UNKNOWN), MAT-002 (UNKNOWN)" in answer[1]["message"]
    found = seen(floor, "materials/MAT-001/ppap")
    assert (found["status"], found["lastStatus"], found["mayBeBought"], found["isStale"]) == (
        "UNKNOWN",
        "APPROVED",
        False,
        True,
    )
    erp.scenario(**WELL)
    erp.say("ppap", "MAT-002", "REJECTED")
    erp.later += timedelta(minutes=2)
    floor.sweep()
    (checked,) = seen(floor, "refusals")["items"]
    assert (checked["wanted"], checked["outcome"], checked["materials"]) == ("RELEASE", "STILL_REFUSED", ["MAT-002"])
    found = seen(floor, "materials/MAT-001/ppap")
    assert (found["status"], found["mayBeBought"], found["isStale"]) == ("APPROVED", True, False)


def test_statuses_are_read_again_by_themselves_before_they_are_over(floor: Linked, erp: SandboxErp) -> None:
    planned(floor)
    floor.step("WO-1", "release", 1)
    asked = len(erp.asked)
    erp.later += timedelta(minutes=89)
    floor.sweep()
    assert len(erp.asked) == asked
    erp.later += timedelta(minutes=1)
    floor.sweep()
    assert sorted(erp.asked[asked:]) == [f"{PPAP}MAT-001", f"{PPAP}MAT-002"]


def test_data_of_an_erp_that_lags_serve_and_say_as_of_when_they_are(floor: Linked, erp: SandboxErp) -> None:
    erp.say("ppap", "MAT-001", "REJECTED")
    erp.scenario(lag_seconds=600)
    found = seen(floor, "materials/MAT-001/ppap")
    assert found["status"] == "APPROVED", "the ERP does not know better yet"
    assert found["asOf"] < found["readAt"]
    assert floor.service("PPAP")["state"] == "LAGGING"
    assert [one["data"]["notice_type"] for one in events("NoticeRequested")] == ["mes.erp_lags"]


def test_one_service_that_is_away_says_nothing_of_another(floor: Linked, erp: SandboxErp) -> None:
    erp.scenario(down=True, services=["bom"])
    assert look(floor, "boms/PROD-A001/versions/V2.0")[0] == 503
    assert seen(floor, "materials/MAT-001/ppap")["status"] == "APPROVED"
    assert [floor.service(name)["state"] for name in ("BOM", "PPAP")] == ["DOWN", "UP"]


def test_a_factory_that_does_not_use_the_erps_boms_is_not_concerned(erp: SandboxErp) -> None:
    floor = Linked("COMPLETIONS")
    erp.scenario(down=True)
    assert planned(floor, version=None)[0] == 201
    assert floor.step("WO-1", "release", 1)[0] == 200
    assert refused(look(floor, "boms/P/versions/V1")) == (404, "NO_ERP")
    assert erp.asked == []


@pytest.mark.parametrize(
    "materials",
    [
        None,
        "x",
        [1],
        [{"material_id": "M", "qty": "1", "unit": "pcs"}],
        [{"material_id": "M", "qty": -1, "unit": "pcs"}],
        [{"material_id": "M", "qty": 1e300, "unit": "pcs"}],
        [{"material_id": "", "qty": 1, "unit": "pcs"}],
        [{"material_id": "M" * 101, "qty": 1, "unit": "pcs"}],
        [{"material_id": "M", "qty": 1}],
        [{"material_id": "M", "qty": 1, "unit": "pcs"}] * 2001,
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_bom_that_is_not_as_the_contract_says_is_garbage_and_replaces_nothing(
    floor: Linked, erp: SandboxErp, materials: Any
) -> None:
    kept = seen(floor, "boms/PROD-A001/versions/V2.0")
    erp.later += timedelta(minutes=31)
    erp.module.service.bom = lambda *_: {"product_id": "PROD-A001", "bom_version": "V2.0", "materials": materials}
    try:
        found = seen(floor, "boms/PROD-A001/versions/V2.0")
    finally:
        erp.module.service.bom = erp.bom
    assert (found["materials"], found["isStale"]) == (kept["materials"], True)
    assert floor.service("BOM")["problem"] == "the ERP answers what cannot be read"
