"""Chapters on quality and stock: a signal holds a lot until its action is verified; a batch is traced to customers."""

from datetime import UTC, datetime, timedelta
from typing import Any

from enghub_cli.story.teller import Teller

SPC = "/api/v1/spc/characteristics"
STOCK = "/api/v1/inventory"
CASES = "/api/v1/ocap/cases"
SAMPLES = 20


def lot_is_held(tell: Teller) -> None:
    """Limits are learnt, a sample signals, its lot is held; somebody else verifies the action, and it is free."""
    tell.chapter("4a  A control chart signals and holds a lot")
    tell.sign_in("quan", "QUALITY_ENGINEER")
    tell.sign_in("hua", "QUALITY_ENGINEER")
    tell.sign_in("wang", "OPERATOR", "SHIFT_LEAD")
    lot, chart = f"LOT-{tell.run}", f"BORE-{tell.run}"
    place = {"materialId": "MAT-001", "lotId": lot, "warehouse": "W1", "location": "A-01", "quantity": 100}
    receipt = {**place, "supplierId": "SUP-1", "supplierLot": "X-77"}
    tell.call("wang", "POST", f"{STOCK}/receipts", receipt, expect=201, show=_movement)
    bore = {"name": "Bore", "productId": "MAT-001", "chart": "I_MR", "unit": "mm", "rules": "WESTERN_ELECTRIC"}
    tell.call("quan", "PUT", f"{SPC}/{chart}", bore, expect=200, show=lambda data: {"phase": data["phase"]})
    begin = datetime.now(UTC) - timedelta(hours=1)
    tell.say(f"{SAMPLES} samples are taken, and limits are learnt from them.")
    for number in range(SAMPLES):
        sample = {"takenAt": _at(begin, number), "values": [10.05 if number % 2 else 9.95]}
        tell.call("wang", "POST", f"{SPC}/{chart}/samples", sample, expect=201, show=lambda _: "")
    window = {"version": 1, "from": _at(begin, 0), "to": _at(begin, SAMPLES)}
    tell.call("quan", "POST", f"{SPC}/{chart}/phases", window, expect=200, show=lambda data: data["limits"])
    tell.say("The next sample is beyond them: an action case opens by event, and the lot is held.")
    sample = {"takenAt": _at(begin, SAMPLES + 1), "values": [10.5], "lotId": lot}
    tell.call("wang", "POST", f"{SPC}/{chart}/samples", sample, expect=201, show=lambda data: data["signals"])
    found = tell.wait("quan", f"{CASES}?lotId={lot}", lambda page: bool(page["items"]), show=_cases)
    tell.wait("wang", f"{STOCK}/lots/{lot}", lambda data: bool(data["heldBy"]), show=_held)
    issue = {"materialId": "MAT-001", "lotId": lot, "quantity": 10, "workOrderId": f"WO-{tell.run}"}
    tell.call("wang", "POST", f"{STOCK}/issues", issue, expect=422)
    path = f"{CASES}/{found['items'][0]['ocapId']}"
    steps = (("CONTAIN", "DONE"), ("DATA", "YES"), ("CAUSE", "DONE"))
    for version, (step, answer) in enumerate(steps, start=1):
        body = {"version": version, "stepId": step, "answer": answer}
        tell.call("quan", "POST", f"{path}/answers", body, expect=200, show=lambda data: data["status"])
    verify = {"version": 4, "effective": True, "note": "tool changed"}
    tell.say("Who took the action does not verify it.")
    tell.call("quan", "POST", f"{path}/verification", verify, expect=403)
    tell.call("hua", "POST", f"{path}/verification", verify, expect=200, show=lambda data: data["status"])
    tell.wait("wang", f"{STOCK}/lots/{lot}", lambda data: not data["heldBy"], show=_held)
    tell.call("wang", "POST", f"{STOCK}/issues", issue, expect=201, show=_movement)


def stock_is_traced(tell: Teller) -> None:
    """What the order made goes to a customer; the supplier's batch is traced to them, and one dossier says it all."""
    tell.chapter("4b  Who has the supplier's batch")
    lot, made = f"LOT-{tell.run}", f"FIN-{tell.run}"
    receipt = {"materialId": "PROD-A001", "lotId": made, "warehouse": "W1", "location": "F-01", "quantity": 10}
    order = {"workOrderId": f"WO-{tell.run}"}
    tell.call("wang", "POST", f"{STOCK}/receipts", {**receipt, **order}, expect=201, show=_movement)
    issue = {"materialId": "PROD-A001", "quantity": 4, "lotId": made, "customerId": "CUST-7"}
    tell.call("wang", "POST", f"{STOCK}/issues", issue, expect=201, show=_movement)
    tell.call("quan", "GET", f"{STOCK}/lots/{lot}/trace", expect=200, show=_traced)
    tell.call("quan", "GET", f"/api/v1/dossiers/{made}", expect=200, show=lambda data: data["supplierBatches"])


def _at(begin: datetime, minutes: int) -> str:
    return (begin + timedelta(minutes=minutes)).isoformat()


def _movement(data: dict[str, Any]) -> dict[str, Any]:
    return {name: data[name] for name in ("kind", "materialId", "quantity")}


def _cases(page: dict[str, Any]) -> list[dict[str, Any]]:
    return [{name: one[name] for name in ("ocapId", "said", "status")} for one in page["items"]]


def _held(data: dict[str, Any]) -> dict[str, Any]:
    return {"lotId": data["lotId"], "heldBy": data["heldBy"]}


def _traced(data: dict[str, Any]) -> dict[str, Any]:
    return {name: data[name] for name in ("lots", "workOrders", "customers")}
