"""Who is calling, and from where a change comes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from enghub.core.errors import Forbidden


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller, as the authorizer established it; the only source of tenant and factory (MES-18)."""

    user_id: str
    tenant_id: str
    factory_ids: tuple[str, ...]
    roles: tuple[str, ...]
    permissions: frozenset[str]
    authenticated_at: datetime
    methods: tuple[str, ...] = ()
    """How they proved who they are: the token's ``amr``."""
    session: str = ""
    """Their sign-in, the same for all tokens that came of it."""

    def require(self, permission: str) -> None:
        """Raise Forbidden, naming it, unless the caller holds ``permission`` (for example ``work_order:create``)."""
        if permission not in self.permissions:
            raise Forbidden(permission=permission)

    def factory(self, wanted: str | None) -> str:
        """Return the factory this request is about: ``wanted``, or the caller's only one.

        Raises:
            Forbidden: ``wanted`` is not among the caller's factories, or none is named and there is not exactly one.
        """
        if wanted is None and len(self.factory_ids) == 1:
            return self.factory_ids[0]
        if wanted is None or wanted not in self.factory_ids:
            raise Forbidden(permission=f"factory:{wanted or 'name one in X-Factory-Id'}")
        return wanted

    def to_context(self) -> dict[str, str]:
        """Return the authorizer context (API Gateway carries texts only)."""
        return {
            "userId": self.user_id,
            "tenantId": self.tenant_id,
            "factoryIds": " ".join(self.factory_ids),
            "roles": " ".join(self.roles),
            "permissions": " ".join(sorted(self.permissions)),
            "authenticatedAt": str(int(self.authenticated_at.timestamp())),
            "methods": " ".join(self.methods),
            "session": self.session,
        }

    @classmethod
    def from_context(cls, context: Mapping[str, Any]) -> "Principal":
        """Read back what ``to_context`` wrote.

        Raises:
            KeyError: the request did not pass the authorizer.
        """
        return cls(
            user_id=context["userId"],
            tenant_id=context["tenantId"],
            factory_ids=tuple(context["factoryIds"].split()),
            roles=tuple(context["roles"].split()),
            permissions=frozenset(context["permissions"].split()),
            authenticated_at=datetime.fromtimestamp(int(context["authenticatedAt"]), UTC),
            methods=tuple(context["methods"].split()),
            session=context.get("session", ""),
        )


@dataclass(frozen=True, slots=True)
class Origin:
    """Who changed something, when, from where: what every audit entry and event carries (MES-20)."""

    tenant_id: str
    factory_id: str
    user_id: str
    at: datetime
    request_id: str
    source_ip: str = ""
    user_agent: str = ""
