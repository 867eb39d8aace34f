"""The HTTP edge: who may call what is decided before anything is parsed; one envelope; errors become answers here.

A route declares the right it takes, or why it is public::

    @app.post("/api/v1/work-orders", right=rights.CREATE_WORK_ORDER, status_code=201)
    def create_work_order(request: CreateWorkOrderRequest) -> WorkOrderResponse:
        call = http.call(app)

What happens to a request, in this order: the security policy of the caller's tenant lets it pass (``security``): where
it comes from, and its session; its route is found; how often its caller called is looked at (``limits``), so
that refusals are bounded too, and their right and factory are checked (``calls``); its body is bounded (``bodies``) and
its address looked at (``parameters``);
parameters and body are read and validated by Powertools and pydantic (``wire``, ``strictjson``, ``problems``); the
route runs; its answer is checked against the declared model and put into the envelope (``answers``). Whatever is raised
on the way becomes an answer with the code of ``errors``, in the caller's language; handlers catch nothing.
"""

import json
import re
from collections.abc import Callable, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response, content_types
from aws_lambda_powertools.event_handler.middlewares import NextMiddleware
from aws_lambda_powertools.event_handler.openapi.exceptions import (
    RequestUnsupportedContentType,
    RequestValidationError,
    ResponseValidationError,
)

from enghub.core import answers, cors, limits
from enghub.core.answers import Names
from enghub.core.bodies import check_body, check_size, raw_body
from enghub.core.calls import Call, admit, origin_of, principal_of
from enghub.core.claims import Replayed
from enghub.core.clock import system_clock
from enghub.core.errors import EngHubError, Failed, NotFound, Unauthenticated, UnsupportedMedia
from enghub.core.events import dumps
from enghub.core.identity import Principal
from enghub.core.lazy import lazy
from enghub.core.observability import count, logger
from enghub.core.parameters import check_address, query_names
from enghub.core.problems import invalid, unreadable
from enghub.core.rights import Access, ErrorForm, Etag, Key, Right
from enghub.core.strictjson import parse_json

if TYPE_CHECKING:
    from enghub.core.security import edge
else:  # imported with the first request
    edge = lazy("enghub.core.security.edge")

__all__ = ["MAX_BODY_BYTES", "Api", "Call", "call", "origin_of", "raw_body", "resolver"]

MAX_BODY_BYTES = 256 * 1024
F = TypeVar("F", bound=Callable[..., Any])
OneOf = Right | tuple[Right, ...]
"""The right that a route takes, or several of which the data decides."""
Foreign = Callable[[Mapping[str, Any], EngHubError], Response[str]]
"""Says a refusal in the format of a protocol that is not ours."""


