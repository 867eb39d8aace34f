"""The security policy before every request of every context (CFG-19).

What a warm function read it keeps for ``KEPT``, so a change is in force within that and the second that its event
takes: under 30 s. Nothing is refused by what was kept: a refusal looks again, at what is stored now. A busy function
reads four times and writes once a minute per session, whatever the number of requests.

While the table does not answer, what was read last holds; a function that has read nothing yet cannot let anybody pass.
Decision: docs/decisions/0147-security-policy-at-the-edge.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from enghub.core import config
from enghub.core.errors import Unavailable
from enghub.core.i18n import Text
from enghub.core.identity import Origin, Principal
from enghub.core.observability import count, logger
from enghub.core.security import dynamo as store
from enghub.core.security import grants, model
from enghub.core.security.errors import AddressNotAllowed, MfaRequired, SessionEnded
from enghub.core.security.grants import Granted
from enghub.core.security.model import Ended, Layer, Policy, Session, Sessions

KEPT = timedelta(seconds=20)
MAX_KNOWN = 5_000
"""Tenants, and sessions, that a warm function remembers."""
TRIES = 5
EVERY_TENANT = "*"
FACTORS = frozenset({"mfa", "otp", "hwk", "swk", "sms", "fpt", "face", "software_token_mfa", "sms_mfa", "webauthn"})
"""Values of ``amr`` that say more than a password was shown (RFC 8176, and Cognito's names)."""
_RECENTLY = Text(" within the last {minutes} minutes", "（{minutes} 分钟内）")
_NOTHING = Text("", "")


@dataclass(slots=True)
class _Tenant:
    """What is known of a tenant's policy."""

    layers: tuple[tuple[str, Layer], ...]
    read_at: datetime
    policy: Policy | None = None
    until: datetime | None = None
    """Until when ``policy`` is that of the phase."""
    allowed: dict[str, bool] = field(default_factory=dict)
    """Addresses that were looked at."""


@dataclass(slots=True)
class _Seen:
    """What is known of a user's sessions."""

    sessions: Sessions
    read_at: datetime
    grants: tuple[Granted, ...] = ()


_tenants: dict[str, _Tenant] = {}
_users: dict[tuple[str, str], _Seen] = {}


def forget() -> None:
    """Drop what this function knows."""
    _tenants.clear()
    _users.clear()
    store.forget()


def guard(principal: Principal, origin: Origin) -> None:
    """Let a request pass, or not.

    Raises:
        AddressNotAllowed, SessionEnded
        Unavailable: nothing is known of the policy, and the table does not answer.
    """
    if not store.table_name():
        return
    _look(principal, origin.at)
    policy = _policy(_tenants[principal.tenant_id], origin.at)
    if not _allowed(principal.tenant_id, policy, origin.source_ip):
        _look(principal, origin.at, anew=True)
        policy = _policy(_tenants[principal.tenant_id], origin.at)
        if not _allowed(principal.tenant_id, policy, origin.source_ip):
            count("addressRefused")
            raise AddressNotAllowed
    if principal.session and principal.user_id not in policy.program_users:
        _session(principal, origin, policy)


def granted(principal: Principal, now: datetime) -> Principal:
    """Return a caller who was let pass with what grants give and take (CFG-22)."""
    known = _users.get((principal.tenant_id, principal.user_id))
    if known is None or not known.grants or not store.table_name():
        return principal
    return grants.applied(principal, known.grants, now)


def confirm(principal: Principal, now: datetime) -> None:
    """Let a sensitive change of a caller who was let pass be made, or not.

    Raises:
        MfaRequired
    """
    tenant = _tenants.get(principal.tenant_id)
    policy = None if tenant is None or not store.table_name() else _policy(tenant, now)
    if policy is None or not policy.mfa_required:
        return
    age = policy.mfa_max_age_seconds
    is_recent = not age or now - principal.authenticated_at <= timedelta(seconds=age)
    if FACTORS & {one.lower() for one in principal.methods} and is_recent:
        return
    count("mfaRefused")
    recently = _RECENTLY.filled(minutes=age // 60) if age else _NOTHING
    raise MfaRequired(recently=recently, **({"max_age_seconds": age} if age else {}))


def policy_of(tenant_id: str, now: datetime) -> tuple[Policy, Mapping[str, Layer]]:
    """Return a tenant's policy as it is stored now, and its layers by name; one BatchGetItem."""
    keys = {"global": store.layer_key(EVERY_TENANT), "tenant": store.layer_key(tenant_id)}
    found = store.read(list(keys.values()), consistent=True)
    layers = {name: store.layer_of(found.get(at)) for name, at in keys.items()}
    return model.in_force(_stage(), list(layers.items()), now), layers


def _stage() -> Policy:
    return model.defaults(config.load(store.SecurityConfig).security_defaults)


# --- what is known ---


def _look(principal: Principal, now: datetime, *, anew: bool = False) -> None:
    """Read what is not known, or was read too long ago: at most one BatchGetItem."""
    tenant, user = _tenants.get(principal.tenant_id), _users.get((principal.tenant_id, principal.user_id))
    ages = [_age(tenant, now), _age(user, now)]
    if max(ages) <= KEPT and not anew:
        return
    wanted = {}
    if anew or ages[0] > KEPT / 2:  # what is soon too old comes along
        wanted = {"global": store.layer_key(EVERY_TENANT), "tenant": store.layer_key(principal.tenant_id)}
    if ages[1] > KEPT / 2:
        wanted["user"] = store.sessions_key(principal.tenant_id, principal.user_id)
        wanted["grants"] = store.grants_key(principal.tenant_id, principal.user_id)
    try:
        found = store.read(list(wanted.values()), consistent=anew)
    except Unavailable:
        if tenant is None or user is None:
            raise
        logger.warning("security policy not read: what was read last holds")
        return
    if "tenant" in wanted:
        _bounded(_tenants)
        layers = tuple((name, store.layer_of(found.get(wanted[name]))) for name in ("global", "tenant"))
        _tenants[principal.tenant_id] = _Tenant(layers, now)
    if "user" in wanted:
        given = store.grants_of(found.get(wanted["grants"]))
        _know(store.sessions_of(principal.tenant_id, principal.user_id, found.get(wanted["user"])), now, given)


def _age(known: _Tenant | _Seen | None, now: datetime) -> timedelta:
    return timedelta.max if known is None else now - known.read_at


def note(sessions: Sessions, now: datetime) -> None:
    """Take sessions that were just stored for known."""
    _know(sessions, now)


def _know(sessions: Sessions, now: datetime, given: tuple[Granted, ...] | None = None) -> Sessions:
    """Remember sessions as read now; without ``given`` grants stay known, and as old as they are."""
    _bounded(_users)
    known = _users.get((sessions.tenant_id, sessions.user_id))
    if given is None and known is not None:
        known.sessions = sessions
    else:
        _users[sessions.tenant_id, sessions.user_id] = _Seen(sessions, now, given or ())
    return sessions


def _bounded(known: dict[Any, Any]) -> None:
    if len(known) >= MAX_KNOWN:
        known.clear()


def _policy(tenant: _Tenant, now: datetime) -> Policy:
    if tenant.policy is None or (tenant.until is not None and tenant.until <= now):
        tenant.policy = model.in_force(_stage(), tenant.layers, now)
        later = [since for _, layer in tenant.layers for since, _ in layer.phases if since > now]
        tenant.until = min(later, default=None)
        tenant.allowed.clear()
    return tenant.policy


def _allowed(tenant_id: str, policy: Policy, source: str) -> bool:
    known = _tenants[tenant_id].allowed
    if source not in known:
        if len(known) >= MAX_KNOWN:
            known.clear()
        known[source] = model.holds(policy.networks, source)
    return known[source]


# --- sessions ---


def _session(principal: Principal, origin: Origin, policy: Policy) -> None:
    """Note the use of a session, begin a new one, or refuse one that is over."""
    found = _users[principal.tenant_id, principal.user_id].sessions.find(principal.session)
    if found is not None and origin.at - found.seen_at < model.TOUCHED_EVERY:
        return None
    for _ in range(TRIES):
        try:
            sessions = _know(store.load_sessions(principal.tenant_id, principal.user_id), origin.at)
            return _step(principal, origin, policy, sessions)
        except store.Overtaken:
            continue
        except Unavailable:
            if found is None or found.is_idle(policy, origin.at):
                raise
            logger.warning("use of a session not noted")
            return None
    raise Unavailable(reason="too many writers on the same sessions")


def _step(principal: Principal, origin: Origin, policy: Policy, sessions: Sessions) -> None:
    now, found = origin.at, sessions.find(principal.session)
    if found is None:
        if sessions.is_over(principal.session, principal.authenticated_at):
            count("sessionRefused")
            raise SessionEnded(reason="ENDED")
        _open(principal, origin, policy, sessions)
    elif found.is_idle(policy, now):
        _know(store.ended(sessions, [Ended(found, "IDLE")], origin), now)
        count("sessionRefused")
        raise SessionEnded(reason="IDLE")
    elif now - found.seen_at < model.TOUCHED_EVERY:
        return  # another function noted it
    elif found.source_ip != origin.source_ip:
        after = sessions.moved(found.session_id, origin.source_ip, origin.user_agent, now)
        _know(store.save(sessions, after, [("changed", found, "ADDRESS")], origin), now)
    else:
        _know(store.touch(sessions, found.session_id, now), now)


def _open(principal: Principal, origin: Origin, policy: Policy, sessions: Sessions) -> None:
    new = Session(
        principal.session, principal.authenticated_at, origin.at, origin.at, origin.source_ip, origin.user_agent
    )
    after, over = sessions.opened(new, policy)
    facts = [*(("ended", one.session, one.reason) for one in over), ("started", new, "")]
    _know(store.save(sessions, after, facts, origin), origin.at)
    count("sessionStarted")
