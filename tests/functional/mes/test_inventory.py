"""Stock through the API, down to the table (MES-13)."""

import threading
from decimal import Decimal
from typing import Any

import pytest

from enghub.core import outbox
from enghub.mes.stock.errors import InsufficientStock
from enghub.mes.stock.model import Purpose
from enghub.mes.stock.service import Take
from enghub.mes.stock.wiring import stock
from tests.factories.http import Context, an_origin
from tests.factories.quality import Quality
from tests.factories.queues import a_batch, failed
from tests.factories.stored import events, waiting
from tests.fakes.one_at_a_time import one_call_at_a_time

BASE = "/api/v1/inventory"


@pytest.fixture
def quality(account: Any) -> Quality:
    account("mes")
    return Quality()


def post(quality: Quality, path: str, body: Any, key: str | None = None) -> tuple[int, dict[str, Any]]:
    headers = {"Idempotency-Key": key} if key else None
    return quality.call("move_stock", "POST", f"{BASE}{path}", body, headers=headers)


def look(quality: Quality, path: str = "", **query: str) -> dict[str, Any]:
    status, body = quality.call("read_inventory", "GET", f"{BASE}{path}", query=query or None)
    assert status == 200, body
    data: dict[str, Any] = body["data"]
    return data


def receive(quality: Quality, lot: str, quantity: float, **fields: Any) -> None:
    body = {"materialId": "M", "lotId": lot, "warehouse": "W", "location": "A", "quantity": quantity, **fields}
    status, answer = post(quality, "/receipts", body)
    assert status == 201, answer


def issue(quality: Quality, quantity: float, **fields: Any) -> tuple[int, dict[str, Any]]:
    return post(quality, "/issues", {"materialId": "M", "quantity": quantity, **fields})


def test_receipts_issues_and_reservations_keep_the_balance(quality: Quality, told: Any) -> None:
    """MF16 a: 2,750.0 less 2,716.30 leaves exactly what can be reserved."""
    receive(quality, "L1", 2750.0)
    assert issue(quality, 2716.30)[0] == 201
    status, reserved = post(quality, "/reservations", {"materialId": "M", "quantity": 33.70, "reference": "WO-9"})
    assert status == 201
    found = look(quality, materialId="M")
    assert (found["onHand"], found["reserved"], found["available"]) == (33.7, 33.7, 0)
    assert look(quality, material_id="M") == found
    assert issue(quality, 0.01)[1]["details"]["available"] == 0
    number = reserved["data"]["reservationId"]
    assert post(quality, f"/reservations/{number}/release", None)[1]["data"]["status"] == "RELEASED"
    assert post(quality, f"/reservations/{number}/release", None)[0] == 200
    assert look(quality, materialId="M")["available"] == 33.7
    kinds = [(data["kind"], data["quantity"]) for kind, data in told() if kind == "StockChanged"]
    assert kinds == [("RECEIPT", 2750), ("ISSUE", -2716.3)]


def test_a_reservation_is_consumed_once(quality: Quality) -> None:
    receive(quality, "L1", 10)
    number = post(quality, "/reservations", {"materialId": "M", "quantity": 4, "reference": "WO-9"})[1]["data"]
    body = {"reservationId": number["reservationId"], "workOrderId": "WO-9"}
    assert post(quality, "/issues", body)[1]["data"]["quantity"] == 4
    assert post(quality, "/issues", body)[1]["details"]["error"] == "RESERVATION_OVER"
    found = look(quality, materialId="M")
    assert (found["onHand"], found["reserved"]) == (6, 0)


def test_first_expired_goes_first_and_held_lots_stay(quality: Quality) -> None:
    receive(quality, "L1", 5, expiryDate="2999-10-30")
    receive(quality, "L2", 3, expiryDate="2999-10-29")
    receive(quality, "L3", 10)
    receive(quality, "L4", 9, expiryDate="2020-09-01")
    receive(quality, "L5", 4, expiryDate="2999-01-01")
    held = post(quality, "/lots/L5/hold", {"reason": "customer complaint"})[1]["data"]
    assert held["heldBy"] == ["person/emp-001"]
    taken = issue(quality, 12)[1]["data"]["taken"]
    assert [(one["lotId"], one["quantity"]) for one in taken] == [("L2", 3), ("L1", 5), ("L3", 4)]
    assert issue(quality, 1, lotId="L5")[1]["details"]["error"] == "LOT_IS_HELD"
    assert issue(quality, 1, lotId="L4")[1]["details"]["error"] == "LOT_IS_EXPIRED"
    post(quality, "/lots/L5/release", {"reason": "checked"})
    assert issue(quality, 4, lotId="L5")[0] == 201


def test_holds_of_quality_come_by_event_in_any_order(quality: Quality) -> None:
    receive(quality, "LOT-1", 5, materialId="MAT-1")
    quality.inspected()
    result = {"version": 1, "inspected": 50, "nonconforming": 9}
    quality.call("change_inspections", "POST", "/api/v1/inspections/orders/IQC-1/result", result)
    [held] = events("LotHeld")
    released = {**held, "event_id": "01KJP5BG00000000000000REL1", "event_type": "LotReleased"}
    follow = quality.handler("follow_stock")
    assert failed(follow(a_batch(held, held), Context())) == []
    assert look(quality, "/lots/LOT-1")["heldBy"] == ["inspection/IQC-1"]
    again = {**held, "event_id": "01KJP5BG00000000000000HLD2"}
    assert failed(follow(a_batch(released, again), Context())) == []
    assert look(quality, "/lots/LOT-1")["heldBy"] == []


