"""A stand-in ERP for development and tests (MES-21): BOM, PPAP, permissions, notices, stock; with faults on demand.

Trigger: routes under /sandbox/erp, deployed only where the stage says so; every call needs the connection's token.
Runbook: docs/runbooks/erp-sandbox.md.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any
from urllib.parse import unquote

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response, content_types

from enghub.core import clock, config, entrypoints
from enghub.core.clock import system_clock
from enghub.core.config import CoreConfig
from enghub.core.errors import EngHubError, Unavailable
from enghub.core.events import dumps
from enghub.core.secrets import secret
from enghub.sandbox.erp import dynamo, service
from enghub.sandbox.erp.scenario import Scenario
from enghub.sandbox.erp.service import Received

BASE = "/sandbox/erp/api/v1"
PUBLIC = {"x-enghub-public": True, "x-enghub-public-reason": "the stand-in ERP checks the connection's own token"}
app = APIGatewayRestResolver(serializer=dumps)


@dataclass(frozen=True, slots=True)
class Config:
    """Which connection of the hub this ERP is the other side of."""

    erp_connection: str = "default"


@app.get(f"{BASE}/bom/product/<product_id>/version/<version>", openapi_extensions=PUBLIC)
def read_erp_bom(product_id: str, version: str) -> Response[Any]:
    """The materials of a product."""
    return _answer("bom", lambda scenario, as_of: service.bom(scenario, product_id, version, as_of))


@app.get(f"{BASE}/ppap/material/<material_id>", openapi_extensions=PUBLIC)
def read_erp_ppap(material_id: str) -> Response[Any]:
    """Whether a material is approved."""
    return _answer("ppap", lambda scenario, as_of: service.ppap(scenario, material_id, as_of))


@app.get(f"{BASE}/auth/user/<user_id>/permissions", openapi_extensions=PUBLIC)
def read_erp_permissions(user_id: str) -> Response[Any]:
    """What a user may do."""
    return _answer("permissions", lambda scenario, as_of: service.permissions(scenario, user_id, as_of))


@app.post(f"{BASE}/notifications/send", openapi_extensions=PUBLIC)
def take_erp_notification() -> Response[Any]:
    """Take the notice that an order is complete, once by its Idempotency-Key."""
    return _take("notifications", service.completion)


@app.post(f"{BASE}/stock/movements", openapi_extensions=PUBLIC)
def take_erp_movement() -> Response[Any]:
    """Take a movement of stock, once by its Idempotency-Key."""
    return _take("movements", service.movement)


@app.get(f"{BASE}/production-orders/open", openapi_extensions=PUBLIC)
def list_erp_orders() -> Response[Any]:
    """The production orders that nobody acknowledged yet."""
    return _answer("orders", lambda scenario, as_of: service.open_orders(scenario, dynamo.answered_orders(), as_of))


@app.post(f"{BASE}/production-orders/<order_id>/acknowledge", openapi_extensions=PUBLIC)
def take_erp_order_acknowledgement(order_id: str) -> Response[Any]:
    """Take the acknowledgement of an order, once by its Idempotency-Key."""
    return _take("orders", lambda *said: replace(service.order_acknowledged(*said), subject=unquote(order_id)))


@app.get(f"{BASE}/exchange/received", openapi_extensions=PUBLIC)
def list_erp_received() -> Response[Any]:
    """What was received on ``date`` (UTC), today when none is named."""
    asked = (app.current_event.query_string_parameters or {}).get("date")
    taken = dynamo.of_day(date.fromisoformat(asked) if asked else system_clock().date())
    return _answer(
        "received", lambda _, as_of: {"items": [service.listed(one) for one in taken if one.received_at <= as_of]}
    )


@app.get("/sandbox/erp/scenario", openapi_extensions=PUBLIC)
def read_erp_scenario() -> dict[str, Any]:
    """The scenario."""
    _check()
    return asdict(dynamo.load())


@app.put("/sandbox/erp/scenario", openapi_extensions=PUBLIC)
def set_erp_scenario() -> dict[str, Any]:
    """Change the scenario; ``reset`` starts anew."""
    _check()
    wanted = app.current_event.json_body
    changed = (Scenario() if wanted.get("reset") else dynamo.load()).changed(wanted, system_clock())
    dynamo.save(changed)
    return asdict(changed)


def _answer(name: str, say: Callable[[Scenario, Any], Mapping[str, Any]]) -> Response[Any]:
    _check()
    scenario = dynamo.load()
    as_of = scenario.known(name, system_clock())
    if scenario.hits(name):
        time.sleep(min(scenario.delay_ms, 20_000) / 1000)
        if scenario.down:
            raise Unavailable
        if scenario.garbage:
            return Response(200, "text/html", service.GARBAGE)
    return Response(200, content_types.APPLICATION_JSON, say(scenario, as_of), {"Data-As-Of": clock.to_text(as_of)})


def _take(name: str, read: Callable[..., Received]) -> Response[Any]:
    def taken(scenario: Scenario, _: Any) -> Mapping[str, Any]:
        event = app.current_event
        wanted = read(event.headers["idempotency-key"], event.json_body, event.body or "", system_clock())
        kept = dynamo.take(service.accepted(wanted, scenario))
        if scenario.lost_answers and dynamo.lose_answer():
            raise Unavailable
        return {"acknowledgement_id": kept.acknowledgement}

    return _answer(name, taken)


def refuse(error: EngHubError) -> Response[Any]:
    """Answer as ERPs do: a status and a sentence."""
    return Response(error.status, content_types.APPLICATION_JSON, {"error": error.message("en")})


def misunderstood(error: Exception) -> Response[Any]:
    """Answer that the request makes no sense."""
    return Response(400, content_types.APPLICATION_JSON, {"error": f"{type(error).__name__}: {error}"})


def _check() -> None:
    stage, connection = config.load(CoreConfig).stage, config.load(Config).erp_connection
    token = secret(f"enghub/{stage}/mes/erp/{connection}")["token"]
    service.check(app.current_event.headers.get("authorization", ""), token)


app.exception_handler(EngHubError)(refuse)
app.exception_handler([KeyError, TypeError, ValueError])(misunderstood)
lambda_handler = entrypoints.http(app)
