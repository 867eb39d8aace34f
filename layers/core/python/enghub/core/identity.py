"""Who is calling, and from where a change comes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from enghub.core import clock
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
    limits: "tuple[Any, ...]" = ()
    """``Limit``s of ``security.grants``: what grants give and take in part, and what they gave until a time."""

    @property
    def lapsed(self) -> dict[str, datetime]:
        """Permissions that grants gave until a time."""
        return {one.permission: one.lapsed_at for one in self.limits if one.lapsed_at is not None}

    def holds(self, permission: str) -> bool:
        """Tell whether the caller holds ``permission``, at least for a part."""
        limits = (one for one in self.limits if one.allows and one.lapsed_at is None)
        return permission in self.permissions or any(one.permission == permission for one in limits)

    def require(self, permission: str, about: Sequence[str] = ()) -> None:
        """Let who holds ``permission`` (for example ``work_order:create``) pass; ``about`` are the keys it is used on.

        Raises:
            Forbidden: naming it, and what became of it: RightDenied, RightLapsed, RightLimited.
        """
        if permission in self.permissions and not self.limits:
            return
        from enghub.core import denials  # noqa: PLC0415 - few callers have grants

        limits = [one for one in self.limits if one.permission == permission and one.lapsed_at is None]
        denied = next(
            (one for one in limits if not one.allows and any(one.covers(key) for key in about or ("",))), None
        )
        if denied is not None:
            raise denials.RightDenied(permission=permission, grant_id=denied.grant_id)
        if permission in self.permissions:
            return
        given = [one for one in limits if one.allows]
        if about and all(any(one.covers(key) for one in given) for key in about):
            return
        if given:
            raise denials.RightLimited(permission=permission, within=", ".join(sorted({one.within for one in given})))
        until = self.lapsed.get(permission)
        if until is not None:
            raise denials.RightLapsed(permission=permission, lapsed_at=clock.to_text(until))
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
