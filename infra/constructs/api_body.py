"""The body of one context's REST API: OpenAPI 3.0.1 with routes, security and integrations, no models.

Pure: a dictionary that may hold CDK tokens. Bodies of requests are checked in the handlers; API Gateway reads schemas
differently (docs/decisions/0038).
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from infra.document import Route

GREEDY = "/{proxy+}"
"""Where the gateway looks when nothing else serves a path or method."""
FEWEST_GATHERED = 3
"""So many last words are worth a variable."""
WORD = "word"
SCHEME = "bearer"
FORM = "multipart/form-data"
TIMEOUT_MS = 29_000
PREFLIGHT_SECONDS = 3600
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
REQUEST_HEADERS = (
    *("Accept-Language", "Authorization", "Content-Type"),
    *("Idempotency-Key", "If-Match", "If-None-Match", "X-Factory-Id"),
)
"""What a page on another origin may send: all header parameters of the document, and what every request has."""
NO_ROUTE = ("40401", "ROUTE_NOT_FOUND", "No such route / 接口不存在")
REFUSALS: Mapping[str, tuple[int | None, str, str, str]] = {
    "UNAUTHORIZED": (401, "40101", "UNAUTHENTICATED", "Sign in again / 认证失败，请重新登录"),
    "ACCESS_DENIED": (403, "40301", "FORBIDDEN", "Access denied / 权限不足"),
    "MISSING_AUTHENTICATION_TOKEN": (404, *NO_ROUTE),
    "RESOURCE_NOT_FOUND": (404, *NO_ROUTE),
    "REQUEST_TOO_LARGE": (413, "41301", "TOO_LARGE", "The body is too large / 请求体过大"),
    "UNSUPPORTED_MEDIA_TYPE": (415, "41501", "UNSUPPORTED_MEDIA", "Unsupported content type / 不支持的内容类型"),
    "THROTTLED": (429, "42901", "RATE_LIMITED", "Too many requests / 请求过于频繁"),
    "QUOTA_EXCEEDED": (429, "42901", "RATE_LIMITED", "Too many requests / 请求过于频繁"),
    "WAF_FILTERED": (403, "40301", "FORBIDDEN", "Access denied / 权限不足"),
    "DEFAULT_4XX": (None, "40001", "INVALID", "The request is not valid / 请求无效"),
    "INTEGRATION_TIMEOUT": (504, "50301", "UNAVAILABLE", "Try again in a moment / 请稍后重试"),
    "DEFAULT_5XX": (None, "50001", "FAILED", "The operation failed / 操作失败"),
}
"""What the gateway itself answers: status (None keeps its own), code, name, message."""


@dataclass(frozen=True, slots=True)
class Front:
    """What stands in front of all routes of an API."""

    authorizer_uri: str
    invoke_role: str
    authorizer_cache_seconds: int
    origins: Sequence[str] = ()
    """Whose pages may call, ``https://app.example.com`` or ``http://localhost:*`` for any port; none, no pages."""


def api_body(title: str, routes: Iterable[Route], uri: Callable[[Route], str], front: Front) -> dict[str, Any]:
    """Return the body; ``uri`` gives the invocation address of a route's function."""
    routes = list(routes)
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, uri(route), front)
    paths = _gathered(paths)
    paths[GREEDY] = {"x-amazon-apigateway-any-method": _no_route(front)}
    if front.origins:
        paths[GREEDY]["options"] = _preflight(front)
    forms = {"x-amazon-apigateway-binary-media-types": [FORM]} if any(route.form for route in routes) else {}
    return {
        **forms,
        "openapi": "3.0.1",
        "info": {"title": title, "version": "1"},
        "paths": paths,
        "components": {"securitySchemes": {SCHEME: _scheme(front)}},
        "security": [{SCHEME: []}],
        "x-amazon-apigateway-gateway-responses": dict(_gateway_responses(front)),
    }


