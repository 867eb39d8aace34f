"""The HTTP edge: routing and validation by Powertools, one answer envelope, one place where errors become answers.

Answers follow CFG-24: ``{success, code, message, data, timestamp, requestId}``; errors carry ``details``.
"""

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, TypeVar

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response, content_types
from aws_lambda_powertools.event_handler.middlewares import NextMiddleware
from aws_lambda_powertools.event_handler.openapi.exceptions import (
    RequestUnsupportedContentType,
    RequestValidationError,
    ResponseValidationError,
)
from pydantic import BaseModel, ValidationError

from enghub.core import audit, i18n
from enghub.core.clock import system_clock, to_text
from enghub.core.errors import (
    EngHubError,
    Failed,
    Forbidden,
    Invalid,
    NotFound,
    TooLarge,
    Unauthenticated,
    UnsupportedMedia,
)
from enghub.core.events import dumps
from enghub.core.i18n import Text
from enghub.core.idempotency import Once, Replayed, check_key, fingerprint
from enghub.core.identity import Origin, Principal
from enghub.core.observability import count, logger
from enghub.core.strictjson import parse_json

MAX_BODY_BYTES = 256 * 1024
_DONE = Text("Done", "操作成功")
_READS = {"GET", "HEAD", "OPTIONS"}


class Api(APIGatewayRestResolver):
    """The resolver of one function: guards the body, validates strictly, answers in the envelope."""

    def __init__(self, max_body_bytes: int, error_names: Mapping[type[EngHubError], str]) -> None:
        super().__init__(serializer=dumps, json_body_deserializer=parse_json)
        # Powertools imports its validation (a fifth of this module's import time) when it is switched on in the
        # constructor, but also, by itself, before the first validated route runs: so it is switched on here.
        self._enable_validation = True
        self._has_response_validation_error = True
        self._response_validation_error_http_code = HTTPStatus.INTERNAL_SERVER_ERROR
        self._max_body_bytes = max_body_bytes
        self.error_names = error_names
        self.use([_envelope])
        _register_errors(self)

    def resolve(self, event: Mapping[str, Any], context: Any) -> dict[str, Any]:
        """Answer one proxy event."""
        try:
            _check_body(event, self._max_body_bytes)
        except EngHubError as error:
            return _raw(event, error, self.error_names)
        answer: dict[str, Any] = super().resolve(event, context)
        return answer if answer.get("body") is not None else {**answer, "body": ""}


def resolver(
    *, max_body_bytes: int = MAX_BODY_BYTES, error_names: Mapping[type[EngHubError], str] = MappingProxyType({})
) -> Api:
    """Return the resolver of one function.

    Routes declare pydantic models (``enghub.core.wire``) for body and query; what does not fit is refused with the
    field named, before the route runs. A route returns a response model; the envelope is put around it here.
    ``error_names`` are the stable names that a context's document gives to whole kinds of errors.
    """
    return Api(max_body_bytes, error_names)


# --- signed bodies: verified as bytes, parsed afterwards ---

M = TypeVar("M", bound=BaseModel)


def raw_body(event: dict[str, Any]) -> bytes:
    """Return the body as it was sent, byte for byte (API Gateway sends binary media types as base64).

    Raises:
        Invalid: the body is said to be base64 and is not.
    """
    body: str = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return body.encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Invalid(field="body", problem="is not valid base64") from error


def parsed(model: type[M], body: bytes) -> M:
    """Read ``body`` as ``model``, for routes that must see the bytes before anything parses them.

    Raises:
        Invalid: it is no such JSON; the field is named as for declared bodies.
    """
    try:
        return model.model_validate(parse_json(body.decode("utf-8")))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise Invalid(field="body", problem="is not valid JSON") from error
    except ValidationError as error:
        found = [{**problem, "loc": ("body", *problem["loc"])} for problem in error.errors(include_url=False)]
        raise _invalid(RequestValidationError(found)) from error


# --- what a route asks for ---


