"""Takes production orders from the ERP: each becomes one work order, and the ERP is told so (MES-16).

The ERP lists what nobody acknowledged yet. An order is made under its number there, so one that was made before its
acknowledgement got lost is found again and acknowledged; it is never made twice.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from pydantic import ValidationError

from enghub.core import log, outbox
from enghub.core.clock import Clock
from enghub.core.errors import EngHubError, Unavailable
from enghub.core.identity import Origin
from enghub.core.notices import NoticeRequested, Severity
from enghub.core.problems import invalid
from enghub.core.transactions import transact
from enghub.mes import wiring
from enghub.mes.erp.errors import GARBAGE, ErpAway, ErpRefuses
from enghub.mes.erp.model import Link, Service
from enghub.mes.erp.repository import Reply
from enghub.mes.erp.service import Calls, ServiceDown
from enghub.mes.exchange.service import LEAST_SECONDS, acknowledgement
from enghub.mes.factories import Factory
from enghub.mes.work_orders.api import CreateWorkOrderRequest
from enghub.mes.work_orders.errors import WorkOrderExists

OPEN = "/api/v1/production-orders/open"
SYSTEM = "system:erp-orders"
MOST_LISTED = 1000
MOST_NUMBER = 64
NAMES: Mapping[str, str] = {
    "order_id": "workOrderId",
    "product_id": "productId",
    "bom_version": "bomVersion",
    "qty": "plannedQuantity",
    "due_date": "dueDate",
    "sales_order_id": "salesOrderId",
    "routing_id": "routingId",
    "unit": "unit",
}
"""What is read of an order there, and what it is here."""


@dataclass(frozen=True, slots=True)
class Intake:
    """What a round took in."""

    taken: int = 0
    rejected: int = 0

    def __add__(self, other: "Intake") -> "Intake":
        return Intake(self.taken + other.taken, self.rejected + other.rejected)


def take_orders(link: Link, calls: Calls, clock: Clock, seconds_left: Callable[[], float]) -> Intake:
    """Take in what the ERP lists, and acknowledge each; nothing where it is away."""
    done = Intake()
    try:
        listed, _ = calls.get(link, Service.ORDERS, OPEN, _listed)
        for order in listed:
            if seconds_left() < LEAST_SECONDS:
                break
            done += _take(link, calls, clock, order)
    except ServiceDown:
        pass  # what was not acknowledged is listed again
    except ErpRefuses as no:
        log.warning("the ERP lists no orders", reason=str(no))
    return done


def _take(link: Link, calls: Calls, clock: Clock, order: Mapping[str, Any]) -> Intake:
    number = order["order_id"]
    origin = Origin(link.factory.tenant_id, link.factory.factory_id, SYSTEM, clock(), f"erp-order/{number}")
    try:
        _make(origin, order)
        problem = None
    except Unavailable as later:
        log.warning("order of the ERP waits", work_order_id=number, reason=str(later))
        return Intake()
    except EngHubError as error:
        problem = error
        notice = _rejected(origin, number, error)
        transact(outbox.to_outbox(notice.envelope(origin), subject=notice.subject))
    verdict = "accepted" if problem is None else "rejected"
    said = "" if problem is None else problem.message("en")
    body = json.dumps({"work_order_id": number, "status": verdict.upper(), "problem": said}, ensure_ascii=False)
    path = f"/api/v1/production-orders/{quote(number, safe='')}/acknowledge"
    calls.post(link, Service.ORDERS, path, (f"order/{quote(number, safe='')}/{verdict}", body), acknowledgement)
    return Intake(taken=1) if problem is None else Intake(rejected=1)


def _make(origin: Origin, order: Mapping[str, Any]) -> None:
    """Plan the order; one of its number and product that is there already is this one.

    Raises:
        EngHubError: why it cannot be planned.
    """
    fields = {ours: order[theirs] for theirs, ours in NAMES.items() if order.get(theirs) is not None}
    try:
        request = CreateWorkOrderRequest.model_validate(fields)
    except ValidationError as error:
        raise invalid([{**one, "loc": ("body", *one["loc"])} for one in error.errors()]) from error
    try:
        wiring.work_orders().create(request.to_command(origin))
    except WorkOrderExists:
        known = wiring.work_orders().get(Factory.of(origin), str(request.work_order_id))
        if known.product_id != request.product_id:
            raise


def _listed(reply: Reply) -> list[Mapping[str, Any]]:
    found = reply.content.get("items")
    if not isinstance(found, list) or len(found) > MOST_LISTED or not all(map(_has_number, found)):
        raise ErpAway(GARBAGE)
    return found


def _has_number(order: Any) -> bool:
    number = order.get("order_id") if isinstance(order, dict) else None
    return isinstance(number, str) and 0 < len(number) <= MOST_NUMBER


def _rejected(origin: Origin, number: str, error: EngHubError) -> NoticeRequested:
    return NoticeRequested(
        notice_type="mes.erp_order_rejected",
        severity=Severity.WARNING,
        subject=f"work_order/{number}",
        facts={
            "factory": origin.factory_id,
            "order": number,
            "problem": error.message("en")[:300],
            "problemZh": error.message("zh")[:300],
        },
        roles=("PLANNER",),
        dedupe_key=f"erp-order/{origin.factory_id}/{number}/{error.name}",
    )
