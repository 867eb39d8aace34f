"""A stand-in PLM for development and tests (PLM-22): products over REST, changes by signed webhook, faults on demand.

Trigger: routes under /sandbox/plm, deployed only where the stage says so; every call needs the PLM's own token.
Runbook: docs/runbooks/plm-sandbox.md.
"""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response, content_types

from enghub.core import config, entrypoints
from enghub.core.clock import system_clock
from enghub.core.config import CoreConfig
from enghub.core.errors import EngHubError, Unavailable
from enghub.core.events import dumps
from enghub.core.secrets import secret
from enghub.sandbox.plm import dynamo as scenarios
from enghub.sandbox.plm import service
from enghub.sandbox.plm.scenario import Scenario
from enghub.sandbox.plm.service import Account

CONTROLS = ("products", "delay_ms", "fail_next", "broken_object", "webhook_times")
PUBLIC = {"x-enghub-public": True, "x-enghub-public-reason": "the stand-in PLM checks the PLM's own token"}
app = APIGatewayRestResolver(serializer=dumps)


@dataclass(frozen=True, slots=True)
class Config:
    """Which connection of the hub this PLM is the other side of."""

    plm_connection: str = "default"


@app.get("/sandbox/plm/products", openapi_extensions=PUBLIC)
def read_products() -> dict[str, Any]:
    """One page of products."""
    _account()
    scenario = scenarios.load()
    time.sleep(min(scenario.delay_ms, 20_000) / 1000)
    query = app.current_event.query_string_parameters or {}
    if service.is_broken(scenario, query) or (scenario.fail_next and scenarios.take_failure()):
        raise Unavailable
    return service.products(scenario, query)


@app.get("/sandbox/plm/ppap/documents", openapi_extensions=PUBLIC)
def read_ppap_documents() -> dict[str, Any]:
    """All 18 documents of a project, ready."""
    _account()
    project = (app.current_event.query_string_parameters or {})["projectCode"]
    return {
        "items": [{"element": n, "status": "READY", "document": f"{project}/element-{n}.pdf"} for n in range(1, 19)]
    }


@app.post("/sandbox/plm/ppap/approvals", openapi_extensions=PUBLIC)
def take_ppap_approval() -> dict[str, Any]:
    """Take an approval, once by its Idempotency-Key; fails as the scenario says."""
    _account()
    body = json.dumps(app.current_event.json_body, ensure_ascii=False)
    return {"taken": len(_taken(lambda scenario, key: scenario.approved(key, body)).approvals)}


@app.post("/sandbox/plm/improvements", openapi_extensions=PUBLIC)
def take_improvements() -> dict[str, Any]:
    """Take a batch of improvement requests, once by its Idempotency-Key; fails as the scenario says."""
    _account()
    requests = tuple(str(one["requestId"]) for one in app.current_event.json_body["requests"])
    return {"taken": len(_taken(lambda scenario, key: scenario.improved(key, requests)).improvements)}


def _taken(change: Callable[[Scenario, str], Scenario]) -> Scenario:
    """Return the scenario after what was told under an Idempotency-Key; the same key changes nothing twice."""
    scenario = scenarios.load()
    if scenario.fail_next and scenarios.take_failure():
        raise Unavailable
    changed = change(scenario, app.current_event.headers.get("idempotency-key", ""))
    if changed is not scenario:
        scenarios.save(changed)
    return changed


@app.get("/sandbox/plm/scenario", openapi_extensions=PUBLIC)
def read_scenario() -> dict[str, Any]:
    """The scenario."""
    _account()
    return asdict(scenarios.load())


@app.put("/sandbox/plm/scenario", openapi_extensions=PUBLIC)
def set_scenario() -> dict[str, Any]:
    """Set some of CONTROLS; the body ``{}`` changes nothing, ``{"reset": true}`` starts anew."""
    _account()
    wanted = app.current_event.json_body
    before = Scenario() if wanted.get("reset") else scenarios.load()
    changed = replace(before, **{name: wanted[name] for name in CONTROLS if name in wanted})
    scenarios.save(changed)
    return asdict(changed)


@app.post("/sandbox/plm/touches", openapi_extensions=PUBLIC)
def touch_products() -> dict[str, Any]:
    """Edit objects ``first`` to ``last`` now."""
    _account()
    wanted = app.current_event.json_body
    changed = scenarios.load().touched(int(wanted["first"]), int(wanted["last"]), system_clock())
    scenarios.save(changed)
    return asdict(changed)


@app.post("/sandbox/plm/changes", openapi_extensions=PUBLIC)
def report_change() -> dict[str, Any]:
    """Send the body as a signed change notification to the hub, as often as the scenario says."""
    import httpx  # noqa: PLC0415 - only this route calls out

    account = _account()
    body, headers = account.signed(app.current_event.json_body, system_clock())
    answers = []
    for _ in range(scenarios.load().webhook_times):
        answer = httpx.post(account.webhook_url, content=body, headers=headers, timeout=10)
        answers.append({"status": answer.status_code, "body": json.loads(answer.content)})
    return {"deliveries": answers}


def refuse(error: EngHubError) -> Response[Any]:
    """Answer as PLMs do: a status and a sentence."""
    return Response(error.status, content_types.APPLICATION_JSON, {"error": error.message("en")})


def misunderstood(error: Exception) -> Response[Any]:
    """Answer that the request makes no sense."""
    return Response(400, content_types.APPLICATION_JSON, {"error": f"{type(error).__name__}: {error}"})


def _account() -> Account:
    stage, connection = config.load(CoreConfig).stage, config.load(Config).plm_connection
    account = Account.of(
        connection,
        secret(f"enghub/{stage}/plm/api/{connection}"),
        secret(f"enghub/{stage}/plm/webhook/{connection}"),
    )
    account.check(app.current_event.headers.get("authorization", ""), system_clock())
    return account


app.exception_handler(EngHubError)(refuse)
app.exception_handler([KeyError, TypeError, ValueError])(misunderstood)
lambda_handler = entrypoints.http(app)
