"""The security policy of a tenant and the sessions of a user: what follows from them for one request (CFG-19). Pure.

A policy is kept in layers, ``global`` and the tenant's; the nearest that says something counts, else the stage's. A
layer is a list of phases, so that what is planned begins and ends on the second.
"""

import ipaddress
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from enghub.core.i18n import Filled, Text

NEVER = datetime(1970, 1, 1, tzinfo=UTC)
TOUCHED_EVERY = timedelta(minutes=1)
"""How often at most the last use of a session is written; the idle time-out is longer by it, so that nobody who was
active is sent away."""
MAX_NETWORKS = 200
MAX_PROGRAMS = 200
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_LIST = Text("write a JSON list of texts", "请填写由文本组成的 JSON 列表")
_MANY = Text("name at most {most}", "最多填写 {most} 项")
_NETWORK = Text(
    "{given} is no range of addresses: write 203.0.113.0/24 or 2001:db8::/32",
    "{given} 不是地址段：请按 203.0.113.0/24 或 2001:db8::/32 的形式填写",
)
_BITS = Text("{given} has bits behind its prefix: write {meant}", "{given} 含有前缀以外的位：应为 {meant}")
_USER = Text("{given} is no user's name", "{given} 不是合法的用户名")
_FLAG = Text("write true or false", "请填写 true 或 false")
_RANGE = Text("write a whole number from {least} to {most}", "请填写 {least} 到 {most} 之间的整数")
_NAME = re.compile(r"[\x21-\x7e]{1,128}")


class Unusable(ValueError):
    """A part of a policy that cannot be read; ``said`` says why, ``meant`` what could be written instead."""

    def __init__(self, said: Text | Filled, meant: Any = None) -> None:
        super().__init__(said.render("en"))
        self.said, self.meant = said, meant


def network(text: str) -> Network:
    """Return a range of addresses as it is written: ``203.0.113.0/24``, ``2001:db8::/32``, or one address.

    Raises:
        Unusable: it is none, or has bits behind its prefix.
    """
    try:
        found = ipaddress.ip_network(text.strip(), strict=False)
        exact = ipaddress.ip_interface(text.strip()).ip == found.network_address
    except ValueError as error:
        raise Unusable(_NETWORK.filled(given=text[:64])) from error
    if not exact:
        raise Unusable(_BITS.filled(given=text[:64], meant=str(found)), str(found))
    return found


def address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the address a request came from; a v4 address inside a v6 one is the v4 one. None: it is no address."""
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found


def holds(networks: Sequence[Network], source: str) -> bool:
    """Tell whether an address lies in one of ``networks``; none at all lets every address pass."""
    if not networks:
        return True
    found = address(source)
    return found is not None and any(found.version == one.version and found in one for one in networks)


def _texts(value: str, most: int) -> list[str]:
    try:
        listed = json.loads(value)
    except ValueError as error:
        raise Unusable(_LIST) from error
    if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
        raise Unusable(_LIST)
    if len(listed) > most:
        raise Unusable(_MANY.filled(most=most))
    return listed


def _networks(value: str) -> list[str]:
    return sorted({str(network(one)) for one in _texts(value, MAX_NETWORKS)})


def _programs(value: str) -> list[str]:
    listed = _texts(value, MAX_PROGRAMS)
    for one in listed:
        if not _NAME.fullmatch(one):
            raise Unusable(_USER.filled(given=one[:64]))
    return sorted(set(listed))


def _flag(value: str) -> bool:
    if value not in {"true", "false"}:
        raise Unusable(_FLAG)
    return value == "true"


def _whole(least: int, most: int) -> Callable[[str], int]:
    def read(value: str) -> int:
        try:
            found = Decimal(value)
        except InvalidOperation:
            found = Decimal("NaN")
        if not (found.is_finite() and least <= found <= most and found == found.to_integral_value()):
            raise Unusable(_RANGE.filled(least=least, most=most))
        return int(found)

    return read


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a policy: the key of its item, the type of that item, and what its text means."""

    key: str
    type: str
    read: Callable[[str], Any]
    """Raises Unusable."""


PARTS: Mapping[str, Part] = {
    "idle_seconds": Part("session.timeout", "NUMBER", _whole(300, 86_400)),
    "max_sessions": Part("session.maxConcurrent", "NUMBER", _whole(1, 10)),
    "networks": Part("security.ipAllowList", "JSON", _networks),
    "mfa_required": Part("security.mfaRequired", "BOOLEAN", _flag),
    "mfa_max_age_seconds": Part("security.mfaMaxAge", "NUMBER", _whole(300, 86_400)),
    "program_users": Part("security.programUsers", "JSON", _programs),
}
"""REQ-008 annex B.1 names the first two and their ranges; the others are 6.3, 11.1 and this product's."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What holds for the requests of one tenant."""

    idle_seconds: int = 1800
    max_sessions: int = 3
    networks: tuple[Network, ...] = ()
    """Where requests may come from; empty: from everywhere."""
    mfa_required: bool = False
    """Whether a sensitive change takes a sign-in with more than one factor."""
    mfa_max_age_seconds: int = 0
    """How old that sign-in may be; 0: as old as the session."""
    program_users: frozenset[str] = frozenset()
    """Users that are programs: many sign-ins at once, never idle, no record of their sessions."""
    sources: Mapping[str, str] = field(default_factory=dict)
    """Whose value each part is: ``global`` or ``tenant``; what is missing is the stage's."""

    @property
    def idle(self) -> timedelta:
        """After how long without a request a session is over, the saving of writes added."""
        return timedelta(seconds=self.idle_seconds) + TOUCHED_EVERY


