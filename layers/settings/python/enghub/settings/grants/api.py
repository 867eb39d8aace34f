"""Requests and answers of /api/v1/settings/grants (CFG-22)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, model_validator

from enghub.core import wire
from enghub.core.i18n import Text
from enghub.core.identity import Principal
from enghub.core.wire import Unfit
from enghub.settings.grants import model
from enghub.settings.grants.model import Conflict, Effect, Grant, GrantRequest, Level, Role, UserGrants, Verb, Wanted

GRANTS = "/api/v1/settings/grants"
_ROLE = Text("name a role, or at least one verb, not both", "请填写角色，或至少一个操作，二者择一")
_LEVEL = Text("the role {role} is for the levels {levels}", "角色 {role} 适用于 {levels} 级别")
_SCOPE = Text("the levels MODULE and FEATURE name one in scope, the others none", "仅 MODULE 与 FEATURE 级别填写 scope")
_KEY = Text(
    "write a module (line) or a key (line.speed), without a dot at its end", "请填写模块（line）或键（line.speed）"
)
Scope = Annotated[str, wire.form(r"^([A-Za-z][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*)?$", _KEY, min_length=0, max_length=255)]
Reason = Annotated[str, Field(max_length=500)]


class WantedRequest(wire.Request):
    """Which right, on what, from when to when."""

    role: Role | None = None
    """A role of the document instead of verbs."""
    verbs: Annotated[list[Verb], Field(max_length=5)] = Field(default=[])
    level: Level
    scope: Scope = ""
    valid_from: wire.Instant | None = None
    valid_until: wire.Instant | None = None
    reason: Annotated[str, Field(min_length=1, max_length=500)]

    @model_validator(mode="after")
    def _possible(self) -> "WantedRequest":
        if (self.role is None) is not bool(self.verbs):
            raise Unfit(_ROLE, field="verbs")
        if self.role is not None and self.level not in model.LEVELS[self.role]:
            raise Unfit(_LEVEL, field="level", role=self.role, levels=", ".join(model.LEVELS[self.role]))
        if bool(self.scope) is not (self.level in {Level.MODULE, Level.FEATURE}):
            raise Unfit(_SCOPE, field="scope")
        return self

    def wanted(self, effect: Effect = Effect.ALLOW) -> Wanted:
        """Return what is wanted."""
        verbs = model.VERBS[self.role] if self.role is not None else tuple(v for v in Verb if v in self.verbs)
        return Wanted(verbs, self.level, self.scope, self.role, effect, self.valid_from, self.valid_until)


class GrantRightRequest(WantedRequest):
    """A right to give, or to take whatever else gives it (DENY)."""

    effect: Effect = Effect.ALLOW


class ReasonRequest(wire.Request):
    """Why."""

    reason: Annotated[str, Field(min_length=1, max_length=500)]


class CommentRequest(wire.Request):
    """What a decision says."""

    comment: Reason = ""


class WantedShown(wire.Response):
    """A right, on what, from when to when."""

    effect: Effect
    role: Role | None
    verbs: list[Verb]
    level: Level
    scope: str
    permissions: list[str]
    """The permissions that it stands for, as refusals name them."""
    valid_until: wire.Instant | None


def _wanted(wanted: Wanted) -> dict[str, object]:
    return {
        "effect": wanted.effect,
        "role": wanted.role,
        "verbs": list(wanted.verbs),
        "level": wanted.level,
        "scope": wanted.scope,
        "permissions": list(wanted.names),
    }


class GrantResponse(WantedShown):
    """One grant."""

    grant_id: str
    status: Literal["ACTIVE", "PLANNED", "EXPIRED", "REVOKED"]
    valid_from: wire.Instant
    reason: str
    granted_by: str
    granted_at: wire.Instant
    revoked_by: str
    revoked_at: wire.Instant | None
    revoke_reason: str

    @classmethod
    def of(cls, grant: Grant, now: datetime) -> "GrantResponse":
        """Return the answer for a grant."""
        return cls.model_validate(
            {
                **_wanted(grant.wanted),
                "grant_id": grant.grant_id,
                "status": grant.status(now),
                "valid_from": grant.valid_from,
                "valid_until": grant.wanted.valid_until,
                "reason": grant.reason,
                "granted_by": grant.granted_by,
                "granted_at": grant.granted_at,
                "revoked_by": grant.revoked_by,
                "revoked_at": grant.revoked_at,
                "revoke_reason": grant.revoke_reason,
            }
        )


class GrantRequestResponse(WantedShown):
    """One request for a right."""

    request_id: str
    user_id: str
    status: Literal["PENDING", "APPROVED", "REJECTED"]
    reason: str
    asked_at: wire.Instant
    decided_by: str
    decided_at: wire.Instant | None
    comment: str

    @classmethod
    def of(cls, user_id: str, request: GrantRequest) -> "GrantRequestResponse":
        """Return the answer for a request."""
        names = ("request_id", "status", "reason", "asked_at", "decided_by", "decided_at", "comment")
        said = {name: getattr(request, name) for name in names}
        until = request.wanted.valid_until
        return cls.model_validate({**_wanted(request.wanted), **said, "user_id": user_id, "valid_until": until})


class ConflictShown(wire.Response):
    """Two grants that say different things of the same, and which one counts."""

    permissions: list[str]
    winner: str
    loser: str
    resolution: Literal["DENY_WINS", "WIDER_ALREADY_GIVES", "LONGER_ALREADY_GIVES"]

    @classmethod
    def of(cls, found: Conflict) -> "ConflictShown":
        """Return the answer for a conflict."""
        return cls.model_validate(
            {
                "permissions": list(found.permissions),
                "winner": found.winner.grant_id,
                "loser": found.loser.grant_id,
                "resolution": found.why,
            }
        )


class LimitShown(wire.Response):
    """A permission that holds, or was taken, within a part alone."""

    permission: str
    within: str
    effect: Effect
    grant_id: str


class UserGrantsResponse(wire.Response):
    """A user's grants and requests, with what contradicts what and which counts."""

    user_id: str
    grants: list[GrantResponse]
    requests: list[GrantRequestResponse]
    conflicts: list[ConflictShown]

    @classmethod
    def of(cls, found: UserGrants, now: datetime) -> "UserGrantsResponse":
        """Return the answer for a user's grants."""
        return cls(
            user_id=found.user_id,
            grants=[GrantResponse.of(one, now) for one in found.grants],
            requests=[GrantRequestResponse.of(found.user_id, one) for one in found.requests],
            conflicts=[ConflictShown.of(one) for one in model.conflicts(found.alive(now))],
        )


