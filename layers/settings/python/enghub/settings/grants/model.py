"""Rights that are given, or taken, for a time and a part: who gave what to whom, and what follows (CFG-22). Pure.

REQ-008 11.2: five roles, five verbs, four levels. A module is what keys begin with (``line`` has ``line.speed``), a
feature is one key, of an item or of a flag. Roles of the sign-in hold what they always held; grants come on top.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from enghub.core.security.grants import ALLOW, DENY, Granted
from enghub.settings import rights

MAX_GRANTS = 50
"""Of one user that are not over; the edge reads them with every first request."""
MAX_REQUESTS = 10
"""Of one user that wait."""


class Verb(StrEnum):
    """What may be done."""

    CREATE = "CREATE"
    READ = "READ"
    UPDATE = "UPDATE"
    DELETE = "DELETE"
    APPROVE = "APPROVE"


class Level(StrEnum):
    """With what: the global layer, the tenant's, a module of it, one feature of it."""

    GLOBAL = "GLOBAL"
    TENANT = "TENANT"
    MODULE = "MODULE"
    FEATURE = "FEATURE"


class Role(StrEnum):
    """The document's roles; each is some verbs on some levels."""

    SYSTEM_ADMIN = "SYSTEM_ADMIN"
    TENANT_ADMIN = "TENANT_ADMIN"
    CONFIG_ADMIN = "CONFIG_ADMIN"
    CONFIG_VIEWER = "CONFIG_VIEWER"
    AUDITOR = "AUDITOR"


class Effect(StrEnum):
    """Whether a grant gives or takes."""

    ALLOW = ALLOW
    DENY = DENY


EVERY_VERB = tuple(Verb)
LEVELS: dict[Role, tuple[Level, ...]] = {
    Role.SYSTEM_ADMIN: (Level.GLOBAL,),
    Role.TENANT_ADMIN: (Level.TENANT,),
    Role.CONFIG_ADMIN: (Level.MODULE, Level.FEATURE),
    Role.CONFIG_VIEWER: (Level.TENANT, Level.MODULE, Level.FEATURE),
    Role.AUDITOR: (Level.TENANT,),
}
VERBS: dict[Role, tuple[Verb, ...]] = {
    Role.SYSTEM_ADMIN: EVERY_VERB,
    Role.TENANT_ADMIN: EVERY_VERB,
    Role.CONFIG_ADMIN: EVERY_VERB,
    Role.CONFIG_VIEWER: (Verb.READ,),
    Role.AUDITOR: (Verb.READ,),
}
_READS = (rights.READ_CONFIG, rights.READ_FLAG, rights.READ_RULE, rights.READ_RELEASE, rights.READ_TEMPLATE)
_WHOLE = {
    Level.TENANT: {
        Verb.CREATE: (rights.CREATE_CONFIG,),
        Verb.READ: (*_READS, rights.READ_APPROVALS),
        Verb.UPDATE: (
            rights.UPDATE_CONFIG,
            rights.CHANGE_FLAG,
            rights.CHANGE_RULE,
            rights.CHANGE_RELEASE,
            rights.CHANGE_TEMPLATE,
        ),
        Verb.DELETE: (rights.DELETE_CONFIG,),
        Verb.APPROVE: (rights.DECIDE_CHANGE,),
    },
    Level.GLOBAL: {
        Verb.CREATE: (rights.CREATE_GLOBAL_CONFIG,),
        Verb.READ: (*_READS, rights.READ_APPROVALS),
        Verb.UPDATE: (
            rights.UPDATE_GLOBAL_CONFIG,
            rights.CHANGE_GLOBAL_FLAG,
            rights.CHANGE_GLOBAL_RULE,
            rights.CHANGE_GLOBAL_RELEASE,
            rights.CHANGE_GLOBAL_TEMPLATE,
        ),
        Verb.DELETE: (rights.DELETE_GLOBAL_CONFIG,),
        Verb.APPROVE: (rights.DECIDE_GLOBAL_CHANGE,),
    },
}
_PART = {
    Verb.CREATE: (rights.CREATE_CONFIG,),
    Verb.READ: (rights.READ_CONFIG,),
    Verb.UPDATE: (rights.UPDATE_CONFIG, rights.CHANGE_FLAG),
    Verb.DELETE: (rights.DELETE_CONFIG,),
    Verb.APPROVE: (rights.DECIDE_CHANGE,),
}
_AUDIT = (rights.READ_SECURITY, rights.READ_SESSIONS, rights.READ_GRANTS)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody is to have, or asks for."""

    verbs: tuple[Verb, ...]
    level: Level
    scope: str = ""
    """The module or the feature; empty at the other levels."""
    role: Role | None = None
    effect: Effect = Effect.ALLOW
    valid_from: datetime | None = None
    """None: from when it is given."""
    valid_until: datetime | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The permissions that it stands for."""
        by_verb = _WHOLE.get(self.level, _PART)
        more = _AUDIT if self.role is Role.AUDITOR else ()
        found = [right.name for verb in self.verbs for right in by_verb[verb]] + [right.name for right in more]
        return tuple(dict.fromkeys(found))

    @property
    def within(self) -> str:
        """What it is limited to, as ``core.security.grants`` has it."""
        return {Level.MODULE: f"{self.scope}.", Level.FEATURE: self.scope}.get(self.level, "")


