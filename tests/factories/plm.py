"""PLM notifications, products, secrets, and calls of the plm functions as the gateway and the queues make them."""

import hashlib
import hmac
import importlib
import json
from datetime import UTC, datetime
from typing import Any

import boto3

from enghub.core.identity import Principal
from tests.conftest import REGION
from tests.factories.http import Context, a_principal, a_request

SECRET = "current-secret-current-secret-00"
PREVIOUS = "previous-secret-previous-secret0"
API = {
    "tenantId": "acme",
    "factoryId": "sh-01",
    "baseUrl": "https://plm.example/sandbox/plm",
    "apiKey": "enghub",
    "secret": "api-secret",
}
WEBHOOK = "/api/v1/integration/plm/change-notification"
ENGINEER = a_principal(
    "change_order:read", "change_order:retry", "product:read", "sync:start", "sync:read", user="emp-007"
)
STRANGER = a_principal(
    "change_order:read", "change_order:retry", "product:read", "sync:start", "sync:read", tenant="globex"
)
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def a_notification(ecn: str = "ECN-2026-0042", **fields: Any) -> dict[str, Any]:
    return {
        "ecnNumber": ecn,
        "ecnTitle": "Seal ring of the wheel speed sensor: FKM instead of NBR",
        "ecnType": "MATERIAL_CHANGE",
        "ecnLevel": "MAJOR",
        "changeReason": "Cracks after 1,000 h",
        "changeDescription": "密封圈材料由 NBR 改为 FKM",
        "affectedProducts": ["SNS-4000-0001", "SNS-4000-0009"],
        "effectiveDate": "2026-04-01",
        "effectiveBatch": "B2026-14",
        "plmStatus": "RELEASED",
        **fields,
    }


def a_record(number: int = 1, **fields: Any) -> dict[str, Any]:
    """Return a valid product record of the PLM."""
    return {
        "objectId": f"OBJ-{number:07d}",
        "productCode": f"SNS-4000-{number:04d}",
        "productVersion": "A",
        "productName": "Wheel speed sensor, front left, 12 V",
        "productGroup": "SENSOR",
        "unit": "PCS",
        "lifecycleState": "RELEASED",
        "mappingType": "ONE_TO_ONE",
        "materialCode": None,
        "updatedAt": "2026-03-01T08:00:00Z",
        **fields,
    }


def signature(content: str | bytes, secret: str = SECRET) -> str:
    data = content.encode() if isinstance(content, str) else content
    return hmac.new(secret.encode(), data, hashlib.sha256).hexdigest()


def put_secrets(stage: str = "test") -> None:
    """Store the default connection's secrets: the webhook's with a previous one, the API's."""
    client = boto3.client("secretsmanager", REGION)
    webhook = {"tenantId": "acme", "factoryId": "sh-01", "secrets": [SECRET, PREVIOUS]}
    for name, value in {"webhook": webhook, "api": API}.items():
        client.create_secret(Name=f"enghub/{stage}/plm/{name}/default", SecretString=json.dumps(value))


def handler(function: str, context: str = "plm") -> Any:
    return importlib.import_module(f"functions.{context}.{function}.handler").lambda_handler


def call(function: str, event: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """Run an HTTP function; returns status and body."""
    answer = handler(function)(event, Context())
    return answer["statusCode"], json.loads(answer["body"])


def deliver(body: Any, secret: str | None = SECRET, **headers: str | None) -> tuple[int, dict[str, Any]]:
    """Deliver a notification to the webhook, signed with ``secret``; header names with ``_`` for ``-``."""
    text = body if isinstance(body, str) else json.dumps(body)
    sent: dict[str, str] = {} if secret is None else {"X-PLM-Signature": signature(text, secret)}
    for name, value in headers.items():
        if value is not None:
            sent[name.replace("_", "-")] = value
    return call("receive_change_notification", a_request("POST", WEBHOOK, text, headers=sent))


def queued(*bodies: dict[str, Any]) -> dict[str, Any]:
    """Return an SQS event with these message bodies."""
    return {
        "Records": [
            {
                "messageId": f"m-{place}",
                "body": json.dumps(body),
                "attributes": {"ApproximateReceiveCount": "1"},
                "eventSource": "aws:sqs",
            }
            for place, body in enumerate(bodies)
        ]
    }


def process(*bodies: dict[str, Any]) -> list[dict[str, str]]:
    """Let the consumer handle command messages; returns its failures."""
    failures: list[dict[str, str]] = handler("process_change")(queued(*bodies), Context())["batchItemFailures"]
    return failures


def task(function: str, payload: dict[str, Any]) -> dict[str, Any]:
    """Run a state-machine task."""
    found: dict[str, Any] = handler(function)(payload, Context())
    return found


def get(
    function: str,
    path: str,
    query: dict[str, str] | None = None,
    caller: Principal = ENGINEER,
    headers: dict[str, str] | None = None,
) -> tuple[int, dict[str, Any]]:
    return call(function, a_request("GET", path, caller=caller, query=query, headers=headers))


def post(
    function: str,
    path: str,
    body: Any = None,
    caller: Principal = ENGINEER,
    headers: dict[str, str] | None = None,
) -> tuple[int, dict[str, Any]]:
    return call(function, a_request("POST", path, body, caller=caller, headers=headers))