class Api(APIGatewayRestResolver):
    """The resolver of one function: who may call, strict validation, one envelope."""

    def __init__(self, max_body_bytes: int, error_names: Names, foreign: Foreign | None = None) -> None:
        super().__init__(serializer=dumps, json_body_deserializer=parse_json)
        self.max_body_bytes = max_body_bytes
        self.error_names = error_names
        self.foreign = foreign
        self._access: dict[tuple[str, str], Access] = {}
        self._query_names: dict[tuple[str, str], frozenset[str]] = {}
        self.use([_edge])
        _register_errors(self)

    def get(self, rule: str, *_: Any, **declared: Any) -> Callable[[F], F]:
        """Answer GET ``rule``, as ``serve`` says."""
        return self.serve("GET", rule, **declared)

    def post(self, rule: str, *_: Any, **declared: Any) -> Callable[[F], F]:
        """Answer POST ``rule``, as ``serve`` says."""
        return self.serve("POST", rule, **declared)

    def put(self, rule: str, *_: Any, **declared: Any) -> Callable[[F], F]:
        """Answer PUT ``rule``, as ``serve`` says."""
        return self.serve("PUT", rule, **declared)

    def patch(self, rule: str, *_: Any, **declared: Any) -> Callable[[F], F]:
        """Answer PATCH ``rule``, as ``serve`` says."""
        return self.serve("PATCH", rule, **declared)

    def delete(self, rule: str, *_: Any, **declared: Any) -> Callable[[F], F]:
        """Answer DELETE ``rule``, as ``serve`` says."""
        return self.serve("DELETE", rule, **declared)

    def serve(
        self,
        method: str,
        rule: str,
        *,
        right: OneOf = (),
        public: str = "",
        proof: Callable[[Mapping[str, Any]], None] | None = None,
        key: Key = "none",
        etag: Etag = "none",
        limit: str = "",
        error_form: ErrorForm | None = None,
        form: bool = False,
        sensitive: str = "",
        about: str = "",
        **options: Any,
    ) -> Callable[[F], F]:
        """Answer ``method rule`` for who holds ``right``, or for anybody because ``public`` says why.

        Args:
            method: an HTTP method.
            rule: the path, variables as ``<name>``.
            right: the right it takes, or several of which the data decides.
            public: why nobody has to sign in.
            proof: checks what a public route was sent, before anything is parsed.
            key: whether it takes an Idempotency-Key.
            etag: whether it answers with an ETag, or changes what an ETag in If-Match names.
            limit: the class whose figure bounds how often it is called; ``read`` for GET, else ``write``.
            error_form: of a route that speaks another protocol: its answers have no envelope, its refusals this form.
            form: its body is a form with files (``multipart``), not JSON.
            sensitive: whether it takes a second factor where the tenant's policy asks for one; ``data``: its data
                decides, and it says so by ``Call.confirm``.
            about: where the keys stand that it is about, so that rights that were given in part are enough.
            options: Powertools' own: ``status_code``, ``responses``, ``security``.
        """
        limit = limit or ("read" if method == "GET" else "write")
        rights = (right,) if isinstance(right, Right) else right
        access = Access(rights, public, proof, key, etag, limit, error_form, form, sensitive, about)
        self._access[method, rule] = access
        said = _published(access, bare=self.foreign is not None or error_form is not None)
        return self.route(rule, method, openapi_extensions=said, enable_validation=False, **options)

    def access(self) -> Access:
        """Return who may call the route of the request that is handled.

        Raises:
            NotFound: no route of this function has that address.
        """
        route = self.context["_route"]
        found = self._access.get((route.method, route.path))
        if found is None:
            raise NotFound(resource=self.current_event.path)
        return found

    def known_access(self, method: str, rule: str) -> Access | None:
        """Return who may call a route, None where there is no such route."""
        return self._access.get((method, rule))

    def check_request(self) -> None:
        """Refuse a body by its size and type, and an address by its names (see ``bodies``, ``parameters``)."""
        event, route = self.current_event.raw_event, self.context["_route"]
        if self.foreign is not None:
            check_size(event, self.max_body_bytes)
            return
        check_body(event, self.max_body_bytes, form=self.access().form)
        address = (route.method, route.path)
        if address not in self._query_names:
            self._query_names[address] = query_names(route.dependant.query_params)
        query = event.get("multiValueQueryStringParameters") or {}
        check_address(self.context["_route_args"], query, self._query_names[address])

    @cached_property
    def validated(self) -> Callable[["Api", NextMiddleware], Response[Any]]:
        """What validates requests and answers; imported with the first request."""
        from enghub.core.validation import validated  # noqa: PLC0415

        return validated

    @staticmethod
    def _compile_regex(rule: str, base_regex: str = "^{}/*$") -> re.Pattern[str]:
        """Let a variable of a path be any text: what is wrong with it is said about it, not as an unknown route."""
        return re.compile(base_regex.format(re.sub(r"<(\w+)>", r"(?P<\1>[^/]+)", rule)))

    def resolve(self, event: Mapping[str, Any], context: Any) -> dict[str, Any]:
        """Answer one proxy event, after the security policy of the caller's tenant let it pass."""
        try:
            _guarded(event)
            answer: dict[str, Any] = super().resolve(event, context)
        except _Refused as refused:
            answer = _refusal(self, event, refused)
        told = {**answer.get("multiValueHeaders", {}), **cors.headers(event)}
        return {**answer, "multiValueHeaders": told, "body": answer.get("body") or ""}


def _published(access: Access, *, bare: bool) -> dict[str, Any]:
    if access.public:
        who: dict[str, Any] = {"x-enghub-public": True, "x-enghub-public-reason": access.public}
    else:
        rights = [right.name for right in access.rights]
        who = {"x-enghub-public": False, "x-enghub-rights": rights, "x-enghub-roles": list(access.roles)}
    form: dict[str, Any] = {"x-enghub-envelope": False} if bare else {}
    form |= {"x-enghub-form": True} if access.form else {}
    form |= {"x-enghub-sensitive": access.sensitive} if access.sensitive else {}
    return {**who, **form, "x-enghub-key": access.key, "x-enghub-etag": access.etag}


def resolver(
    *,
    max_body_bytes: int = MAX_BODY_BYTES,
    error_names: Names = MappingProxyType({}),
    foreign: Foreign | None = None,
) -> Api:
    """Return the resolver of one function.

    Routes declare pydantic models (``enghub.core.wire``) for body and query; what does not fit is refused with the
    field named, before the route runs. A route returns a response model; the envelope is put around it here. With
    ``foreign`` the function speaks protocols of others: no envelope, any content type, refusals as it says them.
    """
    return Api(max_body_bytes, error_names, foreign)