@dataclass(frozen=True, slots=True)
class Call:
    """One authenticated request."""

    principal: Principal
    origin: Origin
    language: i18n.Language
    idempotency_key: str | None
    _body: str
    _operation: str

    @property
    def factory_id(self) -> str:
        """The factory this request is about."""
        return self.origin.factory_id

    def require_key(self) -> str:
        """Return the Idempotency-Key of a request that must carry one.

        Raises:
            Invalid: it carries none.
        """
        if self.idempotency_key is None:
            raise Invalid(field="Idempotency-Key", problem="this request needs one, so that a repeat is recognised")
        return self.idempotency_key

    def once(self, render: Callable[[Any], BaseModel], *, scope: str = "") -> Once | None:
        """Return the claim on the request's Idempotency-Key, None when it carries none.

        ``render`` makes the response model from the aggregate created. Keys of different ``scope`` never meet (for
        example those of users who each write to their own things).

        Raises:
            Replayed: the request was answered before; the edge sends that answer again.
            IdempotencyKeyReused: the key stands for another request.
        """
        if self.idempotency_key is None:
            return None
        once = Once(
            tenant_id=self.principal.tenant_id,
            operation=self._operation if not scope else f"{self._operation} {scope}",
            idempotency_key=self.idempotency_key,
            request_fingerprint=fingerprint(self._body),
            now=self.origin.at,
            render=lambda created: render(created).model_dump_json(by_alias=True),
        )
        once.look()
        return once


def call(app: Api, permission: str, *, any_factory: bool = False) -> Call:
    """Return who calls, after checking that they hold ``permission``.

    Args:
        app: the resolver that is handling the request.
        permission: for example ``work_order:create``.
        any_factory: the request is about the tenant as a whole; ``factory_id`` is then empty unless the caller names
            one of theirs.

    Raises:
        Unauthenticated: the request did not pass the authorizer.
        Forbidden: the permission is missing, or X-Factory-Id names a factory that is not the caller's.
        Invalid: the Idempotency-Key is malformed.
    """
    event = app.current_event.raw_event
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    principal = _principal(event)
    app.context["principal"] = principal
    principal.require(permission)
    wanted = headers.get("x-factory-id")
    factory_id = "" if any_factory and wanted is None else principal.factory(wanted)
    logger.append_keys(tenant_id=principal.tenant_id, factory_id=factory_id)
    given = headers.get("idempotency-key")
    return Call(
        principal=principal,
        origin=origin_of(event, principal.tenant_id, factory_id, principal.user_id),
        language=i18n.negotiate(headers.get("accept-language")),
        idempotency_key=None if given is None else check_key(given),
        _body=_content(event),
        _operation=f"{event['httpMethod']} {event['path']}",
    )


def _content(event: Mapping[str, Any]) -> str:
    """Return all that a request says besides its path: body and query."""
    query = event.get("multiValueQueryStringParameters") or {}
    return (event.get("body") or "") + (dumps(sorted(query.items())) if query else "")


def origin_of(event: Mapping[str, Any], tenant_id: str, factory_id: str, user_id: str) -> Origin:
    """Return where a request comes from; address and agent as API Gateway saw them."""
    request = event.get("requestContext", {})
    seen = request.get("identity") or {}
    return Origin(
        tenant_id=tenant_id,
        factory_id=factory_id,
        user_id=user_id,
        at=system_clock(),
        request_id=request.get("requestId", ""),
        source_ip=seen.get("sourceIp") or "",
        user_agent=(seen.get("userAgent") or "")[:500],
    )


def _principal(event: Mapping[str, Any]) -> Principal:
    try:
        return Principal.from_context(event["requestContext"]["authorizer"])
    except (KeyError, TypeError, ValueError) as error:
        raise Unauthenticated from error


# --- answers ---


def _envelope(app: APIGatewayRestResolver, next_middleware: NextMiddleware) -> Response[Any]:
    event = app.current_event.raw_event
    try:
        answer = next_middleware(app)
    except Replayed as replayed:
        route = app.context["_route"]
        answer = Response(
            status_code=route.status_code,
            content_type=content_types.APPLICATION_JSON,
            body=json.loads(replayed.answer),
            headers={"Idempotency-Replayed": "true"},
        )
    logger.info("request answered", status=answer.status_code, method=event["httpMethod"], route=event.get("resource"))
    if answer.is_json():
        answer.body = {
            "success": True,
            "code": str(answer.status_code),
            "message": _DONE.render(_language(event)),
            "data": answer.body,
            "timestamp": to_text(system_clock()),
            "requestId": _request_id(event),
        }
    return answer


def _register_errors(app: Api) -> None:
    def answer(error: EngHubError) -> Response[Any]:
        event = app.current_event.raw_event
        _audit(app, event, error)
        status, body, headers = _error(event, error, app.error_names)
        return Response(status_code=status, content_type=content_types.APPLICATION_JSON, body=body, headers=headers)

    def invalid(error: RequestValidationError) -> Response[Any]:
        return answer(_invalid(error))

    def unsupported(_: RequestUnsupportedContentType) -> Response[Any]:
        return answer(UnsupportedMedia(expected="application/json"))

    def no_route(_: Exception) -> Response[Any]:
        return answer(NotFound(resource=app.current_event.path))

    def fault(error: Exception) -> Response[Any]:
        logger.error("request failed", exc_info=error)
        count("faults")
        return answer(Failed())

    app.exception_handler(EngHubError)(answer)
    app.exception_handler(RequestValidationError)(invalid)
    app.exception_handler(RequestUnsupportedContentType)(unsupported)
    app.exception_handler([ResponseValidationError, Exception])(fault)
    app.not_found(no_route)


