"""The stand-in ERP (MES-21): the document's four contracts, stock movements, orders, and what it received."""

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from enghub.core.errors import NotFound, RuleViolated, Unauthenticated
from enghub.sandbox.erp.scenario import Scenario

GARBAGE = "<html><body>Tomcat: java.lang.NullPointerException</body></html>"
ORDER = "order"
"""The kind of an acknowledgement of an order."""
REFUSED = "no such order or lot"
USUAL_BOM = "MAT-001=10,MAT-002=5"
USUAL_PERMISSIONS = (
    "work_order:create work_order:read work_order:release work_order:start work_order:close work_order:hold"
    " report:create report:read report:reverse"
)


@dataclass(frozen=True, slots=True)
class Received:
    """A message that was taken, by its Idempotency-Key: the second of a key changes nothing."""

    key: str
    kind: str
    subject: str
    value: str
    """The completion rate, or the quantity that moved."""
    received_at: datetime
    body: str

    @property
    def acknowledgement(self) -> str:
        """What the sender is told: the same for the same key."""
        return f"ACK-{self.key}"


def check(authorization: str, token: str) -> None:
    """Raise Unauthenticated unless the bearer token is the connection's."""
    if not token or not hmac.compare_digest(authorization.removeprefix("Bearer ").encode(), token.encode()):
        raise Unauthenticated


def bom(scenario: Scenario, product_id: str, version: str, as_of: datetime) -> dict[str, Any]:
    """Answer ``GET /api/v1/bom/product/{id}/version/{v}``; raises NotFound."""
    said = scenario.latest("bom", product_id, as_of)
    if said == "":
        raise NotFound(resource=f"BOM of {product_id}")
    materials = [line.partition("=") for line in (said or USUAL_BOM).split(",")]
    return {
        "product_id": product_id,
        "bom_version": version,
        "materials": [{"material_id": name, "qty": _number(qty), "unit": "pcs"} for name, _, qty in materials],
    }


def ppap(scenario: Scenario, material_id: str, as_of: datetime) -> dict[str, Any]:
    """Answer ``GET /api/v1/ppap/material/{id}``."""
    status = scenario.latest("ppap", material_id, as_of) or "APPROVED"
    date = "2025-12-01" if status == "APPROVED" else None
    return {"material_id": material_id, "ppap_status": status, "approval_date": date}


def permissions(scenario: Scenario, user_id: str, as_of: datetime) -> dict[str, Any]:
    """Answer ``GET /api/v1/auth/user/{id}/permissions``."""
    said = scenario.latest("permissions", user_id, as_of)
    return {
        "user_id": user_id,
        "roles": ["production_manager"],
        "factories": ["sh-01"],
        "permissions": (USUAL_PERMISSIONS if said is None else said).split(),
    }


def completion(key: str, body: Mapping[str, Any], text: str, now: datetime) -> Received:
    """Read ``POST /api/v1/notifications/send``; raises KeyError."""
    data = body["data"]
    return Received(key, body["type"], data["work_order_id"], str(data["completion_rate"]), now, text)


def movement(key: str, body: Mapping[str, Any], text: str, now: datetime) -> Received:
    """Read ``POST /api/v1/stock/movements``; raises KeyError."""
    return Received(key, "stock_movement", body["lot_id"], str(body["qty"]), now, text)


def open_orders(scenario: Scenario, answered: set[str], as_of: datetime) -> dict[str, Any]:
    """Answer ``GET /api/v1/production-orders/open``: the orders that were said and not acknowledged."""
    names = dict.fromkeys(one.name for one in scenario.said if one.kind == ORDER)
    found = ((name, scenario.latest("order", name, as_of)) for name in names)
    return {"items": [json.loads(text) for name, text in found if text and name not in answered]}


def accepted(received: Received, scenario: Scenario) -> Received:
    """Return what came; raises RuleViolated where the scenario refuses its subject."""
    if scenario.refuse and received.subject == scenario.refuse:
        raise RuleViolated(problem=REFUSED)
    return received


def order_acknowledged(key: str, body: Mapping[str, Any], text: str, now: datetime) -> Received:
    """Read ``POST /api/v1/production-orders/{id}/acknowledge``; raises KeyError."""
    return Received(key, ORDER, body["work_order_id"], body["status"], now, text)


def listed(received: Received) -> dict[str, Any]:
    """Return a line of ``GET /api/v1/exchange/received``."""
    return {
        "key": received.key,
        "kind": received.kind,
        "subject": received.subject,
        "value": received.value,
        "acknowledgement_id": received.acknowledgement,
    }


def _number(text: str) -> int | float:
    return int(text) if text.isdigit() else float(text)
