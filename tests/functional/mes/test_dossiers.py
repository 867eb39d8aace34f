"""A customer complains about one piece: the dossier of its lot (MES-26)."""

from typing import Any

import pytest

from enghub.core import outbox
from tests.factories.http import Context, a_request
from tests.factories.quality import Quality
from tests.factories.queues import a_batch
from tests.factories.stored import waiting

BASE = "/api/v1/inventory"


@pytest.fixture
def quality(account: Any) -> Quality:
    account("mes")
    return Quality()


def move(quality: Quality, path: str, **body: Any) -> None:
    status, answer = quality.call("move_stock", "POST", f"{BASE}/{path}", body)
    assert status == 201, answer


def sold(quality: Quality) -> None:
    """Supplier batch X-77 went into WO-1 and WO-2; lot F1 of WO-1 went to customer A, F2 of WO-2 to B."""
    place = {"warehouse": "W", "location": "A"}
    move(quality, "receipts", materialId="M", lotId="S7", quantity=20, supplierId="SUP-1", supplierLot="X-77", **place)
    for number, lot, customer in (("WO-1", "F1", "A"), ("WO-2", "F2", "B")):
        quality.started(workOrderId=number)
        move(quality, "issues", materialId="M", lotId="S7", quantity=10, workOrderId=number)
        quality.report(key=number, workOrderId=number, goodQty=18, defectQty=2, defectTypes=["burr"])
        move(quality, "receipts", materialId="F", lotId=lot, quantity=18, workOrderId=number, **place)
        move(quality, "issues", materialId="F", lotId=lot, quantity=18, customerId=customer)
    found = [outbox.body_of(record) for record in waiting()]
    defects = [event for event in found if event.get("event_type") == "DefectReported"]
    quality.handler("follow_quality")(a_batch(*defects), Context())


def test_a_complaint_is_answered_by_one_dossier(quality: Quality) -> None:
    sold(quality)
    status, body = quality.call("read_dossier", "GET", "/api/v1/dossiers/F1")
    assert status == 200, body
    found = body["data"]
    assert (found["lot"]["materialId"], found["lot"]["workOrderId"]) == ("F", "WO-1")
    assert (found["operators"], found["stations"]) == (["emp-001"], ["ST-SMT-01"])
    assert [(one["workOrderId"], one["goodQty"]) for one in found["reports"]] == [("WO-1", 18)]
    assert [(one["kind"], one["status"]) for one in found["inspections"]] == [("IPQC", "OPEN")]
    assert [one["types"] for one in found["defects"]] == [["burr"]]
    assert found["madeOf"]["lots"] == ["S7"]
    assert found["wentInto"]["customers"] == ["A"]
    [batch] = found["supplierBatches"]
    assert (batch["supplierLot"], sorted(batch["customers"])) == ("X-77", ["A", "B"])
    assert found["otherCustomers"] == ["B"]
    assert [one["kind"] for one in found["movements"]] == ["RECEIPT", "ISSUE"]
    assert found["cut"] == []


def test_the_page_prints_in_two_languages_and_runs_nothing(quality: Quality) -> None:
    sold(quality)
    quality.call("move_stock", "POST", f"{BASE}/lots/F1/hold", {"reason": "<script>alert(1)</script>"})
    for language, title in (("en", "Lot dossier F1"), ("zh", "批次档案 F1")):
        event = a_request(
            *("GET", "/api/v1/dossiers/F1"),
            caller=quality.caller,
            headers={"Accept": "text/html", "Accept-Language": language},
        )
        answer = quality.handler("read_dossier")(event, Context())
        assert (answer["statusCode"], title in answer["body"]) == (200, True)
        assert "default-src 'none'" in str(answer["multiValueHeaders"])
        assert "<script" not in answer["body"]


def test_nothing_known_is_said(quality: Quality) -> None:
    assert quality.call("read_dossier", "GET", "/api/v1/dossiers/NONE")[1]["details"]["error"] == "LOT_NOT_FOUND"
