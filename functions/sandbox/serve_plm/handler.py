"""A stand-in PLM for development and tests (PLM-22): products by REST and SOAP, signed webhooks, faults on demand.

Trigger: routes under /sandbox/plm, deployed only where the stage says so; every call needs the PLM's own token.
Runbook: docs/runbooks/plm-sandbox.md.
"""

from dataclasses import asdict, dataclass, replace
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response, content_types

from enghub.core import config, entrypoints
from enghub.core.clock import system_clock
from enghub.core.config import CoreConfig
from enghub.core.errors import EngHubError
from enghub.core.events import dumps
from enghub.sandbox.plm import answering, service, soap
from enghub.sandbox.plm import dynamo as scenarios
from enghub.sandbox.plm.scenario import Scenario
from enghub.sandbox.plm.service import Account

CONTROLS = ("products", "delay_ms", "fail_next", "broken_object", "webhook_times", "bad_answer", "pages", "boms")
BY_SOAP = {"x-enghub-media": "text/xml"}
PUBLIC = {"x-enghub-public": True, "x-enghub-public-reason": "the stand-in PLM checks the PLM's own token"}
app = APIGatewayRestResolver(serializer=dumps)


@dataclass(frozen=True, slots=True)
class Config:
    """Which connection of the hub this PLM is the other side of."""

    plm_connection: str = "default"


@app.get("/sandbox/plm/products", openapi_extensions=PUBLIC)
def read_products() -> Response[Any]:
    """One page of products."""
    _account()
    return Response(*answering.products(app.current_event.query_string_parameters or {}))


@app.get("/sandbox/plm/soap", openapi_extensions=PUBLIC | BY_SOAP)
def read_plm_wsdl() -> Response[Any]:
    """The contract by SOAP 1.1, to anybody: ``?wsdl``."""
    return Response(200, answering.XML, soap.wsdl(_stored_account().soap_url))


@app.post("/sandbox/plm/soap", openapi_extensions=PUBLIC | BY_SOAP)
def answer_plm_soap() -> Response[Any]:
    """One operation of the contract."""
    return Response(*answering.by_soap((app.current_event.decoded_body or "").encode(), _key(), _account))


@app.get("/sandbox/plm/ppap/documents", openapi_extensions=PUBLIC)
def read_ppap_documents() -> dict[str, Any]:
    """All 18 documents of a project, ready."""
    _account()
    return service.ppap_documents((app.current_event.query_string_parameters or {})["projectCode"])


@app.post("/sandbox/plm/ppap/approvals", openapi_extensions=PUBLIC)
def take_ppap_approval() -> dict[str, Any]:
    """Take an approval, once by its Idempotency-Key; fails as the scenario says."""
    _account()
    return answering.approval(app.current_event.json_body, _key())


@app.get("/sandbox/plm/apqp/projects/<code>", openapi_extensions=PUBLIC)
def read_apqp_status(code: str) -> dict[str, Any]:
    """A project in its second phase: what the first one wants is done."""
    _account()
    return service.apqp_status(code)


@app.post("/sandbox/plm/apqp/gates", openapi_extensions=PUBLIC)
def take_apqp_gate() -> dict[str, Any]:
    """Take a passed gate, once by its Idempotency-Key; fails as the scenario says."""
    _account()
    return answering.gate(app.current_event.json_body, _key())


@app.post("/sandbox/plm/improvements", openapi_extensions=PUBLIC)
def take_improvements() -> dict[str, Any]:
    """Take a batch of improvement requests, once by its Idempotency-Key; fails as the scenario says."""
    _account()
    return answering.improvements(app.current_event.json_body["requests"], _key())


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
    account = _account()
    return account.delivered(app.current_event.json_body, system_clock(), scenarios.load().webhook_times)


def refuse(error: EngHubError) -> Response[Any]:
    """Answer as PLMs do: a status and a sentence."""
    return Response(error.status, content_types.APPLICATION_JSON, {"error": error.message("en")})


def misunderstood(error: Exception) -> Response[Any]:
    """Answer that the request makes no sense."""
    return Response(400, content_types.APPLICATION_JSON, {"error": f"{type(error).__name__}: {error}"})


def _key() -> str:
    return str(app.current_event.headers.get("idempotency-key", ""))


def _account() -> Account:
    account = _stored_account()
    account.check(app.current_event.headers.get("authorization", ""), system_clock())
    return account


def _stored_account() -> Account:
    return answering.account(config.load(CoreConfig).stage, config.load(Config).plm_connection)


app.exception_handler(EngHubError)(refuse)
app.exception_handler([KeyError, TypeError, ValueError])(misunderstood)
lambda_handler = entrypoints.http(app)