def test_a_moved_lot_is_elsewhere(quality: Quality) -> None:
    receive(quality, "L1", 5)
    body = {"materialId": "M", "lotId": "L1", "quantity": 2, "warehouse": "W", "location": "A"}
    target = {"toWarehouse": "W", "toLocation": "B"}
    assert post(quality, "/moves", {**body, **target})[0] == 201
    assert [(one["location"], one["onHand"]) for one in look(quality, materialId="M")["items"]] == [("A", 3), ("B", 2)]
    assert post(quality, "/moves", {**body, **target, "quantity": 4})[1]["details"]["error"] == "INSUFFICIENT_STOCK"


def test_a_repeated_movement_counts_once(quality: Quality) -> None:
    receive(quality, "L1", 5)
    body = {"materialId": "M", "quantity": 2}
    first, again = (post(quality, "/issues", body, key="k")[1]["data"] for _ in range(2))
    assert first == again
    assert look(quality, materialId="M")["onHand"] == 3


def test_who_has_a_suppliers_batch(quality: Quality) -> None:
    """MF18 through the API: supplier lot S7 to customers, each once, and back."""
    receive(quality, "S7", 10, supplierId="SUP-1", supplierLot="X-77")
    issue(quality, 10, lotId="S7", workOrderId="W1")
    receive(quality, "F1", 2, materialId="F", workOrderId="W1")
    out = {"materialId": "F", "lotId": "F1", "quantity": 1}
    post(quality, "/issues", {**out, "workOrderId": "W2"})
    receive(quality, "F1", 1, materialId="F", workOrderId="W2")
    receive(quality, "F2", 1, materialId="F", workOrderId="W2")
    post(quality, "/issues", {**out, "customerId": "A"})
    post(quality, "/issues", {**out, "lotId": "F2", "customerId": "B"})
    forward = look(quality, "/lots/S7/trace")
    assert (sorted(forward["lots"]), sorted(forward["workOrders"])) == (["F1", "F2"], ["W1", "W2"])
    assert sorted(forward["customers"]) == ["A", "B"]
    back = look(quality, "/lots/F2/trace", direction="backward")
    assert (sorted(back["lots"]), sorted(back["workOrders"])) == (["F1", "S7"], ["W1", "W2"])
    assert [one["lotId"] for one in look(quality, "/suppliers/SUP-1/lots")["items"]] == ["S7"]


def test_a_lot_number_belongs_to_one_material(quality: Quality) -> None:
    receive(quality, "L1", 5)
    body = {"materialId": "N", "lotId": "L1", "warehouse": "W", "location": "A", "quantity": 1}
    assert post(quality, "/receipts", body)[1]["details"]["error"] == "LOT_OF_ANOTHER"


def test_kits_of_what_is_free(quality: Quality) -> None:
    receive(quality, "L1", 9, materialId="A")
    receive(quality, "L2", 40, materialId="B")
    body = {"components": [{"materialId": "A", "quantity": 2}, {"materialId": "B", "quantity": 3}]}
    assert quality.call("read_inventory", "POST", f"{BASE}/kits", body)[1]["data"]["kits"] == 4


def test_a_completed_order_suggests_a_receipt_once(quality: Quality) -> None:
    quality.started()
    quality.report(goodQty=40)
    quality.step("WO-1", "complete", 3)
    completed = [outbox.body_of(one) for one in waiting()][-1]
    follow = quality.handler("follow_stock")
    assert failed(follow(a_batch(completed, completed), Context())) == []
    [suggested] = events("StockReceiptSuggested")
    assert (suggested["data"]["quantity"], suggested["data"]["lot_id"]) == (40, "WO-1")


def test_many_writers_never_take_more_than_there_is(quality: Quality) -> None:
    """40 threads want 3 each of 100: 33 get theirs, however their calls interleave."""
    receive(quality, "L1", 100)
    wanted = Take(an_origin(), "M", Decimal(3), Purpose(), "L1")
    outcomes: list[str] = []

    def take() -> None:
        try:
            stock().issue(wanted)
        except InsufficientStock:
            outcomes.append("refused")
        else:
            outcomes.append("taken")

    with one_call_at_a_time():
        threads = [threading.Thread(target=take) for _ in range(40)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
    left = look(quality, materialId="M")["onHand"]
    assert (outcomes.count("taken"), outcomes.count("refused"), left) == (33, 7, 1)


@pytest.mark.parametrize(
    ("fields", "field"),
    [({"quantity": 0}, "quantity"), ({"quantity": -1}, "quantity"), ({"materialId": None}, "materialId")],
)
def test_a_bad_issue_is_refused(quality: Quality, fields: dict[str, Any], field: str) -> None:
    body = {name: value for name, value in {"materialId": "M", "quantity": 1, **fields}.items() if value is not None}
    status, answer = post(quality, "/issues", body)
    assert (status, answer["details"]["field"]) == (400, field)