Said = Mapping[str, Any]
"""What one layer says, by the names of ``PARTS``."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of a policy over time, oldest phase first: from when, and what it says then."""

    phases: tuple[tuple[datetime, Said], ...] = ()
    revision: int = 0
    """Rises with every change of it."""

    def at(self, now: datetime) -> Said:
        """Return what the layer says at a time; before its first phase, what the first one says."""
        said: Said = self.phases[0][1] if self.phases else {}
        for since, phase in self.phases:
            if since <= now:
                said = phase
        return said

    def to_text(self) -> str:
        """Return the layer as it is stored."""
        return json.dumps([[since.timestamp(), said] for since, said in self.phases], separators=(",", ":"))

    @classmethod
    def from_text(cls, text: str, revision: int) -> "Layer":
        """Read a stored layer."""
        return cls(tuple((datetime.fromtimestamp(at, UTC), said) for at, said in json.loads(text)), revision)


def defaults(text: str) -> Policy:
    """Return the stage's own policy, written as ``idle=1800 sessions=3 mfa=true``."""
    said = dict(pair.split("=", 1) for pair in text.split())
    return Policy(int(said.get("idle", "1800")), int(said.get("sessions", "3")), mfa_required=said.get("mfa") == "true")


def in_force(stage: Policy, layers: Sequence[tuple[str, Layer]], now: datetime) -> Policy:
    """Return the policy at a time; ``layers`` by name, the farthest first."""
    said: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for name, layer in layers:
        found = layer.at(now)
        said.update(found)
        sources.update(dict.fromkeys(found, name))
    if "networks" in said:
        said["networks"] = tuple(ipaddress.ip_network(one) for one in said["networks"])
    if "program_users" in said:
        said["program_users"] = frozenset(said["program_users"])
    return replace(stage, **said, sources=sources)


# --- sessions ---


@dataclass(frozen=True, slots=True)
class Session:
    """One sign-in of a user, as its requests show it."""

    session_id: str
    signed_in_at: datetime
    started_at: datetime
    """When its first request came."""
    seen_at: datetime
    """Its last request, to the minute."""
    source_ip: str = ""
    user_agent: str = ""

    def is_idle(self, policy: Policy, now: datetime) -> bool:
        """Tell whether it is over because nobody used it."""
        return now - self.seen_at > policy.idle


@dataclass(frozen=True, slots=True)
class Ended:
    """A session that is over, and why: SIGNED_OUT, BY_ADMIN, IDLE, REPLACED."""

    session: Session
    reason: str


@dataclass(frozen=True, slots=True)
class Sessions:
    """The sessions of one user; bounded, for what is over is remembered by one time.

    A sign-in that is not among ``live`` and not later than ``ended_before`` is over; a later one is new.
    """

    tenant_id: str
    user_id: str
    live: tuple[Session, ...] = ()
    """In the order in which they began."""
    ended_before: datetime = NEVER
    revision: int = 0
    sequence: int = 0
    """Entries of the audit so far, and the hash of the last one."""
    hash: str = ""

    def find(self, session_id: str) -> Session | None:
        """Return a live session."""
        return next((one for one in self.live if one.session_id == session_id), None)

    def is_over(self, session_id: str, signed_in_at: datetime) -> bool:
        """Tell whether a sign-in is over for good."""
        return self.find(session_id) is None and signed_in_at <= self.ended_before

    def opened(self, new: Session, policy: Policy) -> tuple["Sessions", tuple[Ended, ...]]:
        """Return the sessions with a new one, and which end for it: the idle ones, then those that began first."""
        over = [Ended(one, "IDLE") for one in self.live if one.is_idle(policy, new.started_at)]
        left = [one for one in self.live if not one.is_idle(policy, new.started_at)]
        surplus = max(0, len(left) + 1 - policy.max_sessions)
        over += [Ended(one, "REPLACED") for one in left[:surplus]]
        return replace(self.without(over), live=(*left[surplus:], new)), tuple(over)

    def without(self, over: Sequence[Ended]) -> "Sessions":
        """Return the sessions without some that are over."""
        gone = {one.session.session_id for one in over}
        return replace(
            self,
            live=tuple(one for one in self.live if one.session_id not in gone),
            ended_before=max([self.ended_before, *(one.session.signed_in_at for one in over)]),
        )

    def moved(self, session_id: str, source_ip: str, user_agent: str, now: datetime) -> "Sessions":
        """Return the sessions with one that is used from another address or program."""
        live = tuple(
            replace(one, source_ip=source_ip, user_agent=user_agent, seen_at=now)
            if one.session_id == session_id
            else one
            for one in self.live
        )
        return replace(self, live=live)
