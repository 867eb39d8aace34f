"""One authenticated call of the API: who calls, from where, and what its Idempotency-Key covers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from enghub.core import i18n, idempotency, wire
from enghub.core.claims import Claim, check_key, fingerprint
from enghub.core.clock import system_clock
from enghub.core.errors import Invalid, Unauthenticated
from enghub.core.events import dumps
from enghub.core.i18n import Text
from enghub.core.identity import Origin, Principal
from enghub.core.lazy import lazy
from enghub.core.observability import logger
from enghub.core.rights import Access, Right

if TYPE_CHECKING:
    from enghub.core.security import edge
else:  # imported with the first request
    edge = lazy("enghub.core.security.edge")

_NO_KEY = Text("this request needs one, so that a repeat is recognised", "该请求必须带此请求头，以便识别重复提交")


@dataclass(frozen=True, slots=True)
class Call:
    """One authenticated request whose right was checked."""

    principal: Principal
    origin: Origin
    language: i18n.Language
    idempotency_key: str | None
    operation: str
    """Method and path."""
    access: Access
    if_match: str | None = None
    values: dict[str, Any] = field(default_factory=dict)
    """What the route was given, parsed: path, query and body by the names of its parameters."""
    required: list[Right] = field(default_factory=list)

    @property
    def factory_id(self) -> str:
        """The factory this request is about."""
        return self.origin.factory_id

    @property
    def about(self) -> tuple[str, ...]:
        """The keys that this is about, as the route declares where they stand."""
        found: list[Any] = [self.values]
        for name in self.access.about.split("."):
            inner = [one.get(name) if isinstance(one, Mapping) else getattr(one, name, None) for one in found]
            found = [each for one in inner for each in (one if isinstance(one, list | tuple) else [one])]
        return tuple(key for key in found if isinstance(key, str))

    def require(self, right: Right, about: Sequence[str] | None = None) -> None:
        """Check the exact right, where the route declares several of which the data decides.

        ``about``: the keys it is used on, where the route cannot say where they stand.

        Raises:
            Forbidden: the caller does not hold it.
        """
        if right not in self.access.rights:
            message = f"the route does not declare {right.name}"
            raise ValueError(message)
        self.required.append(right)
        self.principal.require(right.name, self.about if about is None else about)

    def confirm(self) -> None:
        """Demand a second factor, on a route that declares that its data decides whether it is sensitive.

        Raises:
            MfaRequired
        """
        self._declared(self.access.sensitive == "data")
        edge.confirm(self.principal, self.origin.at)

    def read_etag(self) -> str | None:
        """Return If-Match, on a route that declares to take it."""
        self._declared(self.access.etag == "change")
        return self.if_match

    def _declared(self, declared: bool) -> None:
        if not declared:
            message = f"{self.operation} uses what its route does not declare"
            raise ValueError(message)

    def require_key(self) -> str:
        """Return the Idempotency-Key of a request that must carry one.

        Raises:
            Invalid: it carries none.
        """
        self._declared(self.access.key == "required")
        if self.idempotency_key is None:
            raise Invalid(field="Idempotency-Key", problem=_NO_KEY)
        return self.idempotency_key

    @property
    def fingerprint(self) -> str:
        """The hash of what the request means: the same however it was written, another when If-Match is another."""
        meant = {name: wire.meaning(value) for name, value in self.values.items()}
        return fingerprint(self.if_match or "", dumps(dict(sorted(meant.items()))))

    def claim(self, render: Callable[[Any], BaseModel], *, scope: str = "") -> Claim | None:
        """Return the claim on the request's Idempotency-Key, None when it carries none.

        A key belongs to one user's request to one address in one factory (and ``scope``, where the query names another
        thing under the same address); ``render`` makes the response model from the aggregate created.

        Raises:
            Replayed: the request was answered before; the edge sends that answer again.
            IdempotencyKeyReused: the key stands for another request.
        """
        self._declared(self.access.key == "optional")
        if self.idempotency_key is None:
            return None
        claim = Claim(
            tenant_id=self.principal.tenant_id,
            operation=f"{self.operation} {scope}".rstrip(),
            idempotency_key=self.idempotency_key,
            fingerprint=self.fingerprint,
            now=self.origin.at,
            render=lambda created: render(created).model_dump_json(by_alias=True),
            user_id=self.principal.user_id,
            factory_id=self.factory_id,
        )
        idempotency.look(claim)
        return claim


def principal_of(event: Mapping[str, Any]) -> Principal:
    """Return who calls, as the authorizer established it.

    Raises:
        Unauthenticated: the request did not pass the authorizer.
    """
    try:
        return Principal.from_context(event["requestContext"]["authorizer"])
    except (KeyError, TypeError, ValueError) as error:
        raise Unauthenticated from error


def admit(event: Mapping[str, Any], principal: Principal, access: Access) -> Call:
    """Return the call, after checking that ``principal`` may make it; nothing of the body or the query is read.

    A route that is not about one factory has an empty ``factory_id``, unless the caller names one of theirs.

    Raises:
        Forbidden: a right is missing, or X-Factory-Id names a factory that is not the caller's.
        MfaRequired: the route is sensitive, and the tenant's policy asks for a second factor.
        Invalid: the Idempotency-Key is malformed.
    """
    access.check(principal)
    headers = headers_of(event)
    wanted = headers.get("x-factory-id")
    factory_id = "" if wanted is None and not access.of_factory else principal.factory(wanted)
    logger.append_keys(tenant_id=principal.tenant_id, factory_id=factory_id)
    given = headers.get("idempotency-key")
    origin = origin_of(event, principal.tenant_id, factory_id, principal.user_id)
    if access.sensitive == "yes":
        edge.confirm(principal, origin.at)
    return Call(
        principal=principal,
        origin=origin,
        language=i18n.negotiate(headers.get("accept-language")),
        idempotency_key=None if given is None else check_key(given),
        operation=f"{event['httpMethod']} {event['path']}",
        access=access,
        if_match=headers.get("if-match"),
    )


def headers_of(event: Mapping[str, Any]) -> dict[str, str]:
    """Return the headers by their lower-case names."""
    return {name.lower(): value for name, value in (event.get("headers") or {}).items()}


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
