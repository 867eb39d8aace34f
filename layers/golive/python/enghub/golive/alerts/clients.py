"""Answers in each sender's own format; these protocols are exempt from the envelope (decision 0086)."""

import json
from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.event_handler import Response

from enghub.core.calls import headers_of
from enghub.core.errors import EngHubError, Failed, Invalid, Unauthenticated

JSON = "application/json"
PAGERDUTY, OPSGENIE = "/v2/enqueue", "/v2/alerts"


def key_of(event: Mapping[str, Any]) -> str:
    """Return the integration key that a sender shows in its Authorization: Bearer, GenieKey or Basic (as password)."""
    scheme, _, given = headers_of(event).get("authorization", "").strip().partition(" ")
    if scheme.lower() in {"bearer", "geniekey"}:
        return given.strip()
    return ""


def accepted(event: Mapping[str, Any], body: Mapping[str, Any] | None = None, status: int = 202) -> Response[str]:
    """Return that a message was taken."""
    if str(event["path"]).startswith(OPSGENIE):
        body = {"result": "Request will be processed", "took": 0.0, "requestId": _request_id(event)}
    return Response(status, JSON, json.dumps(body or {"status": "ok"}))


def refused(event: Mapping[str, Any], error: EngHubError) -> Response[str]:
    """Return why a message was not taken, as its sender expects to read it."""
    path, said = str(event["path"]), error.message("en")
    headers = {"Retry-After": "5"} if error.status == 503 else {}
    if path == PAGERDUTY:
        status = 400 if isinstance(error, Invalid | Unauthenticated) else error.status
        told = "invalid event" if status == 400 else "error"
        body: Any = {"status": told, "message": "Event object is invalid" if status == 400 else said, "errors": [said]}
        return Response(status, JSON, json.dumps(body), headers=headers)
    if path.startswith(OPSGENIE):
        status = 422 if isinstance(error, Invalid) else error.status
        field = str(error.details.get("field", "")) if isinstance(error, Invalid) else ""
        body = {"message": said, "took": 0.0, "requestId": _request_id(event)}
        if field:
            body["errors"] = {field: said}
        return Response(status, JSON, json.dumps(body), headers=headers)
    status = error.status if error.status != Failed.status else 500
    return Response(status, JSON, json.dumps(said), headers=headers)


def _request_id(event: Mapping[str, Any]) -> str:
    return str(event.get("requestContext", {}).get("requestId", ""))