@dataclass(frozen=True, slots=True)
class Grant:
    """One grant, for ever: what is over or was taken back stays to be seen."""

    grant_id: str
    wanted: Wanted
    reason: str
    granted_by: str
    granted_at: datetime
    revoked_by: str = ""
    revoked_at: datetime | None = None
    revoke_reason: str = ""

    @property
    def valid_from(self) -> datetime:
        """From when it holds."""
        return self.wanted.valid_from or self.granted_at

    @property
    def valid_until(self) -> datetime | None:
        """Until when it holds; the end of its time, or when it was taken back."""
        ends = [at for at in (self.wanted.valid_until, self.revoked_at) if at is not None]
        return min(ends, default=None)

    def status(self, now: datetime) -> str:
        """Return ACTIVE, PLANNED, EXPIRED or REVOKED."""
        if self.revoked_at is not None and self.revoked_at <= now:
            return "REVOKED"
        if self.valid_until is not None and self.valid_until <= now:
            return "EXPIRED"
        return "PLANNED" if self.valid_from > now else "ACTIVE"

    def at_edge(self) -> Granted:
        """Return it as the edge needs it."""
        wanted = self.wanted
        return Granted(self.grant_id, wanted.effect, wanted.names, wanted.within, self.valid_from, self.valid_until)


@dataclass(frozen=True, slots=True)
class GrantRequest:
    """Somebody asks for a right."""

    request_id: str
    wanted: Wanted
    reason: str
    asked_at: datetime
    status: str = "PENDING"
    """PENDING, APPROVED, REJECTED."""
    decided_by: str = ""
    decided_at: datetime | None = None
    comment: str = ""


@dataclass(frozen=True, slots=True)
class UserGrants:
    """All grants and requests of one user; changed together, so that the edge has one small item."""

    tenant_id: str
    user_id: str
    grants: tuple[Grant, ...] = ()
    requests: tuple[GrantRequest, ...] = ()

    def alive(self, now: datetime) -> tuple[Grant, ...]:
        """Return the grants that hold, or will."""
        return tuple(one for one in self.grants if one.status(now) in {"ACTIVE", "PLANNED"})

    def same(self, wanted: Wanted, now: datetime) -> Grant | None:
        """Return a grant of exactly this that holds, or will: who grants it again gets it."""
        return next((one for one in self.alive(now) if one.wanted == wanted), None)

    def with_grant(self, grant: Grant) -> "UserGrants":
        """Return them with a grant, new or changed; of those that are over the latest fifty stay to be seen."""
        others = [one for one in self.grants if one.grant_id != grant.grant_id]
        over = [one for one in others if one.valid_until is not None and one.valid_until <= grant.granted_at]
        dropped = {one.grant_id for one in over[: max(0, len(over) - MAX_GRANTS)]}
        kept = tuple(one for one in others if one.grant_id not in dropped)
        return replace(self, grants=(*kept, grant))

    def with_request(self, request: GrantRequest) -> "UserGrants":
        """Return them with a request, new or decided; the latest twenty stay to be seen."""
        others = [one for one in self.requests if one.request_id != request.request_id]
        return replace(self, requests=(*others, request)[-2 * MAX_REQUESTS :])


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two grants that say different things of the same, and which one counts."""

    permissions: tuple[str, ...]
    winner: Grant
    loser: Grant
    why: str
    """DENY_WINS, WIDER_ALREADY_GIVES, LONGER_ALREADY_GIVES."""


def conflicts(grants: Sequence[Grant]) -> list[Conflict]:
    """Return which of the grants that hold, or will, contradict or repeat each other, with what counts."""
    return list(_conflicts(grants))


def _conflicts(grants: Sequence[Grant]) -> Iterator[Conflict]:
    for place, one in enumerate(grants):
        for other in grants[place + 1 :]:
            shared = tuple(name for name in one.wanted.names if name in other.wanted.names)
            if not shared or not _overlap(one, other):
                continue
            if one.wanted.effect != other.wanted.effect:
                winner, loser = (one, other) if one.wanted.effect is Effect.DENY else (other, one)
                yield Conflict(shared, winner, loser, "DENY_WINS")
            elif one.wanted.within != other.wanted.within:
                winner, loser = (one, other) if _is_wider(one, other) else (other, one)
                yield Conflict(shared, winner, loser, "WIDER_ALREADY_GIVES")
            else:
                winner, loser = (one, other) if _ends(one) >= _ends(other) else (other, one)
                yield Conflict(shared, winner, loser, "LONGER_ALREADY_GIVES")


def _ends(grant: Grant) -> str:
    return "~" if grant.valid_until is None else grant.valid_until.isoformat()


def _is_wider(one: Grant, other: Grant) -> bool:
    """Tell whether one is about all that the other is about."""
    wide, narrow = one.wanted.within, other.wanted.within
    return wide in {"", narrow} or (wide.endswith(".") and narrow.startswith(wide))


def _overlap(one: Grant, other: Grant) -> bool:
    """Tell whether two grants are about a common part at a common time."""
    for first, second in ((one, other), (other, one)):
        if first.valid_until is not None and first.valid_until <= second.valid_from:
            return False
    return _is_wider(one, other) or _is_wider(other, one)
