"""Chapters on the ERP: it goes away and what holds meanwhile; it comes back; it is slow, behind, answers garbage."""

import json
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from zlib import crc32

from enghub_cli.context import STAGE
from enghub_cli.story.teller import Teller

ERP = "/api/v1/plant/erp"
ORDERS = "/api/v1/work-orders"
USES = ["BOM", "PPAP", "COMPLETIONS", "RECONCILIATION"]
FAULTS: tuple[tuple[dict[str, Any], str], ...] = (
    ({"delay_ms": 3500}, "SLOW"),
    ({"delay_ms": 0, "lag_seconds": 600}, "LAGGING"),
    ({"garbage": True}, "DOWN"),
)
"""What the stand-in ERP is told, and how people see its service then."""
FACTORY = "sh-02"
"""A factory of its own: the others plan without an ERP."""


def erp_goes_away(tell: Teller) -> None:
    """An order is completed while the ERP is down; nothing is lost, new orders wait, and both are known at once."""
    tell.chapter("4c  The ERP goes away, and comes back")
    tell.sign_in("mei", "PLANNER", factory=FACTORY)
    tell.sign_in("gao", "OPERATOR", "SHIFT_LEAD", factory=FACTORY)
    _sandbox(tell, reset=True)
    tell.call("mei", "PUT", f"{ERP}/link", {"recipientId": "emp-001", "uses": USES}, expect=200)
    tell.call("mei", "POST", f"{ERP}/replay", expect=200)
    number, unknown = f"ERP-{tell.run}", f"V3.{crc32(tell.run.encode()) % 1_000_000}"
    path = _started(tell, number)
    tell.say("The ERP goes down. The order is completed all the same.")
    _sandbox(tell, down=True)
    tell.call("gao", "POST", f"{path}/complete", {"version": 3}, expect=200, show=lambda data: data["status"])
    tell.wait("mei", f"{ERP}/status", partial(_is, "COMPLETIONS", "DOWN"), show=_services)
    tell.say("What the order needs is still known; a new one cannot be planned, and the answer says why.")
    tell.call("gao", "GET", f"{ERP}/orders/{number}/materials", expect=200, show=_materials)
    tell.call("mei", "POST", ORDERS, _order(f"{number}-2", unknown), expect=503)
    tell.call("mei", "GET", f"{ERP}/refusals", expect=200, show=lambda data: _refusal(data["items"][0]))
    tell.say("It comes back: what waited is sent, what was refused is checked again.")
    _sandbox(tell, down=False)
    tell.call("mei", "POST", f"{ERP}/replay", expect=200)
    taken = f"{ERP}/messages?state=ACKNOWLEDGED"
    tell.wait("mei", taken, lambda page: number in _subjects(page), show=_messages)
    tell.wait("mei", f"{ERP}/refusals", lambda page: page["items"][0]["outcome"] == "POSSIBLE", show=_refusals)
    tell.call("mei", "POST", ORDERS, _order(f"{number}-2", unknown), expect=201, show=lambda data: data["status"])
    today = datetime.now(UTC).date()
    tell.call("mei", "GET", f"{ERP}/reconciliation?date={today}", expect=200, show=_compared)


def erp_is_not_well(tell: Teller) -> None:
    """Slow, behind, garbage: what each looks like, and what counts then."""
    tell.chapter("4d  The ERP is slow, behind, and answers garbage")
    material = f"MAT-{tell.run}"
    for number, (fault, state) in enumerate(FAULTS):
        tell.say(f"Now: {json.dumps(fault)}")
        _sandbox(tell, services=["ppap"], **fault)
        tell.call("mei", "GET", f"{ERP}/materials/{material}-{number}/ppap", expect=200, show=_approval)
        tell.wait("mei", f"{ERP}/status", partial(_is, "PPAP", state), show=_services)
    _sandbox(tell, reset=True)
    tell.call("mei", "POST", f"{ERP}/replay", expect=200)
    tell.wait("mei", f"{ERP}/status", partial(_is, "PPAP", "UP"), show=_services)
    tell.call("mei", "GET", f"{ERP}/materials/{material}-2/ppap", expect=200, show=_approval)


def _order(number: str, version: str) -> dict[str, Any]:
    due = str((datetime.now(UTC) + timedelta(days=2)).date())
    where = {"lineId": "L1", "stationId": "ST-1"}
    return {"workOrderId": number, "productId": "PROD-A001", "plannedQuantity": 100, "dueDate": due, **where} | {
        "bomVersion": version
    }


def _started(tell: Teller, number: str) -> str:
    path = f"{ORDERS}/{number}"
    tell.call("mei", "POST", ORDERS, _order(number, "V2.0"), expect=201, show=lambda data: data["status"])
    tell.say("Released once every material of its BOM is approved in the ERP.")
    for user, version, step in (("mei", 1, "release"), ("gao", 2, "start")):
        tell.call(user, "POST", f"{path}/{step}", {"version": version}, expect=200, show=lambda data: data["status"])
    report = {"workOrderId": number, "operation": "OP-10", "station": "ST-1", "shift": "day", "goodQty": 95}
    body = {**report, "reportTime": datetime.now(UTC).isoformat()}
    key = {"Idempotency-Key": f"{tell.run}-erp"}
    tell.call("gao", "POST", "/api/v1/production/report", body, expect=201, headers=key, show=lambda _: "")
    return path


def _sandbox(tell: Teller, **wanted: Any) -> None:
    """Set the stand-in ERP's switches, with its own token."""
    stored = tell.cloud.client("secretsmanager").get_secret_value(SecretId=f"enghub/{STAGE}/mes/erp/default")
    with tell.cloud.http(json.loads(stored["SecretString"])["token"]) as client:
        client.put("/sandbox/erp/scenario", json=wanted).raise_for_status()


def _is(service: str, state: str, data: dict[str, Any]) -> bool:
    return any((one["service"], one["state"]) == (service, state) for one in data["services"])


def _services(data: dict[str, Any]) -> list[str]:
    return [
        f"{one['service']} {one['state']}" + (f", {one['waiting']} waiting" if one["waiting"] else "")
        for one in data["services"]
    ]


def _subjects(page: dict[str, Any]) -> list[str]:
    return [one["subject"] for one in page["items"]]


def _messages(page: dict[str, Any]) -> list[dict[str, Any]]:
    names = ("subject", "value", "attempts", "acknowledgement")
    return [{name: one[name] for name in names} for one in page["items"][:3]]


def _materials(data: dict[str, Any]) -> dict[str, Any]:
    return {name: data[name] for name in ("materials", "source", "isStale", "staleSince")}


def _refusals(page: dict[str, Any]) -> dict[str, Any]:
    return _refusal(page["items"][0])


def _refusal(one: dict[str, Any]) -> dict[str, Any]:
    return {name: one[name] for name in ("wanted", "subject", "by", "outcome")}


def _compared(data: dict[str, Any]) -> dict[str, Any]:
    return {name: data[name] for name in ("acknowledged", "waiting", "refused", "compared", "agrees")}


def _approval(data: dict[str, Any]) -> dict[str, Any]:
    return {name: data[name] for name in ("status", "mayBeBought", "asOf", "isStale")}
