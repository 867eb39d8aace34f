"""Chapters about a change: from its notice to what it hits, and a part approved for its customer."""

from datetime import UTC, datetime, timedelta
from typing import Any

from enghub_cli.story.teller import Teller

PLM = "/api/v1/plm"


def change_is_followed(tell: Teller) -> None:
    """The change manager sees today which finished products and open orders the notice of the first chapter hits."""
    tell.chapter("What the change hits")
    line = {"component": "PROD-A001", "quantity": 2, "isKeyComponent": True}
    gateway = f"GW-{tell.run}"
    tell.call(
        "plm-admin",
        "PUT",
        f"{PLM}/boms/{gateway}/versions/A",
        {"lines": [{"sequence": 10, **line}]},
        expect=200,
        show=lambda data: {"productCode": data["productCode"], "lineCount": data["lineCount"]},
    )
    tell.say("A line that makes the gateway contain itself is refused, with the way round.")
    loop = {"lines": [{"sequence": 10, "component": gateway, "quantity": 1}]}
    tell.call("plm-admin", "PUT", f"{PLM}/boms/PROD-A001/versions/{tell.run}", loop, expect=422)
    tell.say(
        "One answer: products up to the top, open orders as the floor told them, the risk. A page is at impact.html."
    )
    tell.wait(
        "quan",
        f"{PLM}/change-orders/ECN-{tell.run}/impact",
        lambda found: (
            f"WO-{tell.run}" in {one["workOrderId"] for one in found["openOrders"]}
            or found["floor"]["knownUntil"] is not None
        ),
        show=_impact,
    )


def _impact(found: dict[str, Any]) -> dict[str, Any]:
    return {
        "finished": found["finishedProducts"][-1:],
        "openOrders": len(found["openOrders"]),
        "actionPriority": found["risk"]["actionPriority"],
        "openPoints": found["openPoints"],
    }


def part_is_approved(tell: Teller) -> None:
    """A PPAP takes its documents over from the PLM; the customer's answer goes back."""
    tell.chapter("A part is approved")
    body = {"projectCode": f"PRJ-{tell.run}", "productCode": f"GW-{tell.run}"}
    made = tell.call("quan", "POST", f"{PLM}/ppaps", body, expect=201, show=_ppap)
    one = f"{PLM}/ppaps/{made['ppapId']}"
    tell.call("quan", "POST", f"{one}/submit", expect=422)
    tell.call("quan", "POST", f"{one}/documents", expect=200, show=_ppap)
    said = {"status": "INTERIM", "approvedOn": "2026-11-28", "approver": "Customer", "pieces": 5000}
    tell.call("quan", "POST", f"{one}/decision", said, expect=200, show=_ppap)
    tell.wait("quan", one, lambda found: found["plmSync"] == "SYNCED", show=_ppap)
    tell.call("quan", "POST", f"{one}/shipments", {"pieces": 5000}, expect=200, show=_ppap)


def _ppap(found: dict[str, Any]) -> dict[str, Any]:
    return {"status": found["status"], "missing": len(found["missing"]), "plmSync": found["plmSync"]}


def problems_flow_back(tell: Teller) -> None:
    """Five complaints about one design are a suggestion that the PLM hears of; the night's run, made now."""
    tell.chapter("Quality problems flow back to design")
    product, base = f"GW-{tell.run}", f"{PLM}/feedback"
    today = datetime.now(UTC).date()
    yesterday = str(today - timedelta(days=1))
    for number in range(5):
        complaint = {"productCode": product, "foundOn": yesterday, "source": "FIELD", "cause": "DESIGN-CREEPAGE"}
        tell.call("quan", "POST", f"{base}/issues", {**complaint, "quantity": number + 1}, expect=201, show=_nothing)
    tell.call("quan", "POST", f"{base}/runs", {"day": str(today)}, expect=202)
    tell.wait("quan", f"{base}/runs/{today}", lambda found: found["plmSync"] != "PENDING", show=_run)
    tell.say("A day has one run: told again the same day, the complaints are in the findings and suggest tomorrow.")
    tell.call("quan", "GET", f"{base}/suggestions?productCode={product}", expect=200, show=_suggested)
    tell.call("quan", "GET", f"{base}/products/{product}?day={today}", expect=200, show=_found)


def _nothing(_: dict[str, Any]) -> dict[str, Any]:
    return {}


def _run(found: dict[str, Any]) -> dict[str, Any]:
    return {"suggestions": len(found["suggestions"]), "confirmed": found["confirmed"], "plmSync": found["plmSync"]}


def _found(found: dict[str, Any]) -> dict[str, Any]:
    return {name: found[name] for name in ("issues", "quantity", "topCauses")}


def _suggested(found: dict[str, Any]) -> dict[str, Any]:
    return {one["productCode"]: [one["priority"], one["suggestedImprovement"]] for one in found["items"]}