def call(app: Api) -> Call:
    """Return who calls; their right was checked before the request was read."""
    admitted: Call = app.context["call"]
    admitted.values.update(app.context["_route_args"])
    return admitted


class _Refused(Exception):
    """The security policy refuses a request, whatever it asks for."""

    def __init__(self, error: EngHubError, principal: Principal) -> None:
        super().__init__(error.name)
        self.error, self.principal = error, principal


def _guarded(event: Mapping[str, Any]) -> None:
    """Let a request pass, or not; public routes know nobody, each has its proof."""
    try:
        principal = principal_of(event)
    except Unauthenticated:
        return
    try:
        edge.guard(principal, origin_of(event, principal.tenant_id, "", principal.user_id))
    except EngHubError as error:
        try:
            limits.take(principal, "read")  # so that refusals are bounded, too
        except EngHubError as limited:
            raise _Refused(limited, principal) from error
        raise _Refused(error, principal) from error


def _refusal(app: Api, event: Mapping[str, Any], refused: _Refused) -> dict[str, Any]:
    answers.keep_refusal(event, refused.error, refused.principal)
    if app.foreign is not None:
        said = app.foreign(event, refused.error)
        body = said.body if isinstance(said.body, str) else dumps(said.body)
        headers = {"Content-Type": [said.content_type or content_types.APPLICATION_JSON]}
        return {"statusCode": said.status_code, "multiValueHeaders": headers, "body": body, "isBase64Encoded": False}
    status, envelope, more = answers.failure(event, refused.error, app.error_names)
    told = {"Content-Type": content_types.APPLICATION_JSON, **more}
    headers = {name: [str(value)] for name, value in told.items()}
    return {"statusCode": status, "multiValueHeaders": headers, "body": dumps(envelope), "isBase64Encoded": False}


def _edge(app: Api, run: NextMiddleware) -> Response[Any]:
    event = app.current_event.raw_event
    access = app.access()
    if not access.public:
        principal = principal_of(event)
        principal = app.context["principal"] = edge.granted(principal, system_clock())
        limits.take(principal, access.limit)
        app.context["call"] = admit(event, principal, access)
    app.check_request()
    if access.proof is not None:
        access.proof(event)
    try:
        answer = app.validated(app, run)
    except Replayed as replayed:
        answer = _replay(app, replayed)
    if len(access.rights) > 1 and not app.context["call"].required:
        message = "the route did not ask for the exact right"
        raise RuntimeError(message)
    logger.info("request answered", status=answer.status_code, method=event["httpMethod"], route=event.get("resource"))
    if answer.is_json() and app.foreign is None and access.error_form is None:
        answer.body = answers.success(event, answer.status_code, answer.body)
    return answer


def _replay(app: Api, replayed: Replayed) -> Response[Any]:
    return Response(
        status_code=replayed.status or app.context["_route"].status_code,
        content_type=content_types.APPLICATION_JSON,
        body=json.loads(replayed.answer),
        headers={"Idempotency-Replayed": "true"},
    )


def _register_errors(app: Api) -> None:
    def refused(error: EngHubError) -> Response[Any]:
        event = app.current_event.raw_event
        if error.status >= 500:  # the answer names no cause, so the log must
            logger.error("request failed", exc_info=error)
        if error.status == Failed.status:
            count("faults")
        answers.keep_refusal(event, error, app.context.get("principal"))
        if app.foreign is not None:
            return app.foreign(event, error)
        status, body, headers = answers.failure(event, error, app.error_names)
        route = app.context.get("_route")
        access = None if route is None else app.known_access(route.method, route.path)
        if access is not None and access.error_form is not None:
            body = {**access.error_form(error, event)}
        return Response(status_code=status, content_type=content_types.APPLICATION_JSON, body=body, headers=headers)

    def unfit(error: RequestValidationError) -> Response[Any]:
        cause = error.__cause__
        return refused(unreadable(cause) if isinstance(cause, json.JSONDecodeError) else invalid(error.errors()))

    def unsupported(_: RequestUnsupportedContentType) -> Response[Any]:
        return refused(UnsupportedMedia(expected="application/json"))

    def fault(error: Exception) -> Response[Any]:
        failed = Failed()
        failed.__cause__ = error
        return refused(failed)

    app.exception_handler(EngHubError)(refused)
    app.exception_handler(RequestValidationError)(unfit)
    app.exception_handler(RequestUnsupportedContentType)(unsupported)
    app.exception_handler([ResponseValidationError, Exception])(fault)
