"""The chapters before the upgrade: an engineering change, products, a work order, the board, a setting."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from enghub_cli.context import STAGE
from enghub_cli.story.teller import Teller

CHANGES = "/api/v1/integration/plm/change-notification"
ORDERS = "/api/v1/work-orders"
REPORTS = "/api/v1/production/report"
CONFIG = "/api/v1/system-config"


def change_arrives(tell: Teller) -> None:
    """The PLM announces an engineering change, twice; quality sees one change point."""
    tell.chapter("1  An engineering change arrives")
    stored = tell.cloud.client("secretsmanager").get_secret_value(SecretId=f"enghub/{STAGE}/plm/webhook/default")
    secret = json.loads(stored["SecretString"])["secrets"][0]
    ecn = f"ECN-{tell.run}"
    body = {
        "ecnNumber": ecn,
        "ecnTitle": "电容规格变更 Capacitor changed",
        "ecnType": "DESIGN_CHANGE",
        "ecnLevel": "MAJOR",
        "affectedProducts": ["PROD-A001"],
        "effectiveDate": "2026-12-01",
    }
    tell.signed(CHANGES, body, secret, expect=202)
    tell.say("The PLM did not hear the answer and sends it again; nothing happens twice.")
    tell.signed(CHANGES, body, secret, expect=200)
    tell.say("A stranger tries the same without knowing the secret.")
    tell.signed(CHANGES, body, "not the secret", expect=401)
    tell.sign_in("quan", "QUALITY_ENGINEER")
    tell.wait(
        "quan",
        f"/api/v1/plm/change-orders/{ecn}",
        lambda order: order["processingStatus"] == "PROCESSED",
        show=lambda order: {"processingStatus": order["processingStatus"], "changePoint": order.get("changePoint")},
    )


def products_sync(tell: Teller) -> None:
    """All products come from the PLM in parallel batches; bad records are rejected with their reason."""
    tell.chapter("2  Products sync from the PLM")
    tell.sign_in("plm-admin", "PLM_ADMIN")
    run = tell.call(
        "plm-admin",
        "POST",
        "/api/v1/plm/sync",
        {"mode": "FULL"},
        expect=202,
        show=lambda data: {"runId": data["runId"]},
    )
    report = tell.wait(
        "plm-admin",
        f"/api/v1/plm/sync/{run['runId']}",
        lambda data: data["status"] in {"SUCCEEDED", "FAILED"},
        show=_sync_state,
    )
    tell.say(f"{report['records']['rejected']} records were rejected, each with its reason; the first ones:")
    for one in report["rejected"][:3]:
        tell.console.print(
            f"  {one['plmProductCode'] or one['objectId']} {one['field']}: {one['message']}", markup=False
        )


def _sync_state(data: dict[str, Any]) -> dict[str, Any]:
    batches = {name: data["batches"][name] for name in ("total", "done", "failed")}
    return {"status": data["status"], "batches": batches, "records": data["records"]}


def work_is_done(tell: Teller) -> str:
    """A work order is planned, released, started and reported on, never beyond its plan."""
    tell.chapter("3  A work order is made and reported on")
    tell.sign_in("li", "PLANNER")
    tell.sign_in("wang", "OPERATOR", "SHIFT_LEAD")
    today = datetime.now(UTC)
    planned = {
        "workOrderId": f"WO-{tell.run}",
        "productId": "PROD-A001",
        "plannedQuantity": 200,
        "dueDate": str((today + timedelta(days=2)).date()),
        "lineId": _line(tell),
        "stationId": "ST-SMT-01",
        "standardSeconds": 20,
        "shiftDate": str(today.date()),
        "shift": "day",
    }
    order = tell.call("li", "POST", ORDERS, planned, expect=201, show=_order)
    path = f"{ORDERS}/{order['workOrderId']}"
    for user, step in (("li", "release"), ("wang", "start")):
        order = tell.call(user, "POST", f"{path}/{step}", {"version": order["version"]}, expect=200, show=_order)
    report = {
        "workOrderId": order["workOrderId"],
        "operation": "SMT",
        "station": "ST-SMT-01",
        "shift": "day",
        "goodQty": 100,
        "defectQty": 5,
        "defectTypes": ["短路", "漏焊"],
        "reportTime": today.isoformat(),
    }
    first = {"Idempotency-Key": f"{tell.run}-1"}
    tell.call("wang", "POST", REPORTS, report, expect=201, headers=first)
    tell.say(
        "The tablet lost the network and sends the same report again: the first answer comes back, nothing is added."
    )
    tell.call("wang", "POST", REPORTS, report, expect=201, headers=first)
    tell.say("A report beyond the plan is refused.")
    more = {**report, "goodQty": 96, "defectQty": 0, "defectTypes": []}
    tell.call("wang", "POST", REPORTS, more, expect=422, headers={"Idempotency-Key": f"{tell.run}-2"})
    later = {"reportTime": (today + timedelta(minutes=2)).isoformat()}
    tell.call(
        "wang",
        "POST",
        REPORTS,
        {**more, "goodQty": 60, **later},
        expect=201,
        headers={"Idempotency-Key": f"{tell.run}-3"},
    )
    tell.call("li", "GET", path, expect=200, show=_order)
    return str(today.date())


def _line(tell: Teller) -> str:
    """Return the line of this telling, so that the board shows its own output alone."""
    return f"LINE-{tell.run}"


def _order(order: dict[str, Any]) -> dict[str, Any]:
    names = (
        "workOrderId",
        "status",
        "plannedQuantity",
        "goodQuantity",
        "defectQuantity",
        "remaining",
        "version",
    )
    return {name: order[name] for name in names if name in order}


def board_moves(tell: Teller, date: str) -> None:
    """The shift board follows the reports within seconds."""
    tell.chapter("4  The shift board moves")
    tell.wait(
        "wang",
        f"/api/v1/dashboard/shift-board?date={date}&shift=day",
        lambda board: any(line["line"] == _line(tell) and line["output"] == 165 for line in board["lines"]),
        show=lambda board: [line for line in board["lines"] if line["line"] == _line(tell)],
    )


def setting_changes(tell: Teller) -> None:
    """A setting is made, changed, and a colleague's outdated change is refused with a merge proposal."""
    tell.chapter("5  A setting changes")
    tell.sign_in("admin", "TENANT_ADMIN")
    name = f"session.timeout.{tell.run.lower()}"
    made = {
        "configKey": name,
        "configValue": "3600",
        "configType": "NUMBER",
        "validationRule": {"type": "range", "min": 300, "max": 86400},
    }
    tell.call("admin", "POST", CONFIG, made, expect=201, show=_config)
    tell.say("Ten seconds would lock everybody out: the rule of the setting refuses it.")
    tell.call("admin", "PATCH", f"{CONFIG}/{name}", {"version": 1, "configValue": "10"}, expect=400)
    tell.call("admin", "PATCH", f"{CONFIG}/{name}", {"version": 1, "configValue": "7200"}, expect=200, show=_config)
    tell.say("A colleague still has version 1 on the screen.")
    tell.call("admin", "PATCH", f"{CONFIG}/{name}", {"version": 1, "configValue": "1800"}, expect=409)
    tell.call("admin", "GET", f"{CONFIG}/{name}", expect=200, show=_config)


def _config(data: dict[str, Any]) -> dict[str, Any]:
    return {field: data[field] for field in ("configKey", "configValue", "layer", "version") if field in data}