class GrantsResponse(wire.Response):
    """A page of the tenant's users that have grants or requests."""

    items: list[UserGrantsResponse]
    next_cursor: str | None

    @classmethod
    def of(cls, found: Sequence[UserGrants], cursor: str | None, now: datetime) -> "GrantsResponse":
        """Return the answer for a page."""
        return cls(items=[UserGrantsResponse.of(one, now) for one in found], next_cursor=cursor)


class OwnRightsResponse(UserGrantsResponse):
    """What the caller may do now: by roles of the sign-in and by grants; what is limited, and what has lapsed."""

    roles: list[str]
    permissions: list[str]
    limits: list[LimitShown]
    lapsed: dict[str, wire.Instant]

    @classmethod
    def of_caller(cls, caller: Principal, found: UserGrants, now: datetime) -> "OwnRightsResponse":
        """Return the answer for the caller."""
        shown = UserGrantsResponse.of(found, now)
        return cls(
            user_id=shown.user_id,
            grants=shown.grants,
            requests=shown.requests,
            conflicts=shown.conflicts,
            roles=list(caller.roles),
            permissions=sorted(caller.permissions),
            limits=[
                LimitShown(
                    permission=one.permission,
                    within=one.within,
                    effect=Effect.ALLOW if one.allows else Effect.DENY,
                    grant_id=one.grant_id,
                )
                for one in caller.limits
                if one.lapsed_at is None
            ],
            lapsed=caller.lapsed,
        )
