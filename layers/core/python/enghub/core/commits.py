"""What services and stores say to each other: the aggregate as it is kept, and the commit that changes it.

One grammar for the audit of every context:

- subject ``<aggregate>/<factory, - where there is none>/<id>``, for example ``work_order/sh-01/WO-1``;
- action ``<aggregate>.<verb in the past>``, for example ``work_order.released``; aggregate and verb in snake_case;
- before and after: of what the aggregate shows, only what moved; everything of a new one, nothing before it.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from enghub.core import clock
from enghub.core.claims import Claim
from enghub.core.events import Envelope, dumps
from enghub.core.forms import plain
from enghub.core.identity import Origin
from enghub.core.timers.model import TimerChange

A = TypeVar("A")
NO_FACTORY = "-"


@dataclass(frozen=True, slots=True)
class Link:
    """Where a subject's audit chain stands."""

    sequence: int = 0
    hash: str = ""


@dataclass(frozen=True, slots=True)
class Kept(Generic[A]):
    """An aggregate as the store has it; ``revision`` counts its commits and guards the next one."""

    value: A
    revision: int = 1
    link: Link = Link()


@dataclass(frozen=True, slots=True)
class Trace:
    """Who made the last commit of an aggregate, and what it did, as its audit says: ``work_order.released``."""

    user_id: str
    action: str


@dataclass(frozen=True, slots=True)
class Command:
    """Work for one of the context's own queues, sent once the commit is stored."""

    queue: str
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Commit(Generic[A]):
    """One change of an aggregate, stored whole or not at all: with audit entry, events, commands, timers, answer.

    ``action`` is the verb in the past; empty where nothing is to be audited (a step of a run by itself). ``before`` is
    None for a new aggregate. ``answered`` is what ``claim`` makes the stored answer of, ``after`` itself when None.
    """

    origin: Origin
    action: str
    after: A
    before: Kept[A] | None = None
    events: tuple[Envelope, ...] = ()
    commands: tuple[Command, ...] = ()
    timers: tuple[TimerChange, ...] = ()
    """Timers to set, move or cancel with the change."""
    reason: str = ""
    claim: Claim | None = None
    answered: Any = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what to which subject, when, from where; ``link`` is the chain after it."""

    origin: Origin
    action: str
    subject: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    previous: Link
    reason: str = ""
    link: Link = field(init=False)
    """The chain's new end: hash of the previous hash and of everything in this entry."""

    def __post_init__(self) -> None:
        origin = self.origin
        who = [origin.tenant_id, origin.factory_id, origin.user_id, clock.to_text(origin.at)]
        where = [origin.request_id, origin.source_ip, origin.user_agent]
        facts = [self.action, self.subject, self.before, self.after, self.reason]
        content = dumps([self.previous.hash, self.previous.sequence + 1, who, where, *facts])
        link = Link(self.previous.sequence + 1, hashlib.sha256(content.encode()).hexdigest())
        object.__setattr__(self, "link", link)


def audit_entry(
    commit: Commit[A], aggregate: str, subject: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> AuditEntry:
    """Return the entry of a commit; ``before`` and ``after`` are all that the aggregate shows, None for not there."""
    old, new = (None if shown is None else plain(shown) for shown in (before, after))
    if old is not None and new is not None:
        moved = [name for name in {**old, **new} if old.get(name) != new.get(name)]
        old, new = ({name: shown.get(name) for name in moved} for shown in (old, new))
    return AuditEntry(
        origin=commit.origin,
        action=f"{aggregate}.{commit.action}",
        subject=subject,
        before=old,
        after=new,
        previous=commit.before.link if commit.before else Link(),
        reason=commit.reason,
    )


def subject(aggregate: str, factory_id: str, identity: str) -> str:
    """Return how the audit names an aggregate."""
    return f"{aggregate}/{factory_id or NO_FACTORY}/{identity}"
