"""Requests and answers of /api/v1/settings/security-policy and /sessions (CFG-19)."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from enghub.core import wire
from enghub.core.events import dumps
from enghub.core.i18n import Language
from enghub.core.security.model import MAX_NETWORKS, MAX_PROGRAMS, Session, Unusable, network
from enghub.core.wire import Unfit
from enghub.settings.configs.requests import BreakGlass, Description
from enghub.settings.security.reading import Shown

POLICY = "/api/v1/settings/security-policy"
SESSIONS = "/api/v1/settings/sessions"


def _network(text: str) -> str:
    try:
        return str(network(text))
    except Unusable as error:
        raise Unfit(error.said) from error  # type: ignore[arg-type]


_CIDR: dict[str, Any] = {"examples": ["203.0.113.0/24", "2001:db8::/32"], "format": "cidr"}
Cidr = Annotated[str, Field(max_length=64, json_schema_extra=_CIDR), AfterValidator(_network)]
UserName = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[\x21-\x7e]+$")]
Seconds = Annotated[wire.Count, Field(ge=300, le=86_400)]


class PolicyRequest(wire.Patch):
    """Parts of the policy to change; null leaves a part to the layer behind, what is left out stays."""

    session_timeout: Seconds | None = None
    """Idle seconds after which a session is over."""
    max_concurrent: Annotated[wire.Count, Field(ge=1, le=10)] | None = None
    ip_allow_list: Annotated[list[Cidr], Field(max_length=MAX_NETWORKS)] | None = None
    """Ranges of addresses that requests may come from; an empty list allows every address."""
    mfa_required: wire.Flag | None = None
    mfa_max_age: Seconds | None = None
    """How old a sign-in with a second factor may be at a sensitive change."""
    program_users: Annotated[list[UserName], Field(max_length=MAX_PROGRAMS)] | None = None
    """Users that are programs: any number of sign-ins, never idle."""
    revision: wire.Count | None = None
    """The layer's revision that was read; another one is 409 / 40902."""
    force: Annotated[list[Literal["ipAllowList"]], Field(max_length=1)] = Field(default=[])
    """Name ``ipAllowList`` to save a list without your own address: it locks you out."""
    change_reason: Description = ""
    break_glass: BreakGlass = False

    def said(self) -> dict[str, str | None]:
        """Return the parts that are named, as their items' texts."""
        names: dict[str, tuple[str, Callable[[Any], str]]] = {
            "session_timeout": ("idle_seconds", str),
            "max_concurrent": ("max_sessions", str),
            "ip_allow_list": ("networks", dumps),
            "mfa_required": ("mfa_required", dumps),
            "mfa_max_age": ("mfa_max_age_seconds", str),
            "program_users": ("program_users", dumps),
        }
        found: dict[str, str | None] = {}
        for name, (part, write) in names.items():
            if name in self.model_fields_set:
                value = getattr(self, name)
                found[part] = None if value is None else write(value)
        return found


class ProblemShown(wire.Response):
    """An item that does not count, because a policy cannot hold its value."""

    config_key: str
    layer: str
    problem: str


Source = Literal["platform", "global", "tenant"]


class PolicyResponse(wire.Response):
    """What is enforced at the edge of every context, each part with whose value it is."""

    session_timeout: int
    max_concurrent: int
    ip_allow_list: list[str]
    mfa_required: bool
    mfa_max_age: int | None
    """Null: as old as the session."""
    program_users: list[str]
    sources: dict[str, Source]
    revisions: dict[str, int]
    """Of the layers ``global`` and ``tenant``, as their items are now."""
    is_enforced: bool
    """Whether the edge has what the items say; it follows within a second or two, and functions within 20 s of that."""
    next_change_at: wire.Instant | None
    """When another policy holds by itself, as planned."""
    problems: list[ProblemShown]

    @classmethod
    def of(cls, shown: Shown, now: datetime, language: Language) -> "PolicyResponse":
        """Return the answer for a tenant's policy."""
        policy = shown.policy
        names = {
            "idle_seconds": "sessionTimeout",
            "max_sessions": "maxConcurrent",
            "networks": "ipAllowList",
            "mfa_required": "mfaRequired",
            "mfa_max_age_seconds": "mfaMaxAge",
            "program_users": "programUsers",
        }
        later = [since for layer in shown.layers.values() for since, _ in layer.phases if since > now]
        return cls(
            session_timeout=policy.idle_seconds,
            max_concurrent=policy.max_sessions,
            ip_allow_list=[str(one) for one in policy.networks],
            mfa_required=policy.mfa_required,
            mfa_max_age=policy.mfa_max_age_seconds or None,
            program_users=sorted(policy.program_users),
            sources={shown_as: policy.sources.get(part, "platform") for part, shown_as in names.items()},
            revisions=dict(shown.revisions),
            is_enforced=shown.is_enforced,
            next_change_at=min(later, default=None),
            problems=[
                ProblemShown(config_key=one.config_key, layer=one.layer, problem=one.why.render(language))
                for one in shown.problems
            ],
        )


class SessionShown(wire.Response):
    """One sign-in of a user."""

    session_id: str
    is_current: bool
    """Whether this very request belongs to it."""
    signed_in_at: wire.Instant
    started_at: wire.Instant
    seen_at: wire.Instant
    """Its last request, to the minute."""
    idle_at: wire.Instant
    """When it is over unless it is used."""
    is_over: bool
    source_ip: str
    user_agent: str


class SessionsResponse(wire.Response):
    """A user's sessions, in the order in which they began."""

    user_id: str
    items: list[SessionShown]
    max_concurrent: int

    @classmethod
    def of(
        cls, user_id: str, sessions: Sequence[Session], current: str, shown: Shown, now: datetime
    ) -> "SessionsResponse":
        """Return the answer for a user's sessions."""
        policy = shown.policy
        items = [
            SessionShown(
                session_id=one.session_id,
                is_current=one.session_id == current,
                signed_in_at=one.signed_in_at,
                started_at=one.started_at,
                seen_at=one.seen_at,
                idle_at=one.seen_at + policy.idle,
                is_over=one.is_idle(policy, now),
                source_ip=one.source_ip,
                user_agent=one.user_agent,
            )
            for one in sessions
        ]
        return cls(user_id=user_id, items=items, max_concurrent=policy.max_sessions)


class EndedResponse(wire.Response):
    """A session that is over: no function takes it any more within 20 s."""

    session_id: str
    user_id: str
