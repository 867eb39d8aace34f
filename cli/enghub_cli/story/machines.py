"""Chapters on machines, load and costs, in a plant of this telling: what stood, what waits for whom, what it cost."""

from datetime import UTC, datetime, timedelta
from typing import Any

from enghub_cli.story.teller import Teller

PLANT = "/api/v1/plant"
ORDERS = "/api/v1/work-orders"
REPORTS = "/api/v1/production/report"
STATION = "ST-1"
ROUND_THE_CLOCK = {"zone": "UTC", "weekdays": [0, 1, 2, 3, 4, 5, 6], "shifts": []}


def machine_breaks(tell: Teller) -> None:
    """A plant is described; its machine fails and is repaired, told late; the figures say what that was."""
    tell.chapter("4e  A machine breaks")
    factory = f"f-{tell.run.lower()}"
    tell.sign_in("zhou", "PLANNER", factory=factory)
    tell.sign_in("sun", "OPERATOR", "SHIFT_LEAD", factory=factory)
    tell.sign_in("feng", "MAINTENANCE", factory=factory)
    shifts = [{"name": "day", "start": "06:00", "end": "18:00"}, {"name": "night", "start": "18:00", "end": "06:00"}]
    described: tuple[tuple[str, dict[str, Any]], ...] = (
        ("factory", {"name": "新工厂 New plant", "calendar": {**ROUND_THE_CLOCK, "shifts": shifts}}),
        ("lines/L-1", {"name": "Line 1"}),
        (f"stations/{STATION}", {"name": "Press", "lineId": "L-1"}),
        ("routings/R-1", _routing()),
    )
    for what, body in described:
        tell.call("zhou", "PUT", f"{PLANT}/{what}", body, expect=200, show=lambda data: data["version"])
    press = {"name": "Press 1", "category": "PRESS", "stationId": STATION}
    tell.call("feng", "PUT", f"{PLANT}/equipment/M-1", press, expect=200, show=lambda data: data["name"])
    now = datetime.now(UTC).replace(microsecond=0)
    told = (("RUNNING", 240), ("FAILED", 120), ("UNDER_REPAIR", 90), ("RUNNING", 60))
    for state, ago in told:
        change = {"state": state, "at": (now - timedelta(minutes=ago)).isoformat()}
        tell.call("sun", "POST", f"{PLANT}/equipment/M-1/states", change, expect=201, show=lambda data: data["state"])
    tell.say("Failed and then under repair is one failure; the mean of repairs is an hour.")
    period = f"from={_query(now - timedelta(hours=4))}&to={_query(now)}"
    tell.call("feng", "GET", f"{PLANT}/equipment/M-1/figures?{period}", expect=200, show=_figures)
    wish = {"equipmentId": "M-1", "title": "Oil leaks"}
    tell.call("sun", "POST", f"{PLANT}/maintenance/jobs", wish, expect=201, show=lambda data: data["state"])


def load_is_seen(tell: Teller) -> None:
    """Two orders want one station: which is late, and whom it waits for."""
    tell.chapter("4f  What waits for whom")
    today = datetime.now(UTC).date()
    for number, days in ((1, 0), (2, 1)):
        order = {"workOrderId": f"WO-{number}", "productId": "P-1", "plannedQuantity": 600, "lineId": "L-1"}
        more = {"stationId": STATION, "routingId": "R-1", "dueDate": str(today + timedelta(days=days))}
        tell.call("zhou", "POST", ORDERS, {**order, **more}, expect=201, show=lambda data: data["status"])
    tell.say("Each has 25 hours of work and its set-up; a day has 24.")
    tell.call("zhou", "GET", "/api/v1/planning/load?days=7", expect=200, show=_load)


def order_has_its_cost(tell: Teller) -> None:
    """Prices are said, an order is made with its set-up told, a wrong report is reversed: the cost follows."""
    tell.chapter("4g  What an order cost")
    for name, amount in (("LABOUR/ALL", 36), ("MACHINE/ALL", 72)):
        price = {"validFrom": "2026-01-01", "amount": amount, "currency": "CNY"}
        tell.call("zhou", "PUT", f"{PLANT}/standard-costs/{name}", price, expect=200, show=lambda data: data["subject"])
    for user, step, version in (("zhou", "release", 1), ("sun", "start", 2)):
        body = {"version": version}
        tell.call(user, "POST", f"{ORDERS}/WO-1/{step}", body, expect=200, show=lambda data: data["status"])
    report = {"workOrderId": "WO-1", "operation": "OP-10", "station": STATION, "goodQty": 100}
    wrong = _report(tell, {**report, "goodQty": 500, "setupSeconds": 600})
    reason = {"reason": "miscounted"}
    tell.call("sun", "POST", f"/api/v1/production/reports/{wrong}/reversal", reason, expect=201, show=lambda _: "")
    _report(tell, {**report, "setupSeconds": 1200})
    tell.say("Set-up counts once, as it was told, and went with the report that was reversed; nobody guesses material.")
    tell.wait("zhou", f"{ORDERS}/WO-1/cost", lambda data: len(data["lines"]) == 4, show=_cost)


def _routing() -> dict[str, Any]:
    operation = {"operation": "OP-10", "standardSeconds": 150, "setupSeconds": 900}
    return {"name": "Pressing", "productId": "P-1", "operations": [operation]}


def _report(tell: Teller, body: dict[str, Any]) -> str:
    key = {"Idempotency-Key": f"{tell.run}-{body['goodQty']}"}
    made = tell.call("sun", "POST", REPORTS, body, expect=201, headers=key, show=lambda data: data["goodQty"])
    report_id: str = made["reportId"]
    return report_id


def _query(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _figures(data: dict[str, Any]) -> dict[str, Any]:
    seconds = {state: spent for state, spent in data["secondsByState"].items() if spent}
    return {"failures": data["failures"], "meanTimeToRestoration": data["meanTimeToRestoration"], "seconds": seconds}


def _load(data: dict[str, Any]) -> list[dict[str, Any]]:
    wanted = ("end", "whyLate", "waitsFor")
    return [{name: one[name] for name in wanted} for one in data["operations"] if one["isLate"]]


def _cost(data: dict[str, Any]) -> dict[str, Any]:
    lines = [f"{one['source']} {one['amount']}" for one in data["lines"] if one["kind"] == "LABOUR"]
    return {"labour": data["labour"], "machine": data["machine"], "of labour": lines, "lacking": data["lacking"]}
