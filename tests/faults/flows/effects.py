"""The effect of a change: planned, its stock disposed of, agreed to, applied; a movement of stock heard (PLM-26)."""

import json
from pathlib import Path
from typing import Any

from enghub.core.identity import Principal
from tests.factories.http import Context, a_principal, a_request
from tests.factories.plm import a_notification, call, deliver, handler, process, put_secrets, queued
from tests.factories.stored import commands
from tests.faults.harness import Flow, register

PATH = "/api/v1/plm/change-orders/ECN-7/effect"
PUBLISHED = Path(__file__).parents[3] / "events" / "published"


def person(user: str, role: str) -> Principal:
    made = a_principal("change_effect:plan", "change_effect:agree", user=user)
    return Principal(made.user_id, made.tenant_id, made.factory_ids, (role,), made.permissions, made.authenticated_at)


def send(method: str, path: str = "", body: Any = None, user: str = "lead", role: str = "PLM_ADMIN") -> Any:
    return call("change_effects", a_request(method, f"{PATH}{path}", body, caller=person(user, role)))


def hear(event_type: str, number: int = 1, **data: Any) -> list[str]:
    event = json.loads((PUBLISHED / f"{event_type}.1.0.json").read_text("utf-8"))
    identifier = f"01KK6D3Z1N8V6T3P2M1ZX{number:05d}"
    event = {**event, "event_id": identifier, "data": {**event["data"], **data}}
    body = {"detail-type": event_type, "detail": event}
    failed = handler("project_floor")(queued(body), Context())["batchItemFailures"]
    return [json.dumps(one) for one in failed]


def stock(_: Any = None) -> list[str]:
    return hear("StockChanged", material_id="LOCK", quantity=40)


def changed() -> None:
    put_secrets()
    deliver(a_notification("ECN-7", affectedProducts=["LOCK"], effectiveDate=None))
    process(*commands("process_change"))
    assert stock() == []
    assert hear("WorkOrderReleased", 2, work_order_id="WO-2", product_id="LOCK", status="RELEASED") == []


def plan(_: Any = None) -> Any:
    return send("POST", body={"mode": "NEXT_BATCH"})


def agreed() -> None:
    changed()
    assert plan()[0] == 201
    assert send("PUT", "/lines/STOCK-1", {"disposition": "USE_UP"})[0] == 200
    assert send("POST", "/request")[0] == 200
    assert send("POST", "/decision", {"verdict": "APPROVE"}, "quan", "QUALITY_ENGINEER")[0] == 200


def apply(_: Any) -> Any:
    return send("POST", "/application")


register(Flow("hear of a movement of stock", "plm", put_secrets, stock))
register(Flow("plan the effect of a change", "plm", changed, plan))
register(Flow("apply a change", "plm", agreed, apply))
