"""Takes alerts from Alertmanager, Prometheus, PagerDuty and Opsgenie clients, CloudWatch, as they are (OPS-11).

Trigger: POST /api/v1/golive/intake/{alertmanager|sns|heartbeat}, /api/v2/alerts, /v2/enqueue, /v2/alerts,
.../{alias}/{close|acknowledge}; public, the integration key is the proof. A sender that sends again after an error
loses nothing and changes nothing twice.
Runbook: docs/runbooks/golive-incidents.md.
"""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from aws_lambda_powertools.event_handler.openapi.types import OpenAPIResponse

from enghub.core import entrypoints, http
from enghub.core.clock import system_clock
from enghub.core.errors import Invalid
from enghub.core.i18n import Text
from enghub.core.observability import logger
from enghub.core.strictjson import parse_json
from enghub.golive.alerts import clients, formats, intake
from enghub.golive.alerts.model import Alert, Protocol_, Status
from enghub.golive.forms import BASE

MOST_BYTES = 1024 * 1024
PUBLIC = "monitoring systems cannot sign in: the integration key is the proof"
TAKEN: dict[int, OpenAPIResponse] = {
    status: {"description": "In the sender's own format", "content": {clients.JSON: {"schema": {}}}}
    for status in (200, 202, 400, 401, 404, 409, 413, 422, 429, 500, 503)
}
NOT_JSON = Text("it is no JSON", "不是合法的 JSON")
app = http.resolver(max_body_bytes=MOST_BYTES, foreign=clients.refused)


@app.post(f"{BASE}/intake/alertmanager", public=PUBLIC, responses=TAKEN)
def receive_alertmanager() -> Response[str]:
    """Take a webhook of Alertmanager, version 4."""
    caller = intake.caller(_event(), clients.key_of(_event()), Protocol_.ALERTMANAGER)
    caller.take(formats.alertmanager(_body()))
    return clients.accepted(_event(), status=200)


@app.post("/api/v2/alerts", public=PUBLIC, responses=TAKEN)
def receive_prometheus() -> Response[str]:
    """Take what Prometheus posts to an Alertmanager."""
    caller = intake.caller(_event(), clients.key_of(_event()), Protocol_.PROMETHEUS)
    caller.take(formats.prometheus(_body(), system_clock()))
    return clients.accepted(_event(), status=200)


@app.post(clients.PAGERDUTY, public=PUBLIC, responses=TAKEN)
def receive_pagerduty() -> Response[str]:
    """Take an event of PagerDuty's Events API v2."""
    body = _body()
    key = body.get("routing_key") if isinstance(body, dict) else ""
    caller = intake.caller(_event(), str(key or ""), Protocol_.PAGERDUTY)
    alert = formats.pagerduty(body)
    caller.take([alert])
    told = {"status": "success", "message": "Event processed", "dedup_key": alert.key}
    return clients.accepted(_event(), told)


@app.post(clients.OPSGENIE, public=PUBLIC, responses=TAKEN)
def receive_opsgenie() -> Response[str]:
    """Take an alert of the Opsgenie API."""
    caller = intake.caller(_event(), clients.key_of(_event()), Protocol_.OPSGENIE)
    caller.take([formats.opsgenie(_body())])
    return clients.accepted(_event())


@app.post(f"{clients.OPSGENIE}/<alias>/close", public=PUBLIC, responses=TAKEN)
def close_opsgenie(
    alias: Annotated[str, Path(max_length=512, pattern=r"^[^/]+$")],
    identifier_type: Annotated[str, Query(alias="identifierType")] = "id",
) -> Response[str]:
    """Take that an alert is over."""
    return _opsgenie(alias, Status.RESOLVED)


@app.post(f"{clients.OPSGENIE}/<alias>/acknowledge", public=PUBLIC, responses=TAKEN)
def acknowledge_opsgenie(
    alias: Annotated[str, Path(max_length=512, pattern=r"^[^/]+$")],
    identifier_type: Annotated[str, Query(alias="identifierType")] = "id",
) -> Response[str]:
    """Take that somebody is at an alert."""
    return _opsgenie(alias, Status.ACKNOWLEDGED)


@app.post(f"{BASE}/intake/sns", public=PUBLIC, responses=TAKEN)
def receive_sns(key: Annotated[str, Query(max_length=400)] = "") -> Response[str]:
    """Take a message of Amazon SNS: the signature is checked, a subscription confirmed, an alarm taken."""
    caller = intake.caller(_event(), key, Protocol_.CLOUDWATCH)
    message = intake.signed(_body(), caller.integration)
    if message.get("Type") == "SubscriptionConfirmation":
        intake.confirm(message)
    elif message.get("Type") == "Notification":
        alert = formats.cloudwatch(_parsed(str(message.get("Message", ""))))
        caller.take([] if alert is None else [alert])
    else:
        logger.info("message of a kind that is not served", kind=str(message.get("Type"))[:50])
    return clients.accepted(_event(), status=200)


@app.post(f"{BASE}/intake/heartbeat", public=PUBLIC, responses=TAKEN)
def receive_heartbeat() -> Response[str]:
    """Take a sign of life of any integration; what is in the body does not matter."""
    intake.caller(_event(), clients.key_of(_event()), None).take([])
    return clients.accepted(_event(), status=200)


def _opsgenie(alias: str, status: Status) -> Response[str]:
    caller = intake.caller(_event(), clients.key_of(_event()), Protocol_.OPSGENIE)
    caller.take([Alert(alias, status, "", "", {})])
    return clients.accepted(_event())


def _event() -> Any:
    return app.current_event.raw_event


def _body() -> Any:
    return _parsed(http.raw_body(_event()).decode("utf-8", "replace"))


def _parsed(text: str) -> Any:
    try:
        return parse_json(text)
    except ValueError as error:
        raise Invalid(field="body", problem=NOT_JSON) from error


lambda_handler = entrypoints.http(app)
