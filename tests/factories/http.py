"""API Gateway REST proxy events as the gateway sends them, with the authorizer's context."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from enghub.core.identity import Origin, Principal

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def a_principal(
    *permissions: str, tenant: str = "acme", factories: tuple[str, ...] = ("sh-01",), user: str = "emp-001"
) -> Principal:
    return Principal(user, tenant, factories, ("TESTER",), frozenset(permissions), NOW)


def an_origin(tenant: str = "acme", factory: str = "sh-01", user: str = "emp-001", at: datetime = NOW) -> Origin:
    return Origin(tenant, factory, user, at, "req-1", "192.0.2.7", "tests")


def a_request(
    method: str,
    path: str,
    body: Any = None,
    *,
    caller: Principal | None = None,
    headers: dict[str, str] | None = None,
    query: dict[str, str] | None = None,
) -> dict[str, Any]:
    text = body if body is None or isinstance(body, str) else json.dumps(body)
    sent = {"Content-Type": "application/json", **(headers or {})}
    return {
        "resource": path,
        "path": path,
        "httpMethod": method,
        "headers": sent,
        "multiValueHeaders": {name: [value] for name, value in sent.items()},
        "queryStringParameters": query,
        "multiValueQueryStringParameters": {name: [value] for name, value in query.items()} if query else None,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {
            "requestId": "req-1",
            "stage": "api",
            "path": path,
            "httpMethod": method,
            "identity": {"sourceIp": "192.0.2.7", "userAgent": "tests"},
            "authorizer": caller.to_context() if caller else None,
        },
        "body": text,
        "isBase64Encoded": False,
    }


@dataclass
class Context:
    """What Lambda tells a function about its invocation."""

    function_name: str = "function"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:eu-central-1:123456789012:function:function"
    aws_request_id: str = "invocation-1"

    def get_remaining_time_in_millis(self) -> int:
        return 30_000


def invoke(handler: Any, event: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """Run a handler and return status and parsed body."""
    answer = handler(event, Context())
    return answer["statusCode"], json.loads(answer["body"])