def _gathered(paths: Mapping[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the paths with a variable in the place of last words that one function answers in one way.

    ``/incidents/{incidentId}/close``, ``.../resolve`` and so on are one resource of an API, which may have 300; whether
    there is such a word, the function knows.
    """
    alike: dict[tuple[str, str], list[str]] = {}
    for path, item in paths.items():
        parent = path.rpartition("/")[0]
        if parent.endswith("}") and not any(other.startswith((f"{path}/", f"{parent}/{{")) for other in paths):
            alike.setdefault((parent, json.dumps(item, sort_keys=True)), []).append(path)
    gathered = dict(paths)
    for parent, _ in alike:
        largest = max((found for (of, _), found in alike.items() if of == parent), key=len)
        if len(largest) >= FEWEST_GATHERED:
            gathered[f"{parent}/{{{WORD}}}"] = paths[largest[0]]
            for path in largest:
                gathered.pop(path, None)
    return gathered


def envelope(code: str, name: str, message: str) -> str:
    """Return an error as the handlers send it, but for the time: the gateway knows none in ISO 8601."""
    answer = {
        "success": False,
        "code": code,
        "message": message,
        "details": {"error": name},
        "requestId": "$context.requestId",
    }
    return json.dumps(answer, ensure_ascii=False)


def origin_pattern(origin: str) -> str:
    """Return ``origin`` as a regular expression without backslashes, which JSON and Velocity both read as they are."""
    exact = origin.removesuffix(":*").replace(".", "[.]")
    return f"{exact}:[0-9]+" if origin.endswith(":*") else exact


def _operation(route: Route, uri: str, front: Front) -> dict[str, Any]:
    integration = {
        "type": "aws_proxy",
        "httpMethod": "POST",
        "uri": uri,
        "credentials": front.invoke_role,
        "passthroughBehavior": "when_no_match",
        "timeoutInMillis": TIMEOUT_MS,
    }
    security: dict[str, Any] = {"security": []} if route.public else {}
    return {**security, "responses": {}, "x-amazon-apigateway-integration": integration}


def _scheme(front: Front) -> dict[str, Any]:
    cached = front.authorizer_cache_seconds > 0
    # Without a cache no identity source is demanded, and requests without a token reach the audit as well.
    source = {"identitySource": "method.request.header.Authorization"} if cached else {}
    return {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "x-amazon-apigateway-authtype": "custom",
        "x-amazon-apigateway-authorizer": {
            "type": "request",
            "authorizerUri": front.authorizer_uri,
            "authorizerCredentials": front.invoke_role,
            "authorizerResultTtlInSeconds": front.authorizer_cache_seconds,
            **source,
        },
    }


def _no_route(front: Front) -> dict[str, Any]:
    """Answer what no route serves; AWS itself says 403, and to a bearer token even that its signature is malformed."""
    return _mock(HTTPStatus.NOT_FOUND, _any_origin(front), envelope(*NO_ROUTE))


def _preflight(front: Front) -> dict[str, Any]:
    headers = {
        "Access-Control-Allow-Methods": ",".join(METHODS),
        "Access-Control-Allow-Headers": ",".join(REQUEST_HEADERS),
        "Access-Control-Max-Age": str(PREFLIGHT_SECONDS),
        "Vary": "Origin",
    }
    allowed = " || ".join(f'$origin.matches("{origin_pattern(origin)}")' for origin in front.origins)
    template = (
        '#set($origin = $input.params().header.get("Origin"))'
        '#if(!$origin || $origin == "")#set($origin = $input.params().header.get("origin"))#end'
        f"#if($origin && ({allowed}))"
        "#set($context.responseOverride.header.Access-Control-Allow-Origin = $origin)#end"
    )
    return _mock(HTTPStatus.NO_CONTENT, headers, template)


def _mock(status: HTTPStatus, headers: Mapping[str, str], template: str) -> dict[str, Any]:
    """Return a public operation that the gateway answers itself; each header is declared, or AWS refuses it."""
    declared = {name: {"schema": {"type": "string"}} for name in headers}
    chosen = {
        "statusCode": str(status.value),
        "responseParameters": {f"method.response.header.{name}": f"'{value}'" for name, value in headers.items()},
        "responseTemplates": {"application/json": template},
    }
    return {
        "security": [],
        "responses": {str(status.value): {"description": status.phrase, "headers": declared}},
        "x-amazon-apigateway-integration": {
            "type": "mock",
            # A body of another type would go to the mock as it is; the gateway then fails with 500.
            "passthroughBehavior": "never",
            "requestTemplates": {"application/json": json.dumps({"statusCode": status.value})},
            "responses": {"default": chosen},
        },
    }


def _gateway_responses(front: Front) -> Iterable[tuple[str, dict[str, Any]]]:
    for kind, (status, code, name, message) in REFUSALS.items():
        headers = dict(_any_origin(front))
        if code == "42901":
            headers["Retry-After"] = "1"
        answer: dict[str, Any] = {
            "responseParameters": {f"gatewayresponse.header.{name}": f"'{value}'" for name, value in headers.items()},
            "responseTemplates": {"application/json": envelope(code, name, message)},
        }
        yield kind, answer if status is None else {"statusCode": str(status), **answer}


def _any_origin(front: Front) -> dict[str, str]:
    """Let every page read the gateway's own errors: they hold nothing of anybody, and only a mock can choose."""
    return {"Access-Control-Allow-Origin": "*"} if front.origins else {}