def _error(
    event: Mapping[str, Any], error: EngHubError, names: Mapping[type[EngHubError], str]
) -> tuple[int, dict[str, Any], dict[str, Any]]:
    name = next((name for kind, name in names.items() if isinstance(error, kind)), error.name)
    headers: dict[str, Any] = {}
    if "retry_after_seconds" in error.details:
        headers["Retry-After"] = str(error.details["retry_after_seconds"])
    logger.info("request refused", status=error.status, code=error.code, error=name)
    body = {
        "success": False,
        "code": error.code,
        "message": error.message(_language(event)),
        "details": {"error": name, **{_camel(name): value for name, value in error.details.items()}},
        "timestamp": to_text(system_clock()),
        "requestId": _request_id(event),
    }
    return error.status, body, headers


def _raw(event: Mapping[str, Any], error: EngHubError, names: Mapping[type[EngHubError], str]) -> dict[str, Any]:
    status, body, headers = _error(event, error, names)
    return {
        "statusCode": status,
        "multiValueHeaders": {
            "Content-Type": [content_types.APPLICATION_JSON],
            **{name: [value] for name, value in headers.items()},
        },
        "body": dumps(body),
        "isBase64Encoded": False,
    }


_HINTS = {
    "missing": "is required",
    "extra_forbidden": "is not known here: remove it",
    "json_invalid": "is not valid JSON",
    "string_unicode": "holds text that is not valid Unicode",
}


def _invalid(error: RequestValidationError) -> Invalid:
    problems = []
    for found in error.errors():
        kind = found["type"]
        place = [part for part in found["loc"] if not (kind == "json_invalid" and isinstance(part, int))]
        names = (
            [str(part) for part in place[1:]]
            if len(place) > 1 and place[0] in {"body", "query", "path", "header"}
            else place
        )
        problems.append(
            {
                "field": ".".join(map(str, names)) or "body",
                "problem": _HINTS.get(kind) or found.get("msg", kind).removeprefix("Value error, "),
            }
        )
    return Invalid(**problems[0], errors=problems[:20])


def _check_body(event: Mapping[str, Any], limit: int) -> None:
    body = event.get("body") or ""
    encoded = bool(event.get("isBase64Encoded"))
    size = len(body) // 4 * 3 - body[-2:].count("=") if encoded else len(body)
    if size > limit or (not encoded and len(body.encode("utf-8", "surrogatepass")) > limit):
        raise TooLarge(limit_bytes=limit)
    content_type = next(
        (value for name, value in (event.get("headers") or {}).items() if name.lower() == "content-type"), None
    )
    if body and not (content_type or content_types.APPLICATION_JSON).strip().lower().startswith("application/json"):
        raise UnsupportedMedia(expected="application/json")


def _audit(app: Api, event: Mapping[str, Any], error: EngHubError) -> None:
    """Keep who was refused: missing rights always, unknown things when the request wanted to change them."""
    wanted_change = event["httpMethod"] not in _READS
    if not (isinstance(error, Forbidden | Unauthenticated) or (isinstance(error, NotFound) and wanted_change)):
        return
    principal: Principal | None = app.context.get("principal")
    origin = origin_of(event, principal.tenant_id if principal else "-", "", principal.user_id if principal else "-")
    count("refused")
    try:
        audit.refuse(
            tenant_id=origin.tenant_id,
            user_id=origin.user_id,
            error=error.name,
            method=event["httpMethod"],
            path=event["path"][:500],
            detail=(error.confidential or error.message("en"))[:500],
            request_id=origin.request_id,
            source_ip=origin.source_ip,
            at=origin.at,
        )
    except Exception:
        logger.exception("refusal not stored", error=error.name, path=event["path"])


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(part.title() for part in tail)


def _language(event: Mapping[str, Any]) -> i18n.Language:
    headers = event.get("headers") or {}
    return i18n.negotiate(next((v for n, v in headers.items() if n.lower() == "accept-language"), None))


def _request_id(event: Mapping[str, Any]) -> str:
    request_id: str = event.get("requestContext", {}).get("requestId", "")
    return request_id
